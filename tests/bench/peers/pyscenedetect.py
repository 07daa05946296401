"""PySceneDetect: finds scenes, and splits a file at them with an ffmpeg process for each.

* With our cut list (`split_video_ffmpeg`): it decodes and encodes each clip from the source, as told; it detects
  nothing.
* As it comes: `detect-adaptive split-video`, at full size. A body camera does not cut: it finds one scene and encodes
  the whole file as one clip.
"""

import sys
from typing import TYPE_CHECKING

from tests.bench.peers.cuts import ENCODING, told

if TYPE_CHECKING:
    from tests.bench.contender import Contender
    from tests.bench.peers.environment import Inside

LOCK = "bench-scenedetect"
MODULE = "tests.bench.peers.pyscenedetect"


def contenders() -> "list[Contender]":
    """Split by our list, and as a person would call it."""
    from tests.bench.contender import Contender  # noqa: PLC0415 - ours, and not there where this module cuts
    from tests.bench.peers.environment import installed  # noqa: PLC0415

    def build(inside: "Inside") -> "list[Contender]":
        imports = inside.imports(MODULE)
        return [
            Contender(
                "PySceneDetect, our cut list",
                "clips only, same encoder settings, a process each",
                inside.run(MODULE, "listed"),
                imports,
            ),
            Contender(
                "PySceneDetect, detect and split",
                "finds scenes, encodes them at full size with its own settings; no fixed cut list",
                inside.run(MODULE, "detect"),
                imports,
                is_once=True,
            ),
        ]

    return installed(LOCK, "PySceneDetect", "clips only", build)


def main() -> None:
    """Inside its environment: load, and cut if there is something to cut."""
    import scenedetect  # noqa: PLC0415 - only there
    from scenedetect._cli.controller import run_scenedetect  # noqa: F401, PLC0415 - what its command loads
    from scenedetect.output import split_video_ffmpeg  # noqa: PLC0415

    if len(sys.argv) == 1:
        return
    source, folder, how, cuts = told()
    if how == "detect":
        import runpy  # noqa: PLC0415

        out = ["-o", str(folder / "clips"), "detect-adaptive", "list-scenes", "-q", "split-video", "-q"]
        sys.argv = ["scenedetect", "-q", "-i", str(source), *out]
        runpy.run_module("scenedetect", run_name="__main__")
        return
    rate = scenedetect.open_video(str(source)).frame_rate
    scenes = [tuple(scenedetect.FrameTimecode(at_s, rate) for at_s in cut) for cut in cuts]
    name = "$SCENE_NUMBER.mp4"
    failed = split_video_ffmpeg(str(source), scenes, folder / "clips", name, arg_override=ENCODING)
    sys.exit(failed)


if __name__ == "__main__":
    main()
