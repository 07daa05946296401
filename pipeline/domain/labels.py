"""What did an annotator say about a clip, and may it be said?

Rules kept here:

* Times are exact seconds on the clip's own timeline, whose zero is the clip's first frame; `ClipLabels.on_recording`
  moves them to the recording's.
* Labels fit when every word is in the taxonomy, every event lies inside the clip, and every required question has an
  answer (just one, unless more are allowed).
* An event or answer that is given twice is given once; order carries no meaning, so it is always the same.

Whether two annotators agree is not asked here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from pipeline.domain.taxonomy import Answer, EventKind, Question, Taxonomy
from pipeline.domain.timeline import Span
from pipeline.errors import InvalidLabelsError

__all__ = [
    "DELETED",
    "SAYS_NOTHING",
    "SKIPPED",
    "Answer",
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
class ClipLabels:
    """Everything that one annotator said about one clip."""

    events: tuple[EventLabel, ...]
    choices: tuple[ChoiceAnswer, ...]

    @classmethod
    def of(cls, events: Iterable[EventLabel], choices: Iterable[ChoiceAnswer]) -> Self:
        """Labels in their one order, each once."""
        return cls(
            tuple(sorted(set(events), key=lambda event: (event.span, event.kind))),
            tuple(sorted(set(choices), key=lambda choice: (choice.question, choice.answer))),
        )

    def on_recording(self, clip_span: Span) -> "ClipLabels":
        """The same labels, timed on the recording of which the clip is this span."""
        moved = [EventLabel(event.kind, event.span.shifted(clip_span.start_s)) for event in self.events]
        return ClipLabels.of(moved, self.choices)

    def misfits(self, taxonomy: Taxonomy, duration_s: Fraction) -> tuple[str, ...]:
        """Why these labels do not fit a clip of this length under this taxonomy; empty when they do."""
        return tuple(self._event_misfits(taxonomy, duration_s) + self._choice_misfits(taxonomy))

    def fitting(self, taxonomy: Taxonomy, duration_s: Fraction) -> Self:
        """These labels, when they fit a clip of this length in seconds under this taxonomy.

        Raises:
            InvalidLabelsError: they do not; the message tells every reason.
        """
        if reasons := self.misfits(taxonomy, duration_s):
            raise InvalidLabelsError("; ".join(reasons))
        return self

    def to_json(self) -> dict[str, list[dict[str, str]]]:
        """Plain JSON types that `from_json` reads back exactly."""
        return {
            "events": [
                {"kind": event.kind, "start_s": _text(event.span.start_s), "end_s": _text(event.span.end_s)}
                for event in self.events
            ],
            "choices": [{"question": choice.question, "answer": choice.answer} for choice in self.choices],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, list[dict[str, str]]]) -> Self:
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
