"""Is what ffmpeg made exactly what was planned?

A wrong rendition or clip must never get a name: labels are counted in its frames. Read back from the file itself.
"""

from collections.abc import Sequence
from fractions import Fraction

from pipeline.adapters.ffmpeg.cutting import clip_name
from pipeline.domain.clip import PlannedClip
from pipeline.domain.media import MediaFacts, VideoFacts
from pipeline.domain.recipe import Recipe
from pipeline.errors import RenditionMismatchError


def check_rendition(made: MediaFacts, *, source: VideoFacts, recipe: Recipe, cut_frames: Sequence[int]) -> None:
    """Compare a rendition with its plan.

    Raises:
        RenditionMismatchError: anything differs.
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


def check_cuts(listing: str, *, planned: Sequence[PlannedClip]) -> None:
    """Compare the muxer's own list of clips (`name,start,end` in seconds, by the picture's packets) with the plan.

    Because the rendition's frames were counted and lie on an exact grid, edges that are right leave no frame out.

    Raises:
        RenditionMismatchError: anything differs.
    """
    found = [line.split(",") for line in listing.splitlines()]
    expected = [[clip_name(clip), _microseconds(clip.span.start_s), _microseconds(clip.span.end_s)] for clip in planned]
    _same("clips", len(expected), len(found))
    for clip, place in zip(expected, found, strict=True):
        _same(f"place of clip {clip[0]}", clip, [place[0], *(_microseconds(Fraction(edge)) for edge in place[1:])])


def _microseconds(at_s: Fraction) -> str:
    return str(round(at_s * 10**6))


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise RenditionMismatchError(f"{what}: expected {expected}, found {found}")
