"""How well do two people agree on the events of one clip, or of many?

For each label: how many events both marked, how many only one of them, the F1 of that, and how far apart the two say
that an event begins and ends. The F1 of two people is symmetric: whoever is taken for the truth, precision of the one
is recall of the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from pipeline.domain.agreement.matching import Closeness, match, tiou
from pipeline.domain.labels import ClipLabels
from pipeline.domain.taxonomy import EventKind, Taxonomy

MS_IN_S = 1000


@dataclass(frozen=True, slots=True)
class EventAgreement:
    """How two people agree on one label."""

    kind: str
    both: int
    """Events that both marked."""
    first_only: int
    second_only: int
    tious: tuple[Fraction, ...]
    """Of each event that both marked; for points, whose length says nothing, there are none."""
    onset_errors_ms: tuple[Fraction, ...]
    """How much later the second says each of them begins; negative when earlier."""
    offset_errors_ms: tuple[Fraction, ...]
    """Likewise for the end; for points there are none."""

    @property
    def f1(self) -> Fraction | None:
        """2 both / (2 both + first only + second only); `None` where nobody marked anything."""
        marked = 2 * self.both + self.first_only + self.second_only
        return Fraction(2 * self.both, marked) if marked else None

    @property
    def mean_tiou(self) -> Fraction | None:
        """Mean overlap of the events that both marked."""
        return sum(self.tious, Fraction(0)) / len(self.tious) if self.tious else None

    @property
    def onset_error_ms(self) -> Fraction | None:
        """Median distance of the two onsets, without sign."""
        return _median_size(self.onset_errors_ms)

    @property
    def offset_error_ms(self) -> Fraction | None:
        """Median distance of the two ends, without sign."""
        return _median_size(self.offset_errors_ms)


def agree_on_events(
    first: ClipLabels, second: ClipLabels, *, taxonomy: Taxonomy, closeness: Closeness
) -> tuple[EventAgreement, ...]:
    """Compare what two people said of the same clip, for each label of the taxonomy, in its order."""
    return tuple(_agree_on(kind, first, second, closeness) for kind in taxonomy.events)


def pooled(agreements: Iterable[Sequence[EventAgreement]]) -> tuple[EventAgreement, ...]:
    """The same over many clips: counts are added, so that a clip with many events weighs more than one with few."""
    by_kind: dict[str, list[EventAgreement]] = {}
    for agreement in chain.from_iterable(agreements):
        by_kind.setdefault(agreement.kind, []).append(agreement)
    return tuple(
        EventAgreement(
            kind=kind,
            both=sum(part.both for part in parts),
            first_only=sum(part.first_only for part in parts),
            second_only=sum(part.second_only for part in parts),
            tious=tuple(chain.from_iterable(part.tious for part in parts)),
            onset_errors_ms=tuple(chain.from_iterable(part.onset_errors_ms for part in parts)),
            offset_errors_ms=tuple(chain.from_iterable(part.offset_errors_ms for part in parts)),
        )
        for kind, parts in by_kind.items()
    )


def _agree_on(kind: EventKind, first: ClipLabels, second: ClipLabels, closeness: Closeness) -> EventAgreement:
    said = [[event.span for event in labels.events if event.kind == kind.key] for labels in (first, second)]
    matching = match(said[0], said[1], extent=kind.extent, closeness=closeness)
    lasts = kind.extent == "span"
    return EventAgreement(
        kind=kind.key,
        both=len(matching.pairs),
        first_only=len(matching.first_only),
        second_only=len(matching.second_only),
        tious=tuple(tiou(one, other) for one, other in matching.pairs) if lasts else (),
        onset_errors_ms=tuple((other.start_s - one.start_s) * MS_IN_S for one, other in matching.pairs),
        offset_errors_ms=tuple((other.end_s - one.end_s) * MS_IN_S for one, other in matching.pairs) if lasts else (),
    )


def _median_size(errors: Sequence[Fraction]) -> Fraction | None:
    if not errors:
        return None
    sizes = sorted(abs(error) for error in errors)
    middle = len(sizes) // 2
    return sizes[middle] if len(sizes) % 2 else (sizes[middle - 1] + sizes[middle]) / 2
