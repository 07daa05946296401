"""Do two recordings hear the same sounds, and how do their clocks lie to one another if so?

What was measured is a `Hearing`: for a few lags at which two sounds may fit, the lag that each of several windows shows
by itself. What is made of it, accepted or refused with a reason, is decided here:

* A window counts when its peak stands clear of the noise of its correlation and of its own second peak: a tone, an
  engine, an alarm fit at every turn.
* Windows must agree on one straight line, lag against time: its slope is the drift of the two clocks. Strangers agree
  by chance in two or three windows of a dozen, never in many.
* When another lag, far from the best, is agreed on by nearly as many windows, the sound repeats itself and tells
  nothing.
* Sound takes 3 ms a metre. Two cameras hear a bang as far apart as it is nearer to one than to the other, which is part
  of the uncertainty and not of the lag: `SOUND_PATH_S`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

DRIFT_MAX_PPM = 200
"""Quartz is off by 20 to 50 parts in a million; two cameras by twice that, in the cold a little more."""
DRIFT_USUAL_PPM = 50.0
"""What is believed of a drift before it is measured: short recordings cannot tell it from sources that move."""
SOUND_PATH_S = Fraction(29, 1000)
"""Ten metres at 343 m/s: how much nearer to one camera than to the other what they both hear may be."""

PROMINENCE_MIN = Fraction(7)
"""Of ten thousand places in noise the highest is 4 to 4.5 spreads high."""
CLEARNESS_MIN = Fraction(5, 4)
"""The peak of a window over its second one."""
AGREEMENT_S = 0.012
"""How far from the line a window may lie: sources to either side of two people four metres apart."""
AGREEING_MIN = 3
SHARE_MIN = Fraction(1, 4)
"""Of the windows with sound in both; cameras in two rooms hear some of it together."""
RIVAL_SHARE_MAX = Fraction(3, 4)
RIVAL_APART_S = 0.05
_QUIETEST_SPREAD_S = 0.00025
"""Four samples: no line is known better than its windows are measured."""


@dataclass(frozen=True, slots=True)
class WindowLag:
    """What one window shows."""

    second_s: Fraction
    """Its middle, on the timeline of the second recording."""
    lag_s: Fraction
    """Moment t of the second is moment t + lag of the first, here."""
    prominence: Fraction
    """The height of its peak, in spreads of its correlation."""
    clearness: Fraction
    """The height of its peak over that of the second peak."""

    @property
    def is_clear(self) -> bool:
        """Whether it shows anything."""
        return self.prominence >= PROMINENCE_MIN and self.clearness >= CLEARNESS_MIN


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lag at which two sounds may fit, with the windows that were measured near it."""

    lag_s: Fraction
    windows: tuple[WindowLag, ...]
    """Those in which both have sound."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What came of comparing the sounds of two recordings."""

    candidates: tuple[Candidate, ...]
    first_is_silent: bool = False
    """Nothing happens in the sound of the first; then nothing was compared."""
    second_is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """How the clocks of two recordings lie to one another, by what they both hear."""

    from_s: Fraction
    """The first and the last window that agree, on the timeline of the second."""
    to_s: Fraction
    lag_from_s: Fraction
    """The lag at the one and at the other: moment t of the second is moment t + lag of the first."""
    lag_to_s: Fraction
    uncertainty_s: Fraction
    """The same moment lies within this of where the lags put it: the spread of the windows, and the way of sound."""
    drift_uncertainty_ppm: Fraction
    windows: int
    agreeing: int
    confidence: Fraction
    """0 to 1: the share of windows that agree, times how clear their peaks are (1 - second peak / peak, the median)."""

    @property
    def drift_ppm(self) -> Fraction:
        """By how much the second's seconds are longer than the first's, in parts in a million."""
        return (self.lag_to_s - self.lag_from_s) / (self.to_s - self.from_s) * 1_000_000


@dataclass(frozen=True, slots=True)
class NotHeard:
    """Two recordings cannot be told to hear the same."""

    reason: str
    first_is_silent: bool = False
    second_is_silent: bool = False

    @property
    def is_compared(self) -> bool:
        """Whether both had sound, so that this says something of where they were."""
        return not (self.first_is_silent or self.second_is_silent)


@dataclass(frozen=True, slots=True)
class _Line:
    at_s: float
    lag_s: float
    slope: float
    slope_spread: float
    agreeing: tuple[WindowLag, ...]
    farthest_s: float

    def lag_at(self, second_s: float) -> float:
        return self.lag_s + self.slope * (second_s - self.at_s)


