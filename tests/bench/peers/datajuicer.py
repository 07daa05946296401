"""data-juicer: its operator `VideoSplitByDurationMapper` cuts one sample's video into equal lengths.

* As it comes it copies streams (`-ss` before the input, `-c copy`): no encode at all, full size.
* With our encoder settings it hands them to ffmpeg after its own `-c copy`, so that they win.

It has no cut list, only a length; ours is of equal lengths.
"""

import sys
from typing import TYPE_CHECKING

from tests.bench.peers.cuts import ENCODING, told

if TYPE_CHECKING:
    from tests.bench.contender import Contender
    from tests.bench.peers.environment import Inside

LOCK = "bench-data-juicer"
MODULE = "tests.bench.peers.datajuicer"


def contenders() -> "list[Contender]":
    """Copied as it comes, and encoded as told."""
    from tests.bench.contender import Contender  # noqa: PLC0415 - ours, and not there where this module cuts
    from tests.bench.peers.environment import installed  # noqa: PLC0415

    def build(inside: "Inside") -> "list[Contender]":
        imports = inside.imports(MODULE)
        return [
            Contender(
                "data-juicer, our encoder settings",
                "clips only, same encoder settings, a process each",
                inside.run(MODULE, "encoded"),
                imports,
            ),
            Contender(
                "data-juicer, stream copy",
                "clips only, copied at full size: nothing is encoded",
                inside.run(MODULE, "copied"),
                imports,
            ),
        ]

    return installed(LOCK, "data-juicer", "clips only", build)


def main() -> None:
    """Inside its environment: load, and cut if there is something to cut."""
    from data_juicer.ops.mapper import VideoSplitByDurationMapper  # noqa: PLC0415 - only there
    from data_juicer.utils.mm_utils import SpecialTokens  # noqa: PLC0415

    if len(sys.argv) == 1:
        return
    source, folder, how, cuts = told()
    split = VideoSplitByDurationMapper(
        split_duration=cuts[0][1] - cuts[0][0],
        keep_original_sample=False,
        save_dir=str(folder / "made"),
        ffmpeg_extra_args=ENCODING if how == "encoded" else "",
        legacy_split_by_text_token=False,
    )
    made = split.process_batched(
        {"videos": [[str(source)]], "text": [SpecialTokens.video], "__dj__source_file__": [[]]}
    )
    for number, path in enumerate(made["videos"][0]):
        # Its names are made of digests and do not sort.
        (folder / "clips" / f"{number:05d}.mp4").symlink_to(path)


if __name__ == "__main__":
    main()
