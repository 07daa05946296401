"""What did an annotator say about a clip, and may it be said?

Rules kept here:

* Times are exact seconds on the clip's own timeline, whose zero is the clip's first frame; `ClipLabels.on_recording`
  moves them to the recording's.
* Labels fit when every word is in the taxonomy, every event lies inside the clip, and every required question has an
  answer (just one, unless more are allowed).
* A box lies in the picture, in percent of it, so that it holds for every rendition.
* An event, answer or box that is given twice is given once; order carries no meaning, so it is always the same.

Whether two annotators agree is not asked here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, Self

from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.taxonomy import Answer, BoxKind, EventKind, Question, Taxonomy
from pipeline.domain.timeline import Span
from pipeline.errors import InvalidLabelsError

__all__ = [
    "DELETED",
    "SAYS_NOTHING",
    "SKIPPED",
    "Answer",
    "BoxKind",
    "BoxPoint",
    "BoxTrack",
    "ChoiceAnswer",
    "ClipLabels",
    "EventKind",
    "EventLabel",
    "Question",
    "Taxonomy",
]


SKIPPED = "the annotator skipped the clip"
"""Why an answer says nothing: it replaces what this annotator said before, and speaks against nobody else's."""
DELETED = "the answer was deleted in Label Studio"
"""Likewise: somebody took it back."""
SAYS_NOTHING = frozenset({SKIPPED, DELETED})
"""Refusals that are no mistake."""

FULL_PERCENT: Final = 100
EDGE_PERCENT: Final = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class EventLabel:
    """This kind of event, in this span."""

    kind: str
    """Key of the event kind in the taxonomy."""
    span: Span


@dataclass(frozen=True, slots=True)
class ChoiceAnswer:
    """This answer to this question about the clip as a whole."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class BoxPoint:
    """Where a box is from one moment on, until its next point; between two points it moves evenly."""

    at_s: Fraction
    x_percent: Fraction
    """Of the upright picture's width, from its left edge to the box's; likewise the others."""
    y_percent: Fraction
    width_percent: Fraction
    height_percent: Fraction
    rotation_deg: Fraction
    """Clockwise, about the box's upper left corner."""
    goes_on: bool
    """Whether the box is there from here to the next point, or to the clip's end."""


@dataclass(frozen=True, slots=True)
class BoxTrack:
    """A box of this kind, followed through the clip."""

    kind: str
    """Key of the kind of box in the taxonomy."""
    points: tuple[BoxPoint, ...]
    """By time; at least one."""


