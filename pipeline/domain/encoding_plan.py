"""What exactly does a recipe make of one clip: which frames, where in the picture, how much sound?

Decided here to the last frame and pixel, before anything runs, so that what was done to a clip is a value (`Transform`)
and not something to be measured afterwards. It knows nothing of files.

Frames are those of the clip, counted from 0 on the recording's grid; pixels are those of the upright picture as the
camera stored it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.clip_recipe import ClipRecipe, Drops, Portrait, Screen
from pipeline.domain.ids import ClipId
from pipeline.domain.media import MediaFacts
from pipeline.domain.timeline import Span
from pipeline.domain.transform import Box, Homography, PictureMap, TimeMap, TimePiece, Transform

_AAC_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""The sample rates that AAC has numbers for: ISO/IEC 14496-3, table 1.18."""
_OTHER_RATE_HZ = 48_000
_STILL_TRIES = 10_000


@dataclass(frozen=True, slots=True)
class ClipSource:
    """The clip that a variant is made of."""

    width_px: int
    height_px: int
    """Upright, as stored."""
    pixel_aspect: Fraction
    """Width of an upright pixel over its height."""
    frame_rate: Fraction
    frame_count: int
    audio_sample_rate_hz: int | None
    """`None` where there is no sound."""
    audio_channels: int = 1

    @classmethod
    def of(cls, facts: MediaFacts, frame_count: int) -> "ClipSource":
        """So many frames of a recording."""
        video, audio = facts.video, facts.audio
        is_turned = video.rotation_deg in (90, 270)
        width_px, height_px = (video.width_px, video.height_px)[:: -1 if is_turned else 1]
        return cls(
            width_px,
            height_px,
            1 / video.pixel_aspect if is_turned else video.pixel_aspect,
            video.frame_rate,
            frame_count,
            audio.sample_rate_hz if audio else None,
            audio.channels if audio else 1,
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """How a picture is laid out, in this order; `None` where nothing is done."""

    scaled_px: tuple[int, int] | None
    cropped_px: tuple[int, int, int, int] | None
    """Width and height that are kept, and how far from the left and from above."""
    framed_px: tuple[int, int, int, int] | None
    """Width and height of the new frame, and where in it the picture lies."""
    corners_px: tuple[tuple[int, int], ...] | None
    """Where the corners of the picture go: `Box.corners`."""
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class EncodingPlan:
    """One variant of one clip."""

    recipe: ClipRecipe
    layout: Layout
    pixel_aspect: Fraction
    frame_rate: Fraction
    frame_count: int
    late_frames: int
    """Frames of the clip that are over when the variant begins."""
    every: int
    """One frame of so many is taken."""
    still: tuple[tuple[int, int], ...]
    """Frames of the variant, `[start, end)`, that show the frame before them again."""
    audio_sample_rate_hz: int | None
    audio_channels: int
    transform: Transform
    seed: int
    """For what is random in the picture: below 2^31."""

    @property
    def duration_s(self) -> Fraction:
        """Length of the picture, and to the sample of the sound."""
        return self.frame_count / self.frame_rate

    @property
    def audio_samples(self) -> int:
        """Length of the sound; 0 where there is none."""
        return round(self.duration_s * (self.audio_sample_rate_hz or 0))


def plan_encoding(recipe: ClipRecipe, source: ClipSource, clip_id: ClipId) -> EncodingPlan:
    """Plan what a recipe makes of a clip: the same on every machine."""
    late = min(round(recipe.late_s * source.frame_rate), source.frame_count - 1)
    every = max(1, -int(-source.frame_rate // recipe.frame_rate_max)) if recipe.frame_rate_max else 1
    frame_rate = source.frame_rate / every
    frame_count = -(-(source.frame_count - late) // every)
    still = tuple(_stills(recipe.drops, frame_count, f"{recipe.digest}:{clip_id}")) if recipe.drops else ()
    layout = _layout(recipe, source)
    rate_hz = source.audio_sample_rate_hz
    return EncodingPlan(
        recipe=recipe,
        layout=layout,
        pixel_aspect=source.pixel_aspect if layout.scaled_px is None else Fraction(1),
        frame_rate=frame_rate,
        frame_count=frame_count,
        late_frames=late,
        every=every,
        still=still,
        audio_sample_rate_hz=None if rate_hz is None else recipe.audio_sample_rate_hz or _nearest_rate(rate_hz),
        audio_channels=min(source.audio_channels, recipe.audio_channels_max),
        transform=Transform(_time_map(source, late, frame_rate, frame_count, still), _picture_map(source, layout)),
        seed=_number(f"{recipe.digest}:{clip_id}:picture", 2**31),
    )


def _nearest_rate(rate_hz: int) -> int:
    return rate_hz if rate_hz in _AAC_RATES_HZ else _OTHER_RATE_HZ


def _time_map(
    source: ClipSource, late: int, frame_rate: Fraction, frame_count: int, still: tuple[tuple[int, int], ...]
) -> TimeMap:
    late_s, duration_s = late / source.frame_rate, frame_count / frame_rate
    clip_s = source.frame_count / source.frame_rate
    edges = [0, *(edge for run in still for edge in run), frame_count]
    pieces = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        start_s = start / frame_rate
        end_s = min(late_s + end / frame_rate, clip_s)  # the last frame of a lower rate may last longer than the clip
        pieces.append(TimePiece(Span(late_s + start_s, end_s), start_s))
    return TimeMap(tuple(pieces), duration_s)


def _stills(drops: Drops, frame_count: int, seed: str) -> Iterator[tuple[int, int]]:
    """Where the picture stands still; never at the first frame, and a frame at least runs in between."""
    mean_length = Fraction(1 + drops.length_max, 2)
    mean_gap = max(1, round(mean_length * (1 - drops.share) / drops.share))
    at = 0
    for number in range(_STILL_TRIES):
        start = at + 1 + _number(f"{seed}:gap:{number}", 2 * mean_gap)
        end = start + 1 + _number(f"{seed}:length:{number}", drops.length_max)
        if end >= frame_count:
            return
        yield start, end
        at = end


def _number(seed: str, below: int) -> int:
    """A number from 0 to `below` that nobody could guess from the last, and everybody gets who asks for it."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % below


def _layout(recipe: ClipRecipe, source: ClipSource) -> Layout:
    shown = source.width_px * source.pixel_aspect, Fraction(source.height_px)
    if recipe.portrait is not None:
        return _portrait(recipe.portrait, shown)
    if recipe.short_side_px_max is None:
        width_px, height_px = _even(source.width_px), _even(source.height_px)
        is_whole = (width_px, height_px) == (source.width_px, source.height_px)
        return Layout(None, None if is_whole else (width_px, height_px, 0, 0), None, None, width_px, height_px)
    scale = min(Fraction(1), recipe.short_side_px_max / min(shown))
    width_px, height_px = (max(2, 2 * round(side * scale / 2)) for side in shown)
    corners = _corners(recipe.screen, width_px, height_px) if recipe.screen else None
    return Layout((width_px, height_px), None, None, corners, width_px, height_px)


def _portrait(portrait: Portrait, shown: tuple[Fraction, Fraction]) -> Layout:
    width_px, height_px = portrait.width_px, portrait.band_height_px
    scale = max(width_px / shown[0], height_px / shown[1])
    scaled = [max(least, 2 * round(side * scale / 2)) for side, least in zip(shown, (width_px, height_px), strict=True)]
    left_px, top_px = (2 * ((big - small) // 4) for big, small in zip(scaled, (width_px, height_px), strict=True))
    return Layout(
        (scaled[0], scaled[1]),
        (width_px, height_px, left_px, top_px),
        (width_px, portrait.height_px, 0, portrait.band_top_px),
        None,
        width_px,
        portrait.height_px,
    )


def _corners(screen: Screen, width_px: int, height_px: int) -> tuple[tuple[int, int], ...]:
    return tuple((round(x * width_px), round(y * height_px)) for x, y in screen.corners)


def _picture_map(source: ClipSource, layout: Layout) -> PictureMap:
    homography = Homography()
    if layout.scaled_px is not None:
        wide, high = layout.scaled_px
        homography = Homography.scaling(Fraction(wide, source.width_px), Fraction(high, source.height_px))
    if layout.cropped_px is not None:
        homography = homography.then(
            Homography.moving(Fraction(-layout.cropped_px[2]), Fraction(-layout.cropped_px[3]))
        )
    covered: tuple[Box, ...] = ()
    if layout.framed_px is not None:
        _, _, left_px, top_px = layout.framed_px
        homography = homography.then(Homography.moving(Fraction(left_px), Fraction(top_px)))
        covered = BADGES
        if layout.cropped_px is not None:
            covered += _around(layout.framed_px, layout.cropped_px[:2])
    if layout.corners_px is not None:
        box = Box.of_size(layout.width_px, layout.height_px)
        bent = Homography.onto(box, [(Fraction(x), Fraction(y)) for x, y in layout.corners_px])
        homography = homography.then(bent)
    return PictureMap(source.width_px, source.height_px, layout.width_px, layout.height_px, homography, covered)


BADGES = (
    Box(Fraction(16), Fraction(202), Fraction(96), Fraction(234)),
    Box(Fraction(104), Fraction(202), Fraction(200), Fraction(234)),
)
"""What stands over the picture of a portrait for all of its length: that it is live, and how many watch."""


def _around(framed_px: tuple[int, int, int, int], size_px: tuple[int, int]) -> tuple[Box, ...]:
    """The parts of a frame above and below the picture in it."""
    wide, high, _, top_px = framed_px
    end_px = top_px + size_px[1]
    above = Box(Fraction(0), Fraction(0), Fraction(wide), Fraction(top_px))
    return above, Box(Fraction(0), Fraction(end_px), Fraction(wide), Fraction(high))


def _even(side_px: int) -> int:
    return max(2, side_px // 2 * 2)
