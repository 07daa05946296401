"""Does the viewing rendition show what was filmed?

A few frames from the beginning of a clip, of the source and of the rendition, side by side: SSIM (Wang et al. 2004) as
ffmpeg's filter computes it, the mean of all planes. Also a frame that is off by one is found so.
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from pipeline.adapters.ffmpeg.argv import compile_command, open_source, ratio
from pipeline.adapters.ffmpeg.faults import last_words
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.sandbox import Finished
from pipeline.domain.media import VideoFacts
from pipeline.errors import MediaToolError

COMPARED_FRAMES = 10
_HALF_A_FRAME = Fraction(1, 2)
_PER_FRAME = re.compile(rb"^n:\d+ .*All:([01]\.\d{6})")


def likeness_argv(
    video: VideoFacts, from_s: Fraction, rendition_from_s: Fraction, size_px: tuple[int, int], limits: Limits
) -> list[str]:
    """Ffmpeg: a line with the SSIM of each of the frames from these keyframes on, on stdout.

    Args:
        video: of the source, whose rate is constant.
        from_s: when its first compared frame is shown, on its own timeline: a keyframe.
        rendition_from_s: when that frame is shown in the rendition: a keyframe.
        size_px: of the rendition.
        limits: what it may cost.
    """
    shown = _entered(0, video.start_s + from_s, video.frame_rate, limits)[str(video.stream_index)]
    first = round((video.start_s + from_s) / video.time_base)
    source = (
        _counted(shown.filter("trim", start_pts=first), video.frame_rate)
        .filter("scale", *size_px, flags="bilinear", out_range="tv")
        .filter("setsar", 1)
        .filter("format", "yuv420p")
    )
    made = _entered(1, rendition_from_s, video.frame_rate, limits)["v:0"]
    compared = ffmpeg.filter([source, _counted(made, video.frame_rate)], "ssim", stats_file="-", shortest=1)
    return compile_command(compared.output("pipe:2", format="null"), "level+error", "-filter_complex_threads", "1")


Run = Callable[[Sequence[Path], list[str], int, Callable[[bytes], None]], Finished]
"""Runs ffmpeg on files: the files, its arguments, the seconds allowed, and what is told each line."""


def measure_likeness(
    run: Run,
    files: Sequence[Path],
    video: VideoFacts,
    *,
    from_s: tuple[Fraction, Fraction],
    size_px: tuple[int, int],
    limits: Limits,
) -> int | None:
    """The mean SSIM of the compared frames of source and rendition in thousandths; `None` where none was compared.

    Raises:
        MediaToolError: ffmpeg failed, or was stopped from outside.
        MediaLimitError: it took longer than allowed.
    """
    values: list[float] = []

    def add_line(line: bytes) -> None:
        if found := _PER_FRAME.match(line):
            values.append(float(found[1]))

    finished = run(files, likeness_argv(video, *from_s, size_px, limits), limits.wall_floor_s, add_line)
    if finished.returncode != 0:
        raise MediaToolError(f"comparing a rendition with its source failed: {last_words(finished)}")
    return round(1000 * sum(values) / len(values)) if values else None


def _entered(number: int, at_s: Fraction, frame_rate: Fraction, limits: Limits) -> Any:
    within_s = at_s + _HALF_A_FRAME / frame_rate
    return open_source(
        limits, number=number, threads=1, ss=f"{round(within_s * 10**6)}us", seek_timestamp=1, noaccurate_seek=None
    )


def _counted(frames: Any, frame_rate: Fraction) -> Any:
    return frames.filter("settb", ratio(1 / frame_rate)).filter("setpts", "N").filter("trim", end_frame=COMPARED_FRAMES)