def judge_hearing(hearing: Hearing) -> Heard | NotHeard:
    """Accept or refuse what was measured, with the reason."""
    if hearing.first_is_silent or hearing.second_is_silent:
        return NotHeard("nothing happens in the sound of one", hearing.first_is_silent, hearing.second_is_silent)
    if not hearing.candidates:
        return NotHeard("they do not hear the same: at no lag do the ups and downs of their sound resemble")
    lines = [(candidate, line) for candidate in hearing.candidates if (line := _line(candidate.windows)) is not None]
    lines.sort(key=lambda found: (-len(found[1].agreeing), _micro(found[1].farthest_s), found[0].lag_s))
    if not lines:
        clear = max((sum(one.is_clear for one in candidate.windows) for candidate in hearing.candidates), default=0)
        windows = max((len(candidate.windows) for candidate in hearing.candidates), default=0)
        return NotHeard(
            f"they do not hear the same: at no lag do {AGREEING_MIN} windows agree "
            f"({clear} of {windows} show a peak at the best)"
        )
    candidate, best = lines[0]
    windows, agreeing = len(candidate.windows), len(best.agreeing)
    if agreeing < SHARE_MIN * windows:
        return NotHeard(f"they do not hear the same: {agreeing} of {windows} windows agree")
    rival = next((line for _, line in lines[1:] if _is_elsewhere(line, best)), None)
    if rival is not None and len(rival.agreeing) > RIVAL_SHARE_MAX * agreeing:
        return NotHeard(
            f"the sound repeats itself: lags of {best.lag_s:+.3f} s and {rival.lag_s:+.3f} s fit in "
            f"{agreeing} and {len(rival.agreeing)} of {windows} windows"
        )
    return _heard(best, windows)


def _heard(line: _Line, windows: int) -> Heard:
    from_s, to_s = line.agreeing[0].second_s, line.agreeing[-1].second_s
    clearness = sorted(one.clearness for one in line.agreeing)[len(line.agreeing) // 2]
    share = Fraction(len(line.agreeing), windows)
    return Heard(
        from_s=from_s,
        to_s=to_s,
        lag_from_s=_micro(line.lag_at(float(from_s))),
        lag_to_s=_micro(line.lag_at(float(to_s))),
        uncertainty_s=_micro(line.farthest_s) + SOUND_PATH_S,
        drift_uncertainty_ppm=Fraction(round(2 * line.slope_spread * 1e6 * 1000), 1000),
        windows=windows,
        agreeing=len(line.agreeing),
        confidence=(share * (1 - 1 / clearness)).limit_denominator(1000),
    )


def _is_elsewhere(line: _Line, best: _Line) -> bool:
    return abs(line.lag_at(best.at_s) - best.lag_s) > RIVAL_APART_S


def _line(windows: Sequence[WindowLag]) -> _Line | None:
    """The line that most clear windows agree on; `None` when no `AGREEING_MIN` do."""
    clear = sorted((one for one in windows if one.is_clear), key=lambda one: one.second_s)
    best: list[WindowLag] = []
    spread_of_best = 0.0
    for one, other in combinations(clear, 2):
        if other.second_s == one.second_s:
            continue
        slope = float(other.lag_s - one.lag_s) / float(other.second_s - one.second_s)
        # Neighbours cannot tell a drift from a source that moves; the ends of the shared time can.
        slope = max(-DRIFT_MAX_PPM * 1e-6, min(DRIFT_MAX_PPM * 1e-6, slope))
        middle_s = float(one.lag_s + other.lag_s) / 2 - slope * float(one.second_s + other.second_s) / 2
        off = [abs(float(window.lag_s) - middle_s - slope * float(window.second_s)) for window in clear]
        agreeing = [window for window, by in zip(clear, off, strict=True) if by <= AGREEMENT_S]
        spread = sum(by for by in off if by <= AGREEMENT_S)
        if (len(agreeing), -spread) > (len(best), -spread_of_best):
            best, spread_of_best = agreeing, spread
    return _fit(best) if len(best) >= AGREEING_MIN else None


def _fit(windows: Sequence[WindowLag]) -> _Line:
    """The best line through windows, with a drift that is believed to be a usual one as far as they do not tell.

    (Ridge regression: the mean of the posterior of the slope under a normal prior of `DRIFT_USUAL_PPM`.)
    """
    count = len(windows)
    at_s = sum(float(one.second_s) for one in windows) / count
    lag_s = sum(float(one.lag_s) for one in windows) / count
    times = [float(one.second_s) - at_s for one in windows]
    lags = [float(one.lag_s) - lag_s for one in windows]
    squares = sum(time * time for time in times)
    product = sum(time * lag for time, lag in zip(times, lags, strict=True))
    steepest = product / squares
    rest = sum((lag - steepest * time) ** 2 for time, lag in zip(times, lags, strict=True))
    variance = max(rest / max(count - 2, 1), _QUIETEST_SPREAD_S**2)
    prior = variance / (DRIFT_USUAL_PPM * 1e-6) ** 2
    slope = product / (squares + prior)
    farthest_s = max(abs(lag - slope * time) for time, lag in zip(times, lags, strict=True))
    return _Line(at_s, lag_s, slope, (variance / (squares + prior)) ** 0.5, tuple(windows), farthest_s)


def _micro(seconds: float) -> Fraction:
    return Fraction(round(seconds * 1_000_000), 1_000_000)