@dataclass(frozen=True, slots=True)
class ClipLabels:
    """Everything that one annotator said about one clip."""

    events: tuple[EventLabel, ...]
    choices: tuple[ChoiceAnswer, ...]
    boxes: tuple[BoxTrack, ...] = ()

    @classmethod
    def of(cls, events: Iterable[EventLabel], choices: Iterable[ChoiceAnswer], boxes: Iterable[BoxTrack] = ()) -> Self:
        """Labels in their one order, each once."""
        return cls(
            tuple(sorted(set(events), key=lambda event: (event.span, event.kind))),
            tuple(sorted(set(choices), key=lambda choice: (choice.question, choice.answer))),
            tuple(sorted(set(boxes), key=lambda box: (box.kind, box.points[0].at_s, repr(box.points)))),
        )

    def on_recording(self, clip_span: Span) -> "ClipLabels":
        """The same labels, timed on the recording of which the clip is this span."""
        moved = [EventLabel(event.kind, event.span.shifted(clip_span.start_s)) for event in self.events]
        boxes = [
            replace(box, points=tuple(replace(point, at_s=point.at_s + clip_span.start_s) for point in box.points))
            for box in self.boxes
        ]
        return ClipLabels.of(moved, self.choices, boxes)

    def misfits(self, taxonomy: Taxonomy, duration_s: Fraction) -> tuple[str, ...]:
        """Why these labels do not fit a clip of this length under this taxonomy; empty when they do."""
        return tuple(
            self._event_misfits(taxonomy, duration_s)
            + self._choice_misfits(taxonomy)
            + self._box_misfits(taxonomy, duration_s)
        )

    def fitting(self, taxonomy: Taxonomy, duration_s: Fraction) -> Self:
        """These labels, when they fit a clip of this length in seconds under this taxonomy.

        Raises:
            InvalidLabelsError: they do not; the message tells every reason.
        """
        if reasons := self.misfits(taxonomy, duration_s):
            raise InvalidLabelsError("; ".join(reasons))
        return self

    def to_json(self) -> dict[str, list[dict[str, Any]]]:
        """Plain JSON types that `from_json` reads back exactly; boxes only where there are any."""
        boxes = {"boxes": [to_plain(box) for box in self.boxes]} if self.boxes else {}
        return boxes | {
            "events": [
                {"kind": event.kind, "start_s": _text(event.span.start_s), "end_s": _text(event.span.end_s)}
                for event in self.events
            ],
            "choices": [{"question": choice.question, "answer": choice.answer} for choice in self.choices],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, list[dict[str, Any]]]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidLabelsError: it is something else.
        """
        try:
            return cls.of(
                [
                    EventLabel(event["kind"], Span(Fraction(event["start_s"]), Fraction(event["end_s"])))
                    for event in content["events"]
                ],
                [ChoiceAnswer(choice["question"], choice["answer"]) for choice in content["choices"]],
                [from_plain(BoxTrack, box) for box in content.get("boxes", ())],
            )
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as exc:
            raise InvalidLabelsError(f"expected labels as they were recorded, found {content!r:.200}") from exc

    def _event_misfits(self, taxonomy: Taxonomy, duration_s: Fraction) -> list[str]:
        reasons = []
        for event in self.events:
            start_s, end_s = event.span.start_s, event.span.end_s
            if taxonomy.event(event.kind) is None:
                reasons.append(f"event at {start_s} s: {event.kind!r:.80} is not in {taxonomy.name}")
            if end_s > duration_s:
                reasons.append(f"event {event.kind!r:.80} ends at {end_s} s, after the clip's end at {duration_s} s")
        return reasons

    def _box_misfits(self, taxonomy: Taxonomy, duration_s: Fraction) -> list[str]:
        reasons = []
        for box in self.boxes:
            if taxonomy.box(box.kind) is None:
                reasons.append(f"box {box.kind!r:.80} is not in {taxonomy.name}")
            for point in box.points:
                if not 0 <= point.at_s < duration_s:
                    reasons.append(f"box {box.kind!r:.80} at {point.at_s} s is not in a clip of {duration_s} s")
                sides = (point.x_percent, point.y_percent, point.width_percent, point.height_percent)
                # An editor rounds: an edge may lie a little outside.
                inside = all(0 <= side <= FULL_PERCENT for side in sides[:2]) and all(side > 0 for side in sides[2:])
                if not inside or max(sides[0] + sides[2], sides[1] + sides[3]) > FULL_PERCENT + EDGE_PERCENT:
                    told = ", ".join(f"{float(side):.3f}" for side in sides)
                    reasons.append(f"box {box.kind!r:.80} at {point.at_s} s is not in the picture: {told} percent")
        return reasons

    def _choice_misfits(self, taxonomy: Taxonomy) -> list[str]:
        reasons = []
        given: dict[str, int] = {}
        for choice in self.choices:
            given[choice.question] = given.get(choice.question, 0) + 1
            question = taxonomy.question(choice.question)
            if question is None:
                reasons.append(f"question {choice.question!r:.80} is not in {taxonomy.name}")
            elif question.answer(choice.answer) is None:
                reasons.append(f"answer {choice.answer!r:.80} to {question.key} is not in {taxonomy.name}")
        for question in taxonomy.questions:
            answers = given.get(question.key, 0)
            if question.required and not answers:
                reasons.append(f"question {question.key} has no answer")
            if answers > 1 and not question.multiple:
                reasons.append(f"question {question.key} has {answers} answers and takes one")
        return reasons


def _text(seconds: Fraction) -> str:
    return f"{seconds.numerator}/{seconds.denominator}"
