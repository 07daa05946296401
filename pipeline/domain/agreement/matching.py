"""Which event that one person marked is the one that another marked?

Rules kept here:

* Only events of one kind are compared.
* Two spans can be the same event when their temporal intersection over union (tIoU) is at least a threshold; two
  points when their onsets lie no further apart than a tolerance.
* The closest two are matched first, then the closest two of the rest; none is matched twice. For spans of one person
  that do not overlap, a threshold above one half leaves no choice, so there the order does not matter.
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
    near = sorted(
        (distance, one, other)
        for one, left in enumerate(sorted(first))
        for other, right in enumerate(sorted(second))
        if (distance := _distance(left, right, extent, closeness)) is not None
    )
    lefts, rights = sorted(first), sorted(second)
    taken: dict[int, int] = {}
    for _distance_between, one, other in near:
        if one not in taken and other not in taken.values():
            taken[one] = other
    return Matching(
        pairs=tuple((lefts[one], rights[taken[one]]) for one in sorted(taken)),
        first_only=tuple(span for one, span in enumerate(lefts) if one not in taken),
        second_only=tuple(span for other, span in enumerate(rights) if other not in taken.values()),
    )


def _distance(left: Span, right: Span, extent: Extent, closeness: Closeness) -> Fraction | None:
    """How far two marks are from being the same; `None` when they cannot be."""
    if extent == "point":
        apart_s = abs(left.start_s - right.start_s)
        return apart_s if apart_s <= closeness.onset_tolerance_s else None
    overlap = tiou(left, right)
    return 1 - overlap if overlap >= closeness.tiou_min else None
