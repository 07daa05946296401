"""Which event that one person marked is the one that another marked?

Rules kept here:

* Only events of one kind are compared.
* Two spans can be the same event when their temporal intersection over union (tIoU) is at least a threshold; two
  points when their onsets lie no further apart than a tolerance.
* None is matched twice. Of points as many are matched as can be, and of all ways to do so, so that they lie as close as
  can be: what `mir_eval` and other published evaluations count, with the closest pairs of those.
* Of spans the closest two are matched first, then the closest two of the rest. For spans of one person that do not
  overlap, a threshold above one half leaves no choice, so there the order does not matter.
* The answer does not depend on who is named first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.taxonomy import Extent
from pipeline.domain.timeline import Span


@dataclass(frozen=True, slots=True)
class Closeness:
    """When two marks may be the same event."""

    tiou_min: Fraction = Fraction(1, 2)
    """For spans. One half is what detection benchmarks (ActivityNet, THUMOS) count as found."""
    onset_tolerance_s: Fraction = Fraction(1, 2)
    """For points. A person who watches at normal speed presses a key within about this of what they see."""

    def __post_init__(self) -> None:
        if not 0 < self.tiou_min <= 1 or self.onset_tolerance_s < 0:
            raise ValueError(f"expected a tIoU in (0, 1] and a tolerance from 0 on, found {self}")


@dataclass(frozen=True, slots=True)
class Matching:
    """What two people marked of one kind, paired."""

    pairs: tuple[tuple[Span, Span], ...]
    """The same event as the one and as the other marked it, in order of time."""
    first_only: tuple[Span, ...]
    second_only: tuple[Span, ...]


def tiou(first: Span, second: Span) -> Fraction:
    """Length of what two spans share over the length of what either covers: 0 when they share nothing, 1 when equal."""
    shared = first.clamped(second)
    if shared is None:
        return Fraction(0)
    return shared.duration_s / (first.duration_s + second.duration_s - shared.duration_s)


def match(first: Sequence[Span], second: Sequence[Span], *, extent: Extent, closeness: Closeness) -> Matching:
    """Pair what two people marked of one kind; each is matched at most once."""
    lefts, rights = sorted(first), sorted(second)
    taken = _points(lefts, rights, closeness) if extent == "point" else _spans(lefts, rights, closeness)
    return Matching(
        pairs=tuple((lefts[one], rights[taken[one]]) for one in sorted(taken)),
        first_only=tuple(span for one, span in enumerate(lefts) if one not in taken),
        second_only=tuple(span for other, span in enumerate(rights) if other not in taken.values()),
    )


def _spans(lefts: Sequence[Span], rights: Sequence[Span], closeness: Closeness) -> dict[int, int]:
    near = sorted(
        (1 - overlap, one, other)
        for one, left in enumerate(lefts)
        for other, right in enumerate(rights)
        if (overlap := tiou(left, right)) >= closeness.tiou_min
    )
    taken: dict[int, int] = {}
    for _apart, one, other in near:
        if one not in taken and other not in taken.values():
            taken[one] = other
    return taken


_Way = tuple[int, Fraction, tuple[tuple[Fraction, Fraction], ...], tuple[tuple[int, int], ...]]
"""How good a way to pair is, the least first: pairs (less of them is more), distance, where they lie; and the pairs."""


def _points(lefts: Sequence[Span], rights: Sequence[Span], closeness: Closeness) -> dict[int, int]:
    """On a line, pairs that cross are never better than the same four points uncrossed: so they are tried in order."""
    nothing: _Way = (0, Fraction(0), (), ())
    below = [nothing] * (len(rights) + 1)
    for one in reversed(range(len(lefts))):
        row = [nothing] * (len(rights) + 1)
        for other in reversed(range(len(rights))):
            row[other] = min(below[other], row[other + 1])
            ends_s = sorted((lefts[one].start_s, rights[other].start_s))
            if ends_s[1] - ends_s[0] <= closeness.onset_tolerance_s:
                count, apart_s, places, pairs = below[other + 1]
                here = (ends_s[0], ends_s[1])
                way = (count - 1, apart_s + ends_s[1] - ends_s[0], (here, *places), ((one, other), *pairs))
                row[other] = min(row[other], way)
        below = row
    return dict(below[0][3])
