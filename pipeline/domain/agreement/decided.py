"""What counts for a clip: what an adjudicator decided, else what people agree on; and how sure is where events begin?

Rules kept here:

* An adjudicated answer counts whole, whatever anybody else said.
* Else an event counts when more than half of the people marked it, and begins at the middle of their marks; an answer
  to a question, when all gave it.
* An event carries an interval for its onset: from the earliest to the latest mark of those that are this event. To an
  adjudicator's mark those marks of annotators belong that could be the same event; others have no say.
* The agreement of an event is the share of the people asked who marked it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.agreement.consensus import agreed_labels, consensus
from pipeline.domain.agreement.matching import Closeness, match
from pipeline.domain.labels import ChoiceAnswer, ClipLabels, EventLabel
from pipeline.domain.taxonomy import Taxonomy
from pipeline.domain.timeline import Span


@dataclass(frozen=True, slots=True)
class DecidedEvent:
    """An event that counts, in seconds on the clip's timeline."""

    kind: str
    span: Span
    onset_earliest_s: Fraction
    onset_latest_s: Fraction
    agreement: Fraction
    """Of the people asked, the share that marked it; from 0 to 1."""
    adjudicated: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """Everything that counts for a clip."""

    events: tuple[DecidedEvent, ...] = ()
    choices: tuple[ChoiceAnswer, ...] = ()


def decide(
    said: Sequence[ClipLabels],
    adjudicated: ClipLabels | None,
    *,
    taxonomy: Taxonomy,
    closeness: Closeness | None = None,
) -> Decided:
    """What counts for a clip.

    Args:
        said: what each annotator said.
        adjudicated: what an adjudicator decided, if any did.
        taxonomy: the words.
        closeness: when two marks may be the same event.
    """
    near = closeness or Closeness()
    if adjudicated is not None:
        events = tuple(_adjudicated(event, said, taxonomy, near) for event in adjudicated.events)
        return Decided(events, adjudicated.choices)
    answers = {str(number): labels for number, labels in enumerate(said)}
    found = consensus(answers, taxonomy=taxonomy, closeness=near, marked_by_min=len(said) // 2 + 1)
    return Decided(
        tuple(
            DecidedEvent(
                kind=event.kind,
                span=Span(event.onset.median_s, event.offset.median_s),
                onset_earliest_s=event.onset.earliest_s,
                onset_latest_s=event.onset.latest_s,
                agreement=Fraction(event.marked_by, event.asked),
                adjudicated=False,
            )
            for event in found
        ),
        agreed_labels(answers, taxonomy=taxonomy, closeness=near).choices if answers else (),
    )


def _adjudicated(event: EventLabel, said: Sequence[ClipLabels], taxonomy: Taxonomy, near: Closeness) -> DecidedEvent:
    kind = taxonomy.event(event.kind)
    onsets_s = [event.span.start_s]
    for labels in said:
        marks = [one.span for one in labels.events if one.kind == event.kind]
        found = match([event.span], marks, extent=kind.extent if kind else "span", closeness=near)
        onsets_s += [theirs.start_s for _, theirs in found.pairs]
    return DecidedEvent(
        kind=event.kind,
        span=event.span,
        onset_earliest_s=min(onsets_s),
        onset_latest_s=max(onsets_s),
        agreement=Fraction(len(onsets_s) - 1, len(said)) if said else Fraction(0),
        adjudicated=True,
    )
