"""Is what ffmpeg made exactly what was planned?

A wrong rendition or clip must never get a name: labels are counted in its frames. Read back from the file itself.
"""

from collections.abc import Sequence
from fractions import Fraction

from pipeline.adapters.ffmpeg.packets import Packets
from pipeline.domain.clip import PlannedClip
from pipeline.domain.media import MediaFacts, VideoFacts
from pipeline.domain.recipe import Recipe
from pipeline.errors import MediaToolError


def check_rendition(made: MediaFacts, *, source: VideoFacts, recipe: Recipe, cut_frames: Sequence[int]) -> None:
    """Compare a rendition with its plan.

    Raises:
        MediaToolError: anything differs.
    """
    video, audio = made.video, made.audio
    _same("codec", "h264", video.codec)
    _same("pixel format", "yuv420p", video.pixel_format)
    _same("size", recipe.size_px(source), (video.width_px, video.height_px))
    _same("rotation", 0, video.rotation_deg)
    _same("constant frame rate", (source.frame_rate, False), (video.frame_rate, video.is_variable_rate))
    _same("frames", source.frame_count, video.frame_count)
    _same("start in s", Fraction(0), video.start_s)
    _same("cuts that are no keyframes", set(), set(cut_frames) - set(video.keyframe_frames))
    _same("sound", "aac", audio.codec if audio else "none")
    _same("start of sound in s", Fraction(0), audio.start_s if audio else None)


def check_clip(made: Packets, *, planned: PlannedClip, ticks_a_frame: int) -> None:
    """Compare a clip with its plan: the planned number of frames, evenly spaced from 0, the first a keyframe.

    Raises:
        MediaToolError: anything differs.
    """
    name = f"clip {planned.ordinal}"
    expected = range(0, planned.frame_count * ticks_a_frame, ticks_a_frame)
    _same(f"frames of {name}", planned.frame_count, len(made.shown_ticks))
    _same(f"first and last tick of {name}", (expected[0], expected[-1]), (made.shown_ticks[0], made.shown_ticks[-1]))
    _same(f"even spacing of {name}", True, tuple(expected) == made.shown_ticks)
    _same(f"first keyframe of {name}", (0,), made.entry_ticks[:1])


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise MediaToolError(f"{what}: expected {expected}, found {found}")
