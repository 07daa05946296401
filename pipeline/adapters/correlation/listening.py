"""At which lag does each of several windows of one sound fit another, by generalised cross-correlation?

GCC-PHAT (Knapp and Carter 1976): every frequency counts alike, so that the peak is as sharp through a loud hum or an
echo. Windows are measured at both ends of the shared time and between, each by itself, where most happens.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.adapters.correlation.envelopes import HOP_S, Envelope, envelope_of, likely_lags
from pipeline.adapters.correlation.sound import RATE_HZ, Samples, Sound
from pipeline.domain.alignment.hearing import DRIFT_MAX_PPM, Candidate, Hearing, WindowLag

DETECTOR = "gcc-phat 1"
"""Its name in records: raised whenever the same sounds could give other lags."""

WINDOW_S, WINDOW_MIN_S = 8.0, 1.0
"""A drift of 100 ppm blurs a window of this length by less than a millisecond."""
WINDOWS_MAX, WINDOWS_MIN = 12, 4
_FIRST_LOOK = 4
"""Windows at a lag that may be chance; the rest only where one of these shows a peak."""
_NEAR_S = 0.12
"""How far from a lag is looked, beside what drift can make of it."""
_QUIET = 10 ** (-75 / 20)
"""Below -75 dB a window is silent: a pre-event buffer, a muted microphone."""
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 7000.0
_BESIDE_S = 0.012
"""What is nearer to a peak than this belongs to it: echoes of walls."""
_PROMINENT = 7.0


@dataclass(frozen=True, slots=True)
class Listened:
    """A sound with its envelope, which is made once for all that it is compared with."""

    sound: Sound
    envelope: Envelope

    @property
    def is_silent(self) -> bool:
        """Whether nothing happens in it."""
        return not self.envelope.hops or not float(self.envelope.activity().max())


def listen(sound: Sound) -> Listened:
    """Listen to all of a sound once."""
    return Listened(sound, envelope_of(sound))


def compare_sounds(
    first: Listened, second: Listened, *, within: tuple[Fraction, Fraction], shared_min_s: Fraction
) -> Hearing:
    """Measure at which lags two sounds may fit.

    Args:
        first: one sound.
        second: the other.
        within: the smallest and the largest lag in seconds; moment t of the second is moment t + lag of the first.
        shared_min_s: how long they must be heard together.
    """
    if first.is_silent or second.is_silent:
        return Hearing((), first.is_silent, second.is_silent)
    # From here on both sounds count from their own beginning.
    begins_s = second.sound.start_s - first.sound.start_s
    low, high = (float(bound + begins_s) for bound in within)
    drift = DRIFT_MAX_PPM * 1e-6
    if first.envelope.hops >= second.envelope.hops:
        lags = likely_lags(first.envelope, second.envelope, within_s=(low, high), drift_max=drift)
    else:  # the pieces of the shorter are looked for in the longer
        turned = likely_lags(second.envelope, first.envelope, within_s=(-high, -low), drift_max=drift)
        lags = [-lag for lag in turned]
    shared = [_Shared.of(first, second, lag) for lag in lags]
    found = [_measure(one, begins_s) for one in shared if one.length_s >= float(shared_min_s)]
    return Hearing(tuple(found))


@dataclass(frozen=True, slots=True)
class _Shared:
    """What two sounds have in common at one lag, counted from the beginning of the second."""

    first: Listened
    second: Listened
    lag_s: float
    start_s: float
    length_s: float

    @classmethod
    def of(cls, first: Listened, second: Listened, lag_s: float) -> Self:
        start_s = max(0.0, -lag_s)
        end_s = min(float(second.sound.duration_s), float(first.sound.duration_s) - lag_s)
        return cls(first, second, lag_s, start_s, max(0.0, end_s - start_s))

    @property
    def window_s(self) -> float:
        return max(min(WINDOW_S, self.length_s / WINDOWS_MIN), WINDOW_MIN_S)

    @property
    def near_s(self) -> float:
        """How far from the lag a window may lie."""
        return _NEAR_S + DRIFT_MAX_PPM * 1e-6 * self.length_s / 2

    def heard_in_both(self) -> NDArray[np.float64]:
        """For each hop of the second how much happens in both, added up from the beginning."""
        here, there = self.second.envelope.activity(), self.first.envelope.activity()
        places = np.arange(len(here)) + round(self.lag_s / HOP_S)
        inside = (places >= 0) & (places < len(there))
        both = np.where(inside, np.minimum(here, there[np.clip(places, 0, len(there) - 1)]), 0.0)
        return np.concatenate([[0.0], np.cumsum(both, dtype=np.float64)])


def _measure(shared: _Shared, begins_s: Fraction) -> Candidate:
    middles = _middles(shared)
    centre_s = shared.start_s + shared.length_s / 2
    # The ends first: they tell most.
    windows: list[WindowLag] = []
    for number, middle_s in enumerate(sorted(middles, key=lambda middle_s: -abs(middle_s - centre_s))):
        if number >= _FIRST_LOOK and not any(window.prominence >= _PROMINENT for window in windows):
            break
        window = _window(shared, middle_s)
        windows += [window] if window else []
    windows = [
        replace(one, second_s=one.second_s + shared.second.sound.start_s, lag_s=one.lag_s - begins_s)
        for one in sorted(windows, key=lambda window: window.second_s)
    ]
    return Candidate(_fraction(shared.lag_s) - begins_s, tuple(windows))


def _middles(shared: _Shared) -> list[float]:
    """Where in each slot of the shared time a window hears most in both; the first and the last slot are its ends."""
    count = max(1, min(WINDOWS_MAX, int(shared.length_s / shared.window_s)))
    slot_s, hop = shared.length_s / count, round(shared.window_s / HOP_S)
    heard = shared.heard_in_both()
    found = []
    for number in range(count):
        earliest = int((shared.start_s + number * slot_s) / HOP_S)
        latest = max(earliest, int((shared.start_s + (number + 1) * slot_s) / HOP_S) - hop)
        starts = np.arange(earliest, latest + 1)
        sums = heard[np.clip(starts + hop, 0, len(heard) - 1)] - heard[np.clip(starts, 0, len(heard) - 1)]
        found.append(float(starts[int(sums.argmax())]) * HOP_S + shared.window_s / 2)
    return found


def _window(shared: _Shared, middle_s: float) -> WindowLag | None:
    """What one window shows; `None` when either is silent in it."""
    length, near = round(shared.window_s * RATE_HZ), round(shared.near_s * RATE_HZ)
    start = round((middle_s - shared.window_s / 2) * RATE_HZ)
    expected = round(shared.lag_s * RATE_HZ)
    heard = shared.second.sound.read(start, length)
    around = shared.first.sound.read(start + expected - near, length + 2 * near)
    if min(_loudness(heard), _loudness(around)) < _QUIET:
        return None
    values = _phat(around, heard)[: 2 * near + 1]
    at = int(values.argmax())
    peak, beside = float(values[at]), round(_BESIDE_S * RATE_HZ)
    others = np.concatenate([values[: max(0, at - beside)], values[at + beside + 1 :]])
    spread = float(others.std())
    if spread <= 0 or peak <= 0:
        return None
    second_peak = max(float(others.max()), spread)
    return WindowLag(
        second_s=Fraction(2 * start + length, 2 * RATE_HZ),
        lag_s=_fraction((expected + at - near + _between(values, at)) / RATE_HZ),
        prominence=Fraction(round(100 * peak / spread), 100),
        clearness=Fraction(round(100 * peak / second_peak), 100),
    )


def _phat(around: Samples, heard: Samples) -> NDArray[np.float64]:
    """The correlation of a window with every place of a longer piece, all frequencies alike."""
    size = 1 << int(len(around) + len(heard)).bit_length()
    cross = np.fft.rfft(around, size) * np.conj(np.fft.rfft(heard * np.hanning(len(heard)), size))
    frequencies = np.fft.rfftfreq(size, 1 / RATE_HZ)
    cross[(frequencies < _LOWEST_HZ) | (frequencies > _HIGHEST_HZ)] = 0
    strength = np.abs(cross)
    found: NDArray[np.float64] = np.fft.irfft(cross / np.maximum(strength, 1e-12 * float(strength.max())), size)
    return found


def _between(values: NDArray[np.float64], at: int) -> float:
    """Where between samples the peak lies: the top of a parabola through three."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, top, after = (float(values[at + step]) for step in (-1, 0, 1))
    bend = before - 2 * top + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _loudness(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def _fraction(seconds: float) -> Fraction:
    return Fraction(round(seconds * 1_000_000), 1_000_000)
