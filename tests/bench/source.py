"""Where is the benchmark source, and where should its clips be cut?

120 s of 1080p30 at 12 Mb/s with a GOP of 30 frames, and sound with known impulses. It is made once, by the script that
lies beside the footage, and kept in bench-out/; another file of the same kind can be named.
"""

import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.bench.measure import ROOT

OUT = ROOT / "bench-out"
SECONDS = 120
SCRIPT = "make_bench_source.sh"
CLIP_FRAMES = 300
"""Ten seconds of the source, which has a keyframe every 30 frames."""
TAIL_FRAMES_MIN = 90
"""A shorter tail stays with the clip before it, as our own policy has it."""


@dataclass(frozen=True, slots=True)
class Source:
    """The footage that everything is measured on."""

    path: Path
    frame_count: int
    frame_rate: Fraction
    impulses_s: tuple[float, ...]
    """When the sound has an impulse like a shot."""
    door_slams_s: tuple[float, ...]
    """When it has something else that is loud."""

    @property
    def duration_s(self) -> Fraction:
        """Length of the picture."""
        return self.frame_count / self.frame_rate

    @property
    def cut_frames(self) -> tuple[int, ...]:
        """Where each clip begins, the first at 0."""
        return tuple(
            first
            for first in range(0, self.frame_count, CLIP_FRAMES)
            if not first or self.frame_count - first >= TAIL_FRAMES_MIN
        )

    @property
    def cuts_s(self) -> list[tuple[float, float]]:
        """Begin and end of each clip in seconds."""
        edges = [*self.cut_frames, self.frame_count]
        return [
            (float(begin / self.frame_rate), float(end / self.frame_rate)) for begin, end in itertools.pairwise(edges)
        ]


def bench_source(seconds: int = SECONDS, path: Path | None = None) -> Source:
    """The source of so many seconds, made now unless it is there; or the file of this path. Safe to repeat.

    Raises:
        SystemExit: there is no script that makes it.
    """
    if path is None:
        path = OUT / f"source-{seconds}s" / "src.mp4"
        if not path.exists():
            _make(path.parent, seconds)
    probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_packets", "-of", "json"]
    asked = [*probe, "-show_entries", "stream=r_frame_rate,nb_read_packets", str(path)]
    (stream,) = json.loads(subprocess.run(asked, capture_output=True, check=True, text=True).stdout)["streams"]
    beside = path.with_name("impulses.json")
    sounds = json.loads(beside.read_text()) if beside.exists() else {}
    return Source(
        path,
        int(stream["nb_read_packets"]),
        Fraction(stream["r_frame_rate"]),
        tuple(sounds.get("impulses_s", ())),
        tuple(sounds.get("door_slams_s", ())),
    )


def footage_folder() -> Path:
    """Where real footage lies, and what makes the source of it."""
    return Path(os.environ.get("FIRSTHAND_FOOTAGE") or ROOT.parent / "shared" / "footage")


def _make(folder: Path, seconds: int) -> None:
    footage = footage_folder()
    maker = next((place / SCRIPT for place in (footage, footage.parent) if (place / SCRIPT).exists()), None)
    if maker is None:
        sys.exit(f"no {SCRIPT} in {footage}: set FIRSTHAND_FOOTAGE to the folder that has it")
    # Under another name until it is whole: an interrupted one must not be taken for the source.
    unfinished = folder.with_name(f"{folder.name}.part")
    # The script needs a python3 with numpy: ours.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run([maker, unfinished, str(seconds)], check=True, env=os.environ | {"PATH": path})
    unfinished.rename(folder)
