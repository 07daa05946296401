"""What offset and drift has each recording, when pairs of them were measured against one another?

Rules kept here:

* Of measurements that agree all are used, by least squares: each pair says at the first and at the last moment that it
  was measured which two moments are one.
* A pair that the others contradict by more than its uncertainty is dropped: that one without which the rest agrees
  best, and of several the one of the least confidence. What only one pair tells nothing can contradict.
* The order in which recordings and pairs come changes nothing.

Inside, corrections of a few milliseconds to exact starting values are floats; what comes out is exact to a microsecond
and a thousandth ppm again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.alignment.hearing import SOUND_PATH_S, Heard
from pipeline.domain.alignment.stretches import StretchKey

_DRIFT_SCALE = 1e-4
"""The unit in which drifts are solved for: a hundred ppm, that is a tenth of a second in a quarter of an hour."""
_SPREAD_MIN_S = 0.00025
_SPREAD_MIN_PPM = 0.5
_DRIFT_TOLERANCE = 3
"""How many times its uncertainty a measured drift may be off: that is a spread of windows, no bound."""
_COST_DIGITS = 6
_SUSPECTS_MAX = 24
_TREE_DIGITS = 9
"""Exact fractions would double in length with each pair of a chain."""
_NOTHING = 1e-9
"""A pivot below this tells nothing; those of measurements are a thousand and more."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Two stretches that heard the same."""

    first: StretchKey
    second: StretchKey
    heard: Heard

    @property
    def moments(self) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]:
        """Moments of the first and the second that are one, at both ends."""
        heard = self.heard
        return (
            (heard.from_s + heard.lag_from_s, heard.from_s),
            (heard.to_s + heard.lag_to_s, heard.to_s),
        )

    @property
    def stretched(self) -> Fraction:
        """Seconds of the first in one second of the second."""
        return 1 + self.heard.drift_ppm / 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """Moment t of a stretch is at `offset_s + rate * t`."""

    offset_s: Fraction
    rate: Fraction

    def at(self, moment_s: Fraction) -> Fraction:
        """Where a moment is."""
        return self.offset_s + self.rate * moment_s

    def rounded(self, digits: int = 6) -> "Line":
        """To a microsecond and a thousandth ppm, or with more digits."""
        second, rate = 10**digits, 10 ** (digits + 3)
        return Line(Fraction(round(self.offset_s * second), second), Fraction(round(self.rate * rate), rate))


@dataclass(frozen=True, slots=True)
class Dropped:
    """A measurement that the others contradict."""

    measured: Measured
    off_s: Fraction
    """How far it is off what the others say together; 0 where they then say nothing."""


@dataclass(frozen=True, slots=True)
class Solution:
    """A line for each stretch, against the reference of its group."""

    lines: Mapping[StretchKey, Line]
    dropped: tuple[Dropped, ...]


def groups_of(keys: Sequence[StretchKey], measured: Sequence[Measured]) -> list[list[StretchKey]]:
    """The stretches that measurements join, each group in order, the groups by their first."""
    leader = {key: key for key in keys}

    def lead(key: StretchKey) -> StretchKey:
        while leader[key] != key:
            key = leader[key]
        return key

    for one in measured:
        low, high = sorted((lead(one.first), lead(one.second)))
        leader[high] = low
    found: dict[StretchKey, list[StretchKey]] = {}
    for key in sorted(keys):
        found.setdefault(lead(key), []).append(key)
    return [found[key] for key in sorted(found)]


def solve(references: Sequence[StretchKey], measured: Sequence[Measured]) -> Solution:
    """The lines of all stretches that measurements join to a reference, each reference at offset 0 and rate 1.

    Args:
        references: one stretch of each group.
        measured: the pairs, in any order.
    """
    kept = sorted(measured, key=lambda one: (-one.heard.confidence, one.first, one.second))
    removed: list[Measured] = []
    lines = _least_squares(references, kept)
    while any(_strain(one, lines) > 1 for one in kept):
        trials = []
        # A pair that is wrong is among the most strained; with hundreds of pairs, to try each would take minutes.
        for one in sorted(kept, key=lambda pair: -_strain(pair, lines))[:_SUSPECTS_MAX]:
            rest = [other for other in kept if other is not one]
            trial = _least_squares(references, rest)
            cost = round(sum(_strain(other, trial) ** 2 for other in rest), _COST_DIGITS)
            if len(trial) == len(lines):  # what joins two parts is contradicted by nothing
                trials.append((cost, one.heard.confidence, one.first, one.second, one))
        worst = min(trials, key=lambda trial: trial[:4])[4]
        removed.append(worst)
        kept = [other for other in kept if other is not worst]
        lines = _least_squares(references, kept)
    return Solution(
        {key: line.rounded() for key, line in lines.items()},
        tuple(Dropped(one, _off_s(one, lines)) for one in removed),
    )


def _strain(one: Measured, lines: Mapping[StretchKey, Line]) -> float:
    """How far the lines are off what a pair says, in place or in rate, in parts of what may be; above 1 is too far."""
    if one.first not in lines or one.second not in lines:
        return 0.0
    off_ppm = abs(lines[one.second].rate - lines[one.first].rate * one.stretched) * 1_000_000
    may_be_ppm = _DRIFT_TOLERANCE * max(float(one.heard.drift_uncertainty_ppm), _SPREAD_MIN_PPM)
    return max(float(_off_s(one, lines) / one.heard.uncertainty_s), float(off_ppm) / may_be_ppm)


