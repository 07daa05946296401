"""How does labelling go: what is done, what is left, and how far do the people who label agree?

Everything is computed from the answers that were collected, each person's newest for each clip. Annotators appear by
their pseudonyms.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from statistics import median
from uuid import UUID

from pipeline.domain.agreement.choices import Alpha, alpha, answers_to
from pipeline.domain.agreement.events import EventAgreement, agree_on_events, pooled
from pipeline.domain.agreement.verdict import Threshold, Verdict, judge
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import SAYS_NOTHING, SKIPPED, ClipLabels, Taxonomy
from pipeline.records import Database, annotations, clips
from pipeline.records.annotations import Answer, SentTask

FORECAST_DAYS = 7
"""How many days back the speed is taken from that the forecast goes on with."""

Said = dict[ClipId, dict[str, ClipLabels]]
"""What each person says of each clip now."""
Compared = list[tuple[frozenset[str], tuple[EventAgreement, ...]]]
"""Two people, and how they agree on the events of one clip; for every two on every clip."""


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
class Labelling:
    """How labelling goes under one taxonomy."""

    taxonomy: str
    clips: int
    """Sent out."""
    open: int
    settled: int
    disputed: int
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


def labelling(
    db: Database, *, taxonomy: Taxonomy, threshold: Threshold, now: datetime, label_studio_url: str
) -> Labelling:
    """Tell how labelling goes under a taxonomy. Changes nothing."""
    with db.begin() as session:
        tasks = annotations.tasks_under(session, taxonomy.digest)
        answers = annotations.current_answers(session, taxonomy.digest)
        lengths_s = {clip.clip_id: clip.span.duration_s for clip in clips.all_clips(session, None)}
    said = _said(answers)
    verdicts = {clip: judge(said.get(clip, {}), taxonomy=taxonomy, threshold=threshold) for clip in tasks}
    by_state = {state: [clip for clip, verdict in verdicts.items() if verdict.state == state] for state in _STATES}
    left = sum(threshold.annotators - len(said.get(clip, {})) for clip in by_state["open"])
    times_s = [answer.lead_time_s for answer in answers if answer.lead_time_s is not None]
    days = _days(answers)
    compared = _compared(said.values(), taxonomy, threshold)
    return Labelling(
        taxonomy=taxonomy.name,
        clips=len(tasks),
        open=len(by_state["open"]),
        settled=len(by_state["settled"]),
        disputed=len(by_state["disputed"]),
        answers_left=left,
        hours_left=round(left * median(times_s) / 3600, 2) if times_s else None,
        days_left=_days_left(left, days, now.date()),
        labels=tuple(map(_label_line, pooled(agreements for _, agreements in compared))),
        questions=tuple(
            _question_line(question.key, alpha(answers_to(question.key, each.values()) for each in said.values()))
            for question in taxonomy.questions
        ),
        people=tuple(_people(answers, lengths_s, compared)),
        days=days,
        disputes=tuple(_disputes(tasks, verdicts, by_state["disputed"], label_studio_url)),
    )


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


def refused_answers(db: Database, *, taxonomy: Taxonomy, label_studio_url: str) -> list[RefusedLine]:
    """The answers that stand and cannot be used, oldest first. Changes nothing."""
    with db.begin() as session:
        tasks = annotations.tasks_under(session, taxonomy.digest)
        answers = annotations.current_answers(session, taxonomy.digest)
    return [
        RefusedLine(
            annotation_id=answer.annotation_id,
            clip_id=answer.clip_id,
            annotator=answer.annotator,
            answered_at=answer.answered_at,
            reason=answer.refusal,
            url=_page(tasks[answer.clip_id], label_studio_url),
        )
        for answer in sorted(answers, key=lambda answer: (answer.answered_at, answer.annotation_id))
        if answer.refusal is not None and answer.refusal not in SAYS_NOTHING
    ]


_STATES = ("open", "settled", "disputed")


def _said(answers: Iterable[Answer]) -> Said:
    said: Said = defaultdict(dict)
    for answer in answers:
        if answer.labels is not None:
            said[answer.clip_id][answer.annotator] = answer.labels
    return dict(said)


def _compared(clips_said: Iterable[Mapping[str, ClipLabels]], taxonomy: Taxonomy, threshold: Threshold) -> Compared:
    return [
        (
            frozenset((one, other)),
            agree_on_events(each[one], each[other], taxonomy=taxonomy, closeness=threshold.closeness),
        )
        for each in clips_said
        for one, other in combinations(sorted(each), 2)
    ]


def _label_line(found: EventAgreement) -> LabelLine:
    return LabelLine(
        label=found.kind,
        marked_by_both=found.both,
        marked_by_one=found.first_only + found.second_only,
        f1=_rounded(found.f1, 3),
        mean_tiou=_rounded(found.mean_tiou, 3),
        onset_error_ms=_rounded(found.onset_error_ms, 1),
        offset_error_ms=_rounded(found.offset_error_ms, 1),
    )


def _question_line(question: str, found: Alpha) -> QuestionLine:
    return QuestionLine(question, _rounded(found.value, 3), found.units, found.answers, found.because)


def _people(
    answers: Sequence[Answer], lengths_s: Mapping[ClipId, Fraction], compared: Compared
) -> Iterable[PersonLine]:
    given: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        given[answer.annotator].append(answer)
    for annotator in sorted(given):
        theirs = given[annotator]
        times_s = [answer.lead_time_s for answer in theirs if answer.lead_time_s is not None]
        with_others = [one for pair, agreements in compared if annotator in pair for one in agreements]
        both = sum(one.both for one in with_others)
        single = sum(one.first_only + one.second_only for one in with_others)
        skipped = sum(answer.refusal == SKIPPED for answer in theirs)
        yield PersonLine(
            annotator=annotator,
            answers=sum(answer.labels is not None for answer in theirs),
            skipped=skipped,
            refused=sum(answer.refusal is not None and answer.refusal not in SAYS_NOTHING for answer in theirs),
            hours=round(sum(times_s) / 3600, 2),
            median_answer_s=round(median(times_s), 1) if times_s else None,
            hasty=sum(
                answer.labels is not None
                and answer.lead_time_s is not None
                and answer.lead_time_s < lengths_s[answer.clip_id]
                for answer in theirs
            ),
            f1=round(2 * both / (2 * both + single), 3) if both + single else None,
            last_answer_at=max(answer.answered_at for answer in theirs),
        )


def _days(answers: Iterable[Answer]) -> tuple[DayLine, ...]:
    counted: dict[date, int] = defaultdict(int)
    for answer in answers:
        counted[answer.answered_at.date()] += 1
    return tuple(DayLine(day, counted[day]) for day in sorted(counted))


def _days_left(left: int, days: Sequence[DayLine], today: date) -> float | None:
    recent = [line.answers for line in days if line.day > today - timedelta(days=FORECAST_DAYS)]
    # Days without answers (a weekend) slow the forecast as they slow the work; days before the first do not.
    since = max(min((line.day for line in days), default=today), today - timedelta(days=FORECAST_DAYS - 1))
    spent = (today - since).days + 1
    return round(left * spent / sum(recent), 1) if recent else None


def _disputes(
    tasks: Mapping[ClipId, SentTask], verdicts: Mapping[ClipId, Verdict], disputed: Iterable[ClipId], url: str
) -> Iterable[DisputedLine]:
    for clip_id in sorted(disputed):
        yield DisputedLine(clip_id, verdicts[clip_id].reasons, _page(tasks[clip_id], url))


def _page(task: SentTask, url: str) -> str:
    return f"{url.rstrip('/')}/projects/{task.project_id}/data?task={task.task_id}"


def _rounded(value: Fraction | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)
