"""What is told of how labelling goes: one class for each kind of line. Annotators appear by their pseudonyms."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pipeline.domain.desk import Role


@dataclass(frozen=True, slots=True)
class LabelLine:
    """How far people agree on one label."""

    label: str
    marked_by_both: int
    marked_by_one: int
    f1: float | None
    mean_tiou: float | None
    onset_error_ms: float | None
    offset_error_ms: float | None


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """How far people agree on one question."""

    question: str
    alpha: float | None
    clips: int
    answers: int
    because: str


@dataclass(frozen=True, slots=True)
class PersonLine:
    """What one person has done, and how far the others agree with it."""

    annotator: str
    answers: int
    skipped: int
    refused: int
    hours: float
    """Counted by the browser, over the answers that told it."""
    median_answer_s: float | None
    hasty: int
    """Answers that took less time than the clip lasts."""
    f1: float | None
    """Over all labels, with everybody who labelled the same clips."""
    last_answer_at: datetime
    stamped: int
    """Answers that accept every suggestion unchanged in less time than the clip lasts."""
    gold_clips: int
    """Clips whose answer is known that they labelled without being told."""
    gold_f1: float | None
    """Over all labels, with what was known."""


@dataclass(frozen=True, slots=True)
class DayLine:
    """How many answers were given on one day (UTC)."""

    day: date
    answers: int


@dataclass(frozen=True, slots=True)
class DisputedLine:
    """A clip on which people do not agree."""

    clip_id: UUID
    reasons: tuple[str, ...]
    url: str
    """Its page in Label Studio."""


@dataclass(frozen=True, slots=True)
class OverTimeLine:
    """How far people agreed on one thing in one week."""

    week: date
    """Its Monday (UTC)."""
    annotator: str | None
    """This one with everybody else; `None` for all."""
    about: str
    """A label or a question."""
    measure: Literal["f1", "alpha"]
    value: float
    count: int
    """Events marked, or answers given."""


@dataclass(frozen=True, slots=True)
class ForecastLine:
    """How much work somebody has left, at their own speed."""

    annotator: str
    role: Role
    answers: int
    hours: float | None
    days: float | None
    """Working days of theirs."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """How labelling goes under one taxonomy."""

    taxonomy: str
    clips: int
    """Sent out."""
    open: int
    settled: int
    disputed: int
    adjudicated: int
    """Disputed ones that somebody decided."""
    answers_left: int
    """Answers that open clips still need."""
    hours_left: float | None
    """At the median time of an answer so far."""
    days_left: float | None
    """At the speed of the last days."""
    labels: tuple[LabelLine, ...]
    questions: tuple[QuestionLine, ...]
    people: tuple[PersonLine, ...]
    days: tuple[DayLine, ...]
    disputes: tuple[DisputedLine, ...]
    over_time: tuple[OverTimeLine, ...]
    forecast: tuple[ForecastLine, ...]
    assumptions: tuple[str, ...]
    """What the forecast takes for granted."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """An answer that counts for nothing, because it does not fit its clip or the taxonomy."""

    annotation_id: UUID
    clip_id: UUID
    annotator: str
    answered_at: datetime
    reason: str
    url: str
    """Its page in Label Studio, where it can be mended."""
