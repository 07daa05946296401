"""Which events does a clip have, by what several people say, and how sure is where they begin and end?

Rules kept here:

* The marks of all people for one kind of event are grouped: a group holds at most one mark of a person, and each mark
  in it could be the same event as every other (see `matching`). The closest are grouped first.
* A group is an event when enough people are in it.
* An event begins somewhere between the earliest and the latest onset that was marked, and ends likewise; what is told
  as the moment is the median. Two people give an interval, not a point, and that is what a model should be trained on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.agreement.matching import Closeness, match
from pipeline.domain.labels import ChoiceAnswer, ClipLabels, EventLabel
from pipeline.domain.taxonomy import EventKind, Taxonomy
from pipeline.domain.timeline import Span


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, as far as people agree, in seconds on the clip's timeline."""

    earliest_s: Fraction
    median_s: Fraction
    latest_s: Fraction


@dataclass(frozen=True, slots=True)
class ConsensusEvent:
    """An event that enough people marked."""

    kind: str
    onset: Moment
    offset: Moment
    marked_by: int
    asked: int
    """How many people labelled the clip."""


def consensus(
    answers: Mapping[str, ClipLabels], *, taxonomy: Taxonomy, closeness: Closeness, marked_by_min: int = 2
) -> tuple[ConsensusEvent, ...]:
    """The events that at least `marked_by_min` people marked, by time and then by the taxonomy's order."""
    found = [
        _event(kind.key, group, asked=len(answers))
        for kind in taxonomy.events
        for group in _groups(kind, answers, closeness)
        if len(group) >= marked_by_min
    ]
    order = {kind.key: number for number, kind in enumerate(taxonomy.events)}
    return tuple(sorted(found, key=lambda event: (event.onset.median_s, event.offset.median_s, order[event.kind])))


def _groups(kind: EventKind, answers: Mapping[str, ClipLabels], closeness: Closeness) -> list[list[Span]]:
    marks = [
        (annotator, event.span)
        for annotator in sorted(answers)
        for event in answers[annotator].events
        if event.kind == kind.key
    ]
    near = []
    for number, (annotator, left) in enumerate(marks):
        for other_number, (other_annotator, right) in enumerate(marks[number + 1 :], number + 1):
            if annotator != other_annotator and match([left], [right], extent=kind.extent, closeness=closeness).pairs:
                apart = abs(left.start_s - right.start_s) + abs(left.end_s - right.end_s)
                near.append((apart, sorted((left, right)), number, other_number))
    near.sort()
    group_of = {number: [number] for number in range(len(marks))}
    allowed = {frozenset((number, other)) for _, _, number, other in near}
    for _, _, number, other in near:
        joined, joining = group_of[number], group_of[other]
        if joined is joining or not all(frozenset((a, b)) in allowed for a in joined for b in joining):
            continue
        joined.extend(joining)
        for member in joining:
            group_of[member] = joined
    distinct = {id(group): group for group in group_of.values()}
    return [[marks[number][1] for number in group] for group in distinct.values()]


def _event(kind: str, group: Sequence[Span], *, asked: int) -> ConsensusEvent:
    onset = _moment([span.start_s for span in group])
    offset = _moment([span.end_s for span in group])
    return ConsensusEvent(kind=kind, onset=onset, offset=offset, marked_by=len(group), asked=asked)


def _moment(marked_s: Sequence[Fraction]) -> Moment:
    ordered = sorted(marked_s)
    middle = len(ordered) // 2
    median_s = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return Moment(ordered[0], median_s, ordered[-1])


def agreed_labels(
    answers: Mapping[str, ClipLabels], *, taxonomy: Taxonomy, closeness: Closeness | None = None
) -> ClipLabels:
    """What everybody says of a clip: the events that all of them marked, where their middle marks lie, and the answers
    that all of them gave.
    """
    everybody = len(answers)
    events = [
        EventLabel(event.kind, Span(event.onset.median_s, event.offset.median_s))
        for event in consensus(answers, taxonomy=taxonomy, closeness=closeness or Closeness(), marked_by_min=everybody)
    ]
    choices = [set(labels.choices) for labels in answers.values()]
    same = [question.key for question in taxonomy.questions if len(set(_answers(question.key, choices))) == 1]
    return ClipLabels.of(events, [choice for choice in set().union(*choices) if choice.question in same])


def _answers(question: str, choices: Sequence[set[ChoiceAnswer]]) -> list[frozenset[str]]:
    return [frozenset(choice.answer for choice in given if choice.question == question) for given in choices]
