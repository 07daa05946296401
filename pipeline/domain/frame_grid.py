"""At which constant rate, and with how many frames, is this video shown?

Everything after the probe (spans, clips, labels) counts frames on a constant grid. Rules kept here:

* A rate is *constant* when a grid of that rate shows every frame of the source exactly once and in place: the n-th
  frame lies less than a quarter of a frame from n / rate. That forgives container rounding (Matroska keeps whole
  milliseconds) and clock jitter, and nothing else. Then frame n of the rendition is frame n of the source.
* Everything else is *variable*. It is shown at the rate of its denser parts, so that a rate that drops in the dark
  costs no frame of the light: the rate that nine of ten frame intervals do not exceed, never above 60. Frames go to
  the nearest grid place; a gap repeats the frame before it.

It knows nothing of files; times are whole ticks of the stream's time base.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

STANDARD_RATES = tuple(
    Fraction(rate)
    for rate in (
        *("5", "10", "12", "15", "20", "24000/1001", "24", "25", "30000/1001", "30"),
        *("48", "50", "60000/1001", "60", "100", "120000/1001", "120", "240"),
    )
)
"""Frame rates that cameras offer, in frames a second."""

CONSTANT_TOLERANCE = Fraction(1, 4)
"""How far, in frames, a frame may lie from its place on a constant grid."""

VARIABLE_RATE_MAX = Fraction(60)
"""Frames a second above which a variable source is thinned: no screen that annotators use shows more."""

LONE_FRAME_RATE = Fraction(25)
"""What a single frame is shown at when its container claims no rate."""

_NEAR_STANDARD = Fraction(3, 100)
_DENOMINATOR_MAX = 1001
_CLAIM_MAX = Fraction(1000)


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """A constant frame rate in frames a second, the number of frames on it, and why that rate."""

    frame_rate: Fraction
    frame_count: int
    is_variable_rate: bool
    """Whether the source departs from the grid: then grid frame n is not source frame n."""
    reason: str


def choose_frame_grid(
    shown_ticks: Sequence[int],
    *,
    time_base: Fraction,
    last_duration_ticks: int,
    claimed_rate: Fraction | None,
) -> FrameGrid:
    """Choose the grid for frames shown at these ticks, in ascending order and at least one.

    Args:
        shown_ticks: when each frame is shown, in ticks of `time_base` (seconds a tick).
        time_base: seconds a tick.
        last_duration_ticks: how long the last frame is shown; 0 where the container does not say.
        claimed_rate: what the container says; tried beside the standard rates, never trusted.

    Of the standard and the claimed rate that fit, the one that fits best; only where none does, the measured mean:
    it always fits jitter a little better, and says nothing.
    """
    ticks = [tick - shown_ticks[0] for tick in shown_ticks]
    claims = (claimed_rate,) if claimed_rate is not None and 0 < claimed_rate <= _CLAIM_MAX else ()
    if len(ticks) == 1 or ticks[-1] == 0:
        return FrameGrid(claims[0] if claims else LONE_FRAME_RATE, 1, len(ticks) > 1, "all frames at one moment")
    mean = (len(ticks) - 1) / (ticks[-1] * time_base)
    near = (rate for rate in STANDARD_RATES if abs(rate / mean - 1) < _NEAR_STANDARD)
    for candidates in ((*claims, *near), (mean.limit_denominator(_DENOMINATOR_MAX),)):
        errors = {rate: _error_frames(ticks, time_base, rate) for rate in candidates}
        fitting = {rate: error for rate, error in errors.items() if error is not None}
        if fitting:
            rate = min(fitting, key=fitting.__getitem__)
            reason = f"every frame within {float(fitting[rate]):.3f} frames of its place"
            return FrameGrid(rate, len(ticks), False, reason)
    rate = _dense_rate(ticks, time_base)
    last_place = _place(ticks[-1] * time_base * rate)
    shown_for = max(1, _place(last_duration_ticks * time_base * rate))
    return FrameGrid(rate, last_place + shown_for, True, f"no constant rate fits; mean {float(mean):.3f} a second")


def _error_frames(ticks: Sequence[int], time_base: Fraction, rate: Fraction) -> Fraction | None:
    """How far, in frames, the worst frame lies from its place; `None` as soon as one lies too far."""
    frames_a_tick = time_base * rate
    step, scale = frames_a_tick.numerator, frames_a_tick.denominator
    limit = scale * CONSTANT_TOLERANCE
    worst = 0
    for index, tick in enumerate(ticks):  # whole numbers: a day of footage is millions of rounds
        error = abs(tick * step - index * scale)
        if error > worst:
            if error >= limit:
                return None
            worst = error
    return Fraction(worst, scale)


def _dense_rate(ticks: Sequence[int], time_base: Fraction) -> Fraction:
    intervals = sorted(after - before for before, after in pairwise(ticks) if after > before)
    rate = min(1 / (intervals[len(intervals) // 10] * time_base), VARIABLE_RATE_MAX)
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    if abs(nearest / rate - 1) < _NEAR_STANDARD:
        return nearest
    return max(rate.limit_denominator(_DENOMINATOR_MAX), Fraction(1))


def _place(frames: Fraction) -> int:
    """The nearest whole place on the grid, halves upwards: what ffmpeg's `fps` filter does."""
    return int(frames + Fraction(1, 2))
