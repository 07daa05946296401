"""DataChain: a dataset of files; `get_fragment(...).save(...)` cuts clips with an ffmpeg process for each.

* As it comes it encodes with ffmpeg's defaults (x264 medium, full size): its function takes no encoder settings.
* With our encoder settings its module's `_ffmpeg_output_options` is replaced, for the comparison only.

Beside the clips it records a version of a dataset that lists them, in a database of its own.
"""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.bench.peers.cuts import ENCODING, told

if TYPE_CHECKING:
    from tests.bench.contender import Contender
    from tests.bench.peers.environment import Inside

LOCK = "bench-datachain"
MODULE = "tests.bench.peers.datachain"


def contenders() -> "list[Contender]":
    """Encoded as told, and as it comes."""
    from tests.bench.contender import Contender  # noqa: PLC0415 - ours, and not there where this module cuts
    from tests.bench.peers.environment import installed  # noqa: PLC0415

    def build(inside: "Inside") -> "list[Contender]":
        imports = inside.imports(MODULE)
        return [
            Contender(
                "DataChain, our encoder settings",
                "clips, same encoder settings (patched in), a process each; a dataset version that lists them",
                inside.run(MODULE, "ours"),
                imports,
            ),
            Contender(
                "DataChain, as it comes",
                "clips at full size with x264 medium; a dataset version that lists them",
                inside.run(MODULE, "its own"),
                imports,
                is_once=True,
            ),
        ]

    return installed(LOCK, "DataChain", "clips, and a dataset version that lists them", build)


def _options() -> dict[str, str]:
    words = [word for word in ENCODING.split() if word not in {"-map", "0:v:0", "0:a:0"}]
    return {name.removeprefix("-"): value for name, value in zip(words[::2], words[1::2], strict=True)}


def main() -> None:
    """Inside its environment: load, and cut if there is something to cut."""
    import datachain  # noqa: PLC0415 - only there
    from datachain.lib import video  # noqa: PLC0415

    if len(sys.argv) == 1:
        return
    source, folder, how, cuts = told()
    if how == "ours":
        its_own = video._ffmpeg_output_options
        video._ffmpeg_output_options = lambda form: its_own(form) | _options()
    place = str(folder / "clips")

    # Not in quotes: DataChain reads the types.
    def fragments(file: datachain.VideoFile) -> Iterator[datachain.VideoFile]:
        for begin_s, end_s in cuts:
            # No limit of its own, which a busy machine would reach.
            yield file.get_fragment(begin_s, end_s).save(place, timeout=0)

    chain = datachain.read_storage(source.as_uri(), type="video")
    chain.gen(clip=fragments, params=["file"], output=datachain.VideoFile).save("clips")


if __name__ == "__main__":
    main()
