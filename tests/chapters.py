"""Cuts footage into chapters as cameras do: files that go on where the one before ended, named like a GoPro's."""

import subprocess
from pathlib import Path


def split(source: Path, folder: Path, *, at_s: tuple[float, ...], series: str = "0001") -> list[Path]:
    """Copy a source's picture and sound into files that begin at 0 and at these seconds; each must be a keyframe."""
    folder.mkdir(parents=True, exist_ok=True)
    pattern = folder / f"GX%02d{series}.MP4"
    times = ("-segment_times", ",".join(map(str, at_s)))
    streams = ("-map", "0:v:0", "-map", "0:a:0?", "-c", "copy", "-f", "segment", "-segment_format", "mp4")
    names = ("-segment_start_number", "1", "-reset_timestamps", "1", str(pattern))
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(source), *streams, *times, *names]
    subprocess.run(argv, check=True, capture_output=True)
    return sorted(folder.glob(f"GX*{series}.MP4"))
