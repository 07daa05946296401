"""What anyone would write instead: the same outputs with ffmpeg alone."""

from collections.abc import Sequence
from pathlib import Path

CLIP_FRAMES = 300
"""Ten seconds of the benchmark source, whose keyframes are 30 frames apart."""

X264 = ("-c:v", "libx264", "-preset", "superfast", "-crf", "23", "-g", "30", "-sc_threshold", "0", "-bf", "0")
QUIET = ("ffmpeg", "-nostdin", "-v", "error", "-y")


def one_process(source: Path, folder: Path, frames: int) -> Sequence[str]:
    """Bare ffmpeg: one decode and one encode; rendition and clips from a tee."""
    cuts = "\\,".join(str(frame) for frame in range(CLIP_FRAMES, frames, CLIP_FRAMES))
    tee = (
        f"[f=mp4:movflags=+faststart]{folder}/rendition.mp4|"
        f"[f=segment:segment_frames={cuts}:segment_format=mp4:reset_timestamps=1]{folder}/%05d.mp4"
    )
    return [
        *(*QUIET, "-threads", "1", "-i", str(source), "-map", "0:v:0", "-map", "0:a:0"),
        *("-vf", "scale=-2:540:flags=bilinear,format=yuv420p", *X264, "-threads:v", "1", "-c:a", "aac", "-b:a", "128k"),
        *("-flags", "+global_header+cgop", "-f", "tee", tee),
    ]


def separate_passes(source: Path, folder: Path, frames: int) -> Sequence[str]:
    """Naive: the rendition, then each clip cut from the source with an encode of its own, as scripts do."""
    lines = [
        " ".join(
            [
                *QUIET,
                *("-i", str(source), "-vf", "scale=-2:540,format=yuv420p", *X264, "-c:a", "aac"),
                f"{folder}/rendition.mp4",
            ]
        )
    ]
    for number, first in enumerate(range(0, frames, CLIP_FRAMES)):
        at, length = first * 1001 / 30000, CLIP_FRAMES * 1001 / 30000
        cut = ["-ss", f"{at:.6f}", "-i", str(source), "-t", f"{length:.6f}"]
        scaled = ["-vf", "scale=-2:540,format=yuv420p", *X264, "-c:a", "aac", f"{folder}/{number:05d}.mp4"]
        lines.append(" ".join([*QUIET, *cut, *scaled]))
    return ["sh", "-ec", "\n".join(lines)]