def _off_s(one: Measured, lines: Mapping[StretchKey, Line]) -> Fraction:
    """How far the lines put apart what is one moment, at the worse end; 0 when they do not have both."""
    if one.first not in lines or one.second not in lines:
        return Fraction(0)
    return max(abs(lines[one.first].at(first_s) - lines[one.second].at(second_s)) for first_s, second_s in one.moments)


def _least_squares(references: Sequence[StretchKey], kept: Sequence[Measured]) -> dict[StretchKey, Line]:
    lines = _along_a_tree(references, kept)
    free = sorted(key for key in lines if key not in references)
    inside = [one for one in kept if one.first in lines and one.second in lines]
    if not free or len(inside) == len(free):  # a tree is met exactly
        return lines
    place = {key: 2 * number for number, key in enumerate(free)}
    # Positions count from the middle of what is known of a stretch, so that its place and its rate are told apart well.
    middles = {key: _middle_s(key, inside) for key in free}
    size = 2 * len(free)
    normal = [[0.0] * size for _ in range(size)]
    right = [0.0] * size
    for one in sorted(inside, key=lambda pair: (pair.first, pair.second)):
        for row, off, spread in _equations(one, lines, place, middles):
            for at, value in row:
                right[at] += value * off / spread**2
                for other, factor in row:
                    normal[at][other] += value * factor / spread**2
    found = _eliminate(normal, right)
    for key in free:
        shift, turn = Fraction(found[place[key]]), Fraction(found[place[key] + 1] * _DRIFT_SCALE)
        line = lines[key]
        lines[key] = Line(line.offset_s + shift - turn * middles[key], line.rate + turn).rounded(_TREE_DIGITS)
    return lines


def _equations(
    one: Measured,
    lines: Mapping[StretchKey, Line],
    place: Mapping[StretchKey, int],
    middles: Mapping[StretchKey, Fraction],
) -> Iterator[tuple[list[tuple[int, float]], float, float]]:
    """What a pair says of the corrections: their factors, what they must come to, and the spread of that.

    Two moments are one, at both ends, and the rates stand to one another as measured. Without the latter an error of a
    pair would pass for drifts that no clock has, where pairs were heard at moments far apart.
    """
    sides = ((one.first, 1.0), (one.second, -1.0))
    spread_s = max(float(one.heard.uncertainty_s - SOUND_PATH_S), _SPREAD_MIN_S)
    for moments in one.moments:
        row = []
        for (key, sign), moment_s in zip(sides, moments, strict=True):
            if key in place:
                row.append((place[key], sign))
                row.append((place[key] + 1, sign * float(moment_s - middles[key]) * _DRIFT_SCALE))
        yield row, float(lines[one.second].at(moments[1]) - lines[one.first].at(moments[0])), spread_s
    measured = lines[one.first].rate * one.stretched
    spread = max(float(one.heard.drift_uncertainty_ppm) / 2, _SPREAD_MIN_PPM) * 1e-6
    row = [(place[key] + 1, sign * _DRIFT_SCALE) for key, sign in sides if key in place]
    yield row, float(lines[one.second].rate - measured), spread


def _along_a_tree(references: Sequence[StretchKey], kept: Sequence[Measured]) -> dict[StretchKey, Line]:
    """Exact lines by the surest pairs alone, from the references on."""
    lines = {key: Line(Fraction(0), Fraction(1)) for key in references}
    while True:
        # The surest pair first: `kept` is in that order.
        one = next((pair for pair in kept if (pair.first in lines) != (pair.second in lines)), None)
        if one is None:
            return lines
        first_from_s, second_from_s = one.moments[0]
        if one.first in lines:
            known = lines[one.first]
            rate = known.rate * one.stretched
            lines[one.second] = Line(known.at(first_from_s) - rate * second_from_s, rate).rounded(_TREE_DIGITS)
        else:
            known = lines[one.second]
            rate = known.rate / one.stretched
            lines[one.first] = Line(known.at(second_from_s) - rate * first_from_s, rate).rounded(_TREE_DIGITS)


def _middle_s(key: StretchKey, inside: Sequence[Measured]) -> Fraction:
    moments = [first_s for one in inside if one.first == key for first_s, _ in one.moments]
    moments += [second_s for one in inside if one.second == key for _, second_s in one.moments]
    return sum(moments, Fraction(0)) / len(moments)


def _eliminate(normal: list[list[float]], right: list[float]) -> list[float]:
    """Gauss's elimination with pivots; what nothing tells of stays 0."""
    size = len(right)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(normal[row][column]))
        normal[column], normal[pivot] = normal[pivot], normal[column]
        right[column], right[pivot] = right[pivot], right[column]
        if abs(normal[column][column]) < _NOTHING:
            continue
        for row in range(column + 1, size):
            factor = normal[row][column] / normal[column][column]
            if factor:
                for at in range(column, size):
                    normal[row][at] -= factor * normal[column][at]
                right[row] -= factor * right[column]
    found = [0.0] * size
    for row in reversed(range(size)):
        if abs(normal[row][row]) >= _NOTHING:
            known = sum(normal[row][at] * found[at] for at in range(row + 1, size))
            found[row] = (right[row] - known) / normal[row][row]
    return found
