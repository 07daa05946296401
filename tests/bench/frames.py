"""Which frames of the source do the clips of a tool show, and which do they hide?

Each frame that a player would show is compared, as a small grey picture, with every frame of the source, and taken for
the nearest. That works for what was encoded again at another size as for what was copied, and asks nothing of names or
timestamps. The benchmark source has noise, shake and a running clock in every frame, so that no two are alike.

* lost: frames of the source that no clip shows.
* twice: frames that clips show beyond the first time.
* hidden: pictures in the clips' files that a player leaves out (an edit list says so), and any tool that ignores edit
  lists shows: what was filmed before the cut is still in there.
"""

import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 96, 54

Pictures = NDArray[np.float32]
"""One row for each frame: its grey picture."""

_QUIET = ("-nostdin", "-v", "error")


@dataclass(frozen=True, slots=True)
class FrameCount:
    """How the frames that clips show compare with those of the source."""

    clips: int
    lost: int
    twice: int
    hidden: int


def pictures_of(path: Path) -> Pictures:
    """Every frame that a player shows, small and grey, in order; less its mean, so that brightness does not count.

    Raises:
        RuntimeError: it does not decode.
    """
    small = f"scale={WIDTH_PX}:{HEIGHT_PX}:flags=area,format=gray"
    argv = ["ffmpeg", *_QUIET, "-i", str(path), "-map", "0:v:0", "-vf", small, "-fps_mode", "passthrough"]
    found = _read([*argv, "-f", "rawvideo", "pipe:1"])
    frames = np.frombuffer(found, np.uint8).reshape(-1, WIDTH_PX * HEIGHT_PX).astype(np.float32)
    centred: Pictures = frames - frames.mean(axis=1, keepdims=True)
    return centred


def places(shown: Pictures, source: Pictures) -> list[int]:
    """Which frame of the source each frame shows, counted from 0: the nearest."""
    if not len(shown):
        return []
    # |a - b|² without |a|², which is the same for all b.
    distance: Any = (source * source).sum(axis=1) - 2 * (shown @ source.T)
    return [int(at) for at in distance.argmin(axis=1)]


def count(shown: Sequence[Sequence[int]], *, source_frames: int, hidden: int) -> FrameCount:
    """Count what clips show: for each clip the places of its frames."""
    times = Counter(place for clip in shown for place in clip)
    return FrameCount(
        clips=len(shown),
        lost=source_frames - len(times),
        twice=sum(times.values()) - len(times),
        hidden=hidden,
    )


def count_clips(clips: Sequence[Path], source: Pictures) -> FrameCount:
    """Read a tool's clips and count their frames.

    Raises:
        RuntimeError: one does not decode.
    """
    shown, hidden = [], 0
    for clip in clips:
        pictures = pictures_of(clip)
        shown.append(places(pictures, source))
        hidden += max(0, _packets(clip) - len(pictures))
    return count(shown, source_frames=len(source), hidden=hidden)


def _packets(path: Path) -> int:
    """How many pictures are in a file, whatever its edit list says."""
    argv = ["ffprobe", "-v", "error", "-ignore_editlist", "1", "-count_packets", "-select_streams", "v:0"]
    return int(_read([*argv, "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", str(path)]).strip(b"\n,"))


def _read(argv: Sequence[str]) -> bytes:
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-400:]}")
    return done.stdout
