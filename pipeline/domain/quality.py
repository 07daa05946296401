"""How good are the picture and the sound of this clip, and is it good enough to learn from?

Decided from what was measured while the recording was rendered (`measures`): nothing is decoded. Rules kept here:

* A clip below the floor is marked with every reason, and never dropped: dark, shaken and silent is what attacks look
  like. Whoever chooses clips sees the marks.
* Shares are of the clip's own samples. A sample belongs to a clip when its moment lies in the clip's span.
* Another rule or another floor is another `RULE_VERSION`: it adds a judgement and replaces none.

Numbers are whole thousandths, as in `measures`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil
from statistics import median

from pipeline.domain.damage import Damage
from pipeline.domain.measures import Measures, Thousandths
from pipeline.domain.timeline import Span

RULE_VERSION = 1


class Mark(StrEnum):
    """What is wrong with a clip."""

    DAMAGED = "damaged"
    BLACK = "black"
    DARK = "dark"
    OVEREXPOSED = "overexposed"
    FROZEN = "frozen"
    BLURRED = "blurred"
    SHAKEN = "shaken"
    OBSTRUCTED = "obstructed"
    SILENT = "silent"
    UNLIKE_SOURCE = "unlike_source"


@dataclass(frozen=True, slots=True)
class Floor:
    """Where a clip begins to be marked; shares and the rest in thousandths.

    Measured on real films, scaled to 180 lines: sharp pictures have edges 3.3 to 8.0 wide (medians 4.2 to 6.3); the
    same pictures, blurred by a Gaussian of 8 in 540 lines, 7.3 to 16 (medians 9.1 to 13.9).
    """

    black_luma_high: int = 32_000
    """A sample is black when nine tenths of it are no brighter: black is 16, and encoders add some noise."""
    dark_luma_mean: int = 40_000
    """A sample is dark when its mean is no brighter: faces are not told apart any more."""
    bright_luma_low: int = 225_000
    """A sample is overexposed when nine tenths of it are brighter: white is 235."""
    frozen_change: int = 100
    """A sample is frozen when it differs from the one before by no more: noise alone makes more of a live picture."""
    bad_share: int = 500
    """A clip is black, dark, overexposed or frozen when this share of its samples is."""
    blur: int = 9_000
    """Median width of edges."""
    shift: int = 60
    """Median movement from a tenth of a second to the next, as a share of the width: half the picture in a second."""
    flat: int = 850
    """Median share of fields in which nothing is to be seen: a hand, cloth or a wall before the lens."""
    silent_lufs: int = -60_000
    """A moment is silent when it is no louder: below the noise of any microphone that is on."""
    silent_share: int = 900
    ssim: int = 850
    """Of the viewing rendition against its source; below, people do not label what was filmed."""


@dataclass(frozen=True, slots=True)
class ClipQuality:
    """What was found of one clip."""

    damaged_frames: int
    """Frames that show something else than was filmed."""
    damaged_sound_ms: int
    luma_mean: int
    black_share: int
    dark_share: int
    bright_share: int
    frozen_share: int
    blur: int
    shift: int
    flat: int
    silent_share: int | None
    """`None` where the recording has no sound."""
    loudest_lufs: int | None
    scene_changes: int
    """Samples that changed abruptly: footage of a body camera has none."""
    ssim: int | None
    """Likeness of the viewing rendition to its source; `None` where no sample of this clip was compared."""


@dataclass(frozen=True, slots=True)
class Marked:
    """One mark with its reason."""

    mark: Mark
    reason: str


_SCENE_SCORE = 10_000
"""What `scdet` itself calls a scene change."""


def assess_clip(
    span: Span, measures: Measures, *, damage: Damage | None, frame_rate: Fraction, ssim: int | None, floor: Floor
) -> ClipQuality:
    """The quality of one clip.

    Args:
        span: where it lies in its recording.
        measures: of the recording.
        damage: of the recording, where it is known to be damaged.
        frame_rate: frames a second of the recording.
        ssim: likeness of the viewing rendition to its source in this clip, where that was compared.
        floor: what counts as black, dark and so on.
    """
    picture, motion, sound = measures.picture, measures.motion, measures.sound

    def seen(series: Thousandths) -> Thousandths:
        return _within(series, picture.per_s, span)

    heard = _within(sound.loudness_lufs, sound.per_s, span) if sound else ()
    return ClipQuality(
        damaged_frames=round(_shared_s(damage.spans if damage else (), span) * frame_rate),
        damaged_sound_ms=round(_shared_s(damage.sound_spans if damage else (), span) * 1000),
        luma_mean=_median(seen(picture.luma_mean)),
        black_share=_share([high <= floor.black_luma_high for high in seen(picture.luma_high)]),
        dark_share=_share([mean <= floor.dark_luma_mean for mean in seen(picture.luma_mean)]),
        bright_share=_share([low >= floor.bright_luma_low for low in seen(picture.luma_low)]),
        # The first sample of a chunk has nothing before it, and says 0.
        frozen_share=_share([change <= floor.frozen_change for change in seen(picture.change)[1:]]),
        blur=_median([width for width in seen(picture.blur) if width]),
        shift=_median(_within(motion.shift, motion.per_s, span)[1:]),
        flat=_median(_within(motion.flat, motion.per_s, span)),
        silent_share=_share([loud <= floor.silent_lufs for loud in heard]) if heard else None,
        loudest_lufs=max(heard, default=None),
        scene_changes=sum(score >= _SCENE_SCORE for score in seen(picture.scene)),
        ssim=ssim,
    )


def marks_of(quality: ClipQuality, floor: Floor) -> tuple[Marked, ...]:
    """Everything by which a clip is below the floor; nothing when it is not."""
    half, silent = floor.bad_share, floor.silent_share
    tests = (
        (
            Mark.DAMAGED,
            quality.damaged_frames > 0 or quality.damaged_sound_ms > 0,
            f"{quality.damaged_frames} frames and {quality.damaged_sound_ms} ms of sound are damaged",
        ),
        (Mark.BLACK, quality.black_share >= half, f"{_percent(quality.black_share)} of it is black"),
        (
            Mark.DARK,
            quality.dark_share >= half > quality.black_share,
            f"{_percent(quality.dark_share)} of it is dark, its mean luma {quality.luma_mean // 1000} of 255",
        ),
        (Mark.OVEREXPOSED, quality.bright_share >= half, f"{_percent(quality.bright_share)} of it is overexposed"),
        (Mark.FROZEN, quality.frozen_share >= half, f"the picture stands still in {_percent(quality.frozen_share)}"),
        (Mark.BLURRED, quality.blur >= floor.blur, f"edges are {quality.blur / 1000:.1f} of 180 lines wide"),
        (Mark.SHAKEN, quality.shift >= floor.shift, f"it moves {_percent(quality.shift)} of its width in 0.1 s"),
        (Mark.OBSTRUCTED, quality.flat >= floor.flat, f"in {_percent(quality.flat)} of it nothing is to be seen"),
        (
            Mark.SILENT,
            quality.silent_share is not None and quality.silent_share >= silent,
            f"{_percent(quality.silent_share or 0)} of it is silent",
        ),
        (
            Mark.UNLIKE_SOURCE,
            quality.ssim is not None and quality.ssim < floor.ssim,
            f"the viewing rendition's SSIM against its source is {(quality.ssim or 0) / 1000:.3f}",
        ),
    )
    return tuple(Marked(mark, reason) for mark, is_so, reason in tests if is_so)


def compared_clips(count: int, most: int) -> tuple[int, ...]:
    """Which of so many clips are compared with their source: at most so many, evenly, the first among them."""
    taken = min(count, most)
    return tuple(number * count // taken for number in range(taken))


def _within(series: Thousandths, per_s: Fraction, span: Span) -> Thousandths:
    return series[ceil(span.start_s * per_s) : ceil(span.end_s * per_s)]


def _shared_s(damaged: Sequence[Span], span: Span) -> Fraction:
    return sum((inside.duration_s for one in damaged if (inside := one.clamped(span))), Fraction(0))


def _share(are: Sequence[bool]) -> int:
    return round(1000 * sum(are) / len(are)) if are else 0


def _median(series: Sequence[int]) -> int:
    return round(median(series)) if series else 0


def _percent(share: int) -> str:
    return f"{share / 1000:.0%}"
