"""A generated exercise for the demo: two cameras, three recordings, about a minute, and no real person.

Each recording has a moving picture with shake and noise, the burn-in that body-worn cameras write, and a sound track
with hum and impulses at known times. The same ffmpeg makes the same bytes, so that generating twice uploads once.
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StackError

EXERCISE_ID = "DEMO-2026-01"
"""Under which the demo uploads what it generates."""


@dataclass(frozen=True, slots=True)
class StagedRecording:
    """One generated file."""

    camera_serial: str
    file_name: str
    duration_s: int
    frame_rate: str
    impulses_s: tuple[float, ...]
    """When shots are heard."""
    scene: str
    """What is filmed: each recording another, or they would be found to be copies."""


RECORDINGS = (
    StagedRecording("DEMO-A", "a-0001.mp4", 22, "30000/1001", (4.0, 4.35, 15.2), "null"),
    StagedRecording("DEMO-A", "a-0002.mp4", 16, "30000/1001", (9.5,), "negate"),
    StagedRecording("DEMO-B", "b-0001.mp4", 24, "25", (6.1, 6.5, 6.9, 18.0), "rotate=2.2"),
)


def generate(folder: Path, say: Callable[[str], None]) -> list[tuple[StagedRecording, Path]]:
    """Make the files that are not there yet, in a folder per camera.

    Raises:
        StackError: ffmpeg failed; no half-written file is left under a final name.
    """
    made = []
    for recording in RECORDINGS:
        path = folder / recording.camera_serial / recording.file_name
        if not path.exists():
            say(f"generating {recording.file_name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            _run(recording, part)
            part.rename(path)
        made.append((recording, path))
    return made


def _run(recording: StagedRecording, target: Path) -> None:
    rate = recording.frame_rate
    # A picture larger than the frame, moved about under it: cheap, and every pixel moves as on a walking officer.
    picture = (
        f"testsrc2=size=1408x800:rate={rate},{recording.scene},crop=1280:720:x='64+40*sin(n/7)+16*sin(n/3.1)':y='40+24*sin(n/5.3)',"
        f"noise=alls=4:allf=t:all_seed=1,drawtext=text='BODY {recording.camera_serial} %{{pts\\:hms}}':x=w-tw-20:y=20:"
        "fontsize=28:fontcolor=white:box=1:boxcolor=black@0.5,format=yuv420p"
    )
    shots = "".join(f"+0.8*(random(1)-0.5)*2*exp(-40*max(t-{at},0))*gte(t,{at})" for at in recording.impulses_s)
    sound = f"aevalsrc='0.02*sin(2*PI*180*t)+0.004*(random(0)-0.5){shots}':s=48000"
    command = [
        *("ffmpeg", "-nostdin", "-v", "error", "-y"),
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", str(recording.duration_s)),
        *("-c:v", "libx264", "-preset", "superfast", "-crf", "26", "-g", "30", "-threads", "2"),
        *("-c:a", "aac", "-b:a", "96k", "-fflags", "+bitexact", "-flags", "+bitexact", "-f", "mp4", str(target)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        target.unlink(missing_ok=True)
        raise StackError(f"ffmpeg could not generate {recording.file_name}: {done.stderr.strip()[-500:]}")
