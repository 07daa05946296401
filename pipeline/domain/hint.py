"""What was suggested about a recording before anybody looked, and what of that does an annotator find drawn?

A hint comes from a button that somebody pressed, from a detector of sounds, from a label on another camera or from an
older taxonomy. Rules kept here:

* A hint is a suggestion and never a label: it counts for nothing until a person has taken it.
* Which event a hint suggests is said by the taxonomy (`suggested_by`), or by the hint itself where its source knows
  events. One that suggests none still brings its clip forward.
* What is drawn lies on whole frames of the clip: a point on the one frame in which it begins, and only in the clip in
  which it begins; a span on every frame that it touches.
* What two witnesses suggest of one moment is drawn once, as the surer has it. A witness is a source; of labels on other
  cameras, each camera is one. What one witness suggests twice within a moment are two events. A bookmark says what, and
  when only roughly: it takes the place of nothing, and nothing takes its.

What was sent is recorded, so that an answer can be compared with it: `compare` tells whether anybody looked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final, Self

from pipeline.domain.ids import RecordingId
from pipeline.domain.labels import ClipLabels, EventLabel
from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.taxonomy import Taxonomy
from pipeline.domain.timeline import Span

BOOKMARK_S: Final = Fraction(1)
"""A bookmark is a moment: this much from it on is drawn."""
SAME_MOMENT_S: Final = Fraction(1, 4)
"""Two witnesses of a point mean the same when they are this close: what an alignment may be off, and a hand."""
SAME_SPAN: Final = Fraction(1, 2)
"""Two witnesses of a span mean the same when they share this much of what either covers."""


class HintSource(StrEnum):
    """Who suggests something."""

    BOOKMARK = "bookmark"
    """A button of the camera, or somebody at the dock."""
    IMPULSE = "impulse"
    """A short loud sound."""
    SPEECH = "speech"
    """A voice."""
    PROJECTION = "projection"
    """A label of the same moment on another camera."""
    CARRIED = "carried"
    """An answer under an older taxonomy."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that may have happened in this span of a recording."""

    source: HintSource
    span: Span
    """On the recording's timeline."""
    score: Fraction
    """How sure the source is, from 0 to 1; 1 where a person said it."""
    word: str = ""
    """What the source called it, such as the category of a bookmark; never shown, only compared."""
    event: str | None = None
    """The key of the event, where the source knows events."""
    seen_on: RecordingId | None = None
    """The recording of the other camera, where a label there suggests it."""

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise ValueError(f"expected a score from 0 to 1, found {self.score}")


@dataclass(frozen=True, slots=True)
class PreAnnotation:
    """An event that is drawn before anybody looks, on the clip's own timeline."""

    event: EventLabel
    score: Fraction
    source: HintSource


@dataclass(frozen=True, slots=True)
class DrawnBefore:
    """Everything that is drawn on a clip beforehand, by time."""

    events: tuple[PreAnnotation, ...] = ()

    @property
    def surest(self) -> Fraction:
        """The best score; 0 where nothing is drawn."""
        return max((one.score for one in self.events), default=Fraction(0))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; fractions as "num/den"."""
        found: dict[str, Any] = to_plain(self)
        return found

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is something else.
        """
        return from_plain(cls, content)


NOTHING_DRAWN: Final = DrawnBefore()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the events that were drawn beforehand."""

    kept: int
    """Answered exactly as they were drawn."""
    dropped: int
    """Moved, renamed or removed."""
    drawn: int
    """Events of the answer that were not drawn beforehand."""

    @property
    def is_unchanged(self) -> bool:
        """Whether the answer says exactly what was drawn beforehand, and something was."""
        return self.kept > 0 and not self.dropped and not self.drawn


def hints_within(hints: Iterable[Hint], clip: Span) -> tuple[Hint, ...]:
    """The hints about any moment of a clip, by time."""
    return tuple(sorted((hint for hint in hints if hint.span.overlaps(clip)), key=_order))


def pre_annotations(hints: Iterable[Hint], *, clip: Span, frame_rate: Fraction, taxonomy: Taxonomy) -> DrawnBefore:
    """What is drawn on a clip beforehand, by time.

    Args:
        hints: about the clip's recording.
        clip: the clip's span on its recording.
        frame_rate: frames a second of the clip.
        taxonomy: the words that may be used, and which hints suggest them.
    """
    told: list[_Told] = []
    for hint in hints_within(hints, clip):
        kind = suggested(hint, taxonomy)
        span = _on_frames(hint.span, clip, frame_rate, is_point=taxonomy.is_point(kind)) if kind else None
        if kind is not None and span is not None:
            told.append(_Told(PreAnnotation(EventLabel(kind, span), hint.score, hint.source), hint.seen_on))
    drawn: list[_Told] = []
    for one in sorted(told, key=lambda one: -one.drawn.score):
        same = next((other for other in drawn if other.is_also(one, taxonomy)), None)
        if same is None:
            drawn.append(one)
        else:
            same.witnesses.add(one.witness)
    return DrawnBefore(
        tuple(sorted((one.drawn for one in drawn), key=lambda found: (found.event.span, found.event.kind)))
    )


def suggested(hint: Hint, taxonomy: Taxonomy) -> str | None:
    """The key of the event that a hint suggests under a taxonomy; `None` when it suggests none."""
    if hint.event is not None:
        return hint.event if taxonomy.event(hint.event) else None
    names = {hint.source, f"{hint.source}:{hint.word.strip().casefold()}"}
    return next((kind.key for kind in taxonomy.events if names.intersection(kind.suggested_by)), None)


def compare(drawn: DrawnBefore, answer: ClipLabels) -> Comparison:
    """What an answer made of the events that were drawn beforehand."""
    before, after = {one.event for one in drawn.events}, set(answer.events)
    kept = len(before & after)
    return Comparison(kept, len(before) - kept, len(after) - kept)


@dataclass(slots=True)
class _Told:
    """What is drawn, and everybody who suggests it."""

    drawn: PreAnnotation
    seen_on: RecordingId | None
    witnesses: set[object] = field(init=False)

    def __post_init__(self) -> None:
        self.witnesses = {self.witness}

    @property
    def witness(self) -> object:
        return self.drawn.source, self.seen_on

    def is_also(self, other: "_Told", taxonomy: Taxonomy) -> bool:
        """Whether another, less sure, is this one once more."""
        here, there = self.drawn, other.drawn
        if here.event == there.event:
            return True
        if here.event.kind != there.event.kind or other.witness in self.witnesses:
            return False
        if HintSource.BOOKMARK in (here.source, there.source):
            return False
        one, same = here.event.span, there.event.span
        if taxonomy.is_point(here.event.kind):
            return abs(one.start_s - same.start_s) <= SAME_MOMENT_S
        shared = one.clamped(same)
        covered_s = max(one.end_s, same.end_s) - min(one.start_s, same.start_s)
        return shared is not None and shared.duration_s >= SAME_SPAN * covered_s


def _on_frames(span: Span, clip: Span, frame_rate: Fraction, *, is_point: bool) -> Span | None:
    frames = round(clip.duration_s * frame_rate)
    start = floor((span.start_s - clip.start_s) * frame_rate)
    if is_point:
        return Span.of_frames(start, start + 1, frame_rate) if 0 <= start < frames else None
    start, end = max(0, start), min(frames, ceil((span.end_s - clip.start_s) * frame_rate))
    return Span.of_frames(start, end, frame_rate) if start < end else None


def _order(hint: Hint) -> tuple[Span, str, str, str, str]:
    return hint.span, hint.source, hint.word, hint.event or "", str(hint.seen_on or "")
