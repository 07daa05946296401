"""Which recordings are worth comparing by sound, and within which lags?

Rules kept here:

* A camera films one thing at a time: two recordings of one camera are never compared.
* Clocks say how far apart two recordings began, give or take their uncertainties: only such lags are looked at, and of
  these only those at which both would have been filming together for `SHARED_MIN_S`. Clocks that may be local time
  allow every lag.
* Who has no sound is compared with nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from pipeline.domain.alignment.stretches import Stretch

SHARED_MIN_S = Fraction(5)
"""In less than this too little happens to be sure."""


@dataclass(frozen=True, slots=True)
class PairToHear:
    """Two stretches to compare."""

    first: Stretch
    second: Stretch
    lag_min_s: Fraction
    """Moment t of the second is moment t + lag of the first."""
    lag_max_s: Fraction

    @property
    def shared_min_s(self) -> Fraction:
        """For how long both must have been filming."""
        return _shared_min_s(self.first, self.second)


def pairs_to_hear(stretches: Sequence[Stretch]) -> list[PairToHear]:
    """The pairs worth comparing, in a steady order."""
    ordered = sorted((one for one in stretches if one.sound is not None), key=lambda one: one.key)
    pairs = (pair_to_hear(first, second) for first, second in combinations(ordered, 2))
    return [pair for pair in pairs if pair is not None]


def pair_to_hear(first: Stretch, second: Stretch) -> PairToHear | None:
    """How to compare two stretches; `None` when they cannot have filmed together."""
    if first.camera_serial == second.camera_serial:
        return None
    apart_s = Fraction((second.clock.start_at - first.clock.start_at).total_seconds())
    doubt_s = first.clock.uncertainty_s + second.clock.uncertainty_s
    shared_s = _shared_min_s(first, second)
    # Lags in whole milliseconds: they name the measurement.
    low_s = max(apart_s - doubt_s, first.span.start_s + shared_s - second.span.end_s)
    high_s = min(apart_s + doubt_s, first.span.end_s - shared_s - second.span.start_s)
    low_s, high_s = Fraction(int(low_s * 1000 // 1), 1000), Fraction(-int(-high_s * 1000 // 1), 1000)
    return PairToHear(first, second, low_s, high_s) if low_s <= high_s else None


def _shared_min_s(first: Stretch, second: Stretch) -> Fraction:
    return min(SHARED_MIN_S, first.span.duration_s, second.span.duration_s) * Fraction(9, 10)
