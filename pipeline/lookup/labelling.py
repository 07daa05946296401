"""How does labelling go: what is done, what is left, and how far do the people who label agree?

Everything is computed from the answers that were collected, each person's newest for each clip. Annotators appear by
their pseudonyms.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from statistics import median

from pipeline.domain.agreement.choices import Alpha, alpha, answers_to
from pipeline.domain.agreement.events import EventAgreement, agree_on_events, pooled
from pipeline.domain.agreement.stamping import is_stamped
from pipeline.domain.agreement.verdict import Threshold, Verdict, judge
from pipeline.domain.agreement.workload import Worker, assumptions, disputes_ahead, forecast, usual_pace_s
from pipeline.domain.desk import ADJUDICATION, SHARED, Desk
from pipeline.domain.exposure import exposures, pace_s
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import SAYS_NOTHING, SKIPPED, ClipLabels, Taxonomy
from pipeline.lookup.labelling_lines import (
    DayLine,
    DisputedLine,
    ForecastLine,
    LabelLine,
    Labelling,
    PersonLine,
    QuestionLine,
    RefusedLine,
)
from pipeline.lookup.labelling_over_time import over_time
from pipeline.records import Database, Session, annotations, clips, desk_tasks, drawings, people
from pipeline.records.annotations import Answer, SentTask
from pipeline.records.desks import sittings
from pipeline.records.drawings import Drawings

FORECAST_DAYS = 7
"""How many days back the speed is taken from that the forecast goes on with."""

Said = dict[ClipId, dict[str, ClipLabels]]
"""What each person says of each clip now."""
Compared = list[tuple[frozenset[str], tuple[EventAgreement, ...]]]
"""Two people, and how they agree on the events of one clip; for every two on every clip."""
Tasks = Mapping[Desk, Mapping[ClipId, SentTask]]
"""Where each clip lies, by desk."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything that is asked of the records."""

    tasks: Tasks
    wanted: frozenset[ClipId]
    """The clips that people were asked about."""
    answers: list[Answer]
    checks: list[Answer]
    """Answers to gold clips."""
    decided: Mapping[ClipId, Answer]
    lengths_s: Mapping[ClipId, Fraction]
    drawn: Drawings
    workers: Mapping[str, list[Worker]]
    """Who works now, by role."""


def labelling(
    db: Database,
    *,
    taxonomy: Taxonomy,
    threshold: Threshold,
    now: datetime,
    label_studio_url: str,
    limit_s: float,
) -> Labelling:
    """Tell how labelling goes under a taxonomy. Changes nothing."""
    with db.begin() as session:
        facts = _facts(session, taxonomy)
    said = _said(facts.answers)
    verdicts = {clip: judge(said.get(clip, {}), taxonomy=taxonomy, threshold=threshold) for clip in facts.wanted}
    undecided = {clip: verdict for clip, verdict in verdicts.items() if clip not in facts.decided}
    by_state = {state: [clip for clip, verdict in undecided.items() if verdict.state == state] for state in _STATES}
    left = sum(threshold.annotators - len(said.get(clip, {})) for clip in by_state["open"])
    times_s = [answer.lead_time_s for answer in facts.answers if answer.lead_time_s is not None]
    days = _days(facts.answers)
    compared = _compared(said.values(), taxonomy, threshold)
    lines = _forecast(facts, by_state, left, limit_s)
    return Labelling(
        taxonomy=taxonomy.name,
        clips=len(facts.wanted),
        open=len(by_state["open"]),
        settled=len(by_state["settled"]),
        disputed=len(by_state["disputed"]),
        adjudicated=len(facts.decided),
        answers_left=left,
        hours_left=round(left * median(times_s) / 3600, 2) if times_s else None,
        days_left=_days_left(left, days, now.date()),
        labels=tuple(map(_label_line, pooled(agreements for _, agreements in compared))),
        questions=tuple(
            _question_line(question.key, alpha(answers_to(question.key, each.values()) for each in said.values()))
            for question in taxonomy.questions
        ),
        people=tuple(_people(facts, compared, taxonomy, threshold)),
        days=days,
        disputes=tuple(_disputes(facts.tasks, verdicts, by_state["disputed"], label_studio_url)),
        over_time=over_time(facts.answers, taxonomy=taxonomy, closeness=threshold.closeness),
        forecast=lines,
        assumptions=assumptions(
            {worker.annotator: worker.pace_s for workers in facts.workers.values() for worker in workers},
            limit_s=limit_s,
        )
        if lines
        else (),
    )


def refused_answers(db: Database, *, taxonomy: Taxonomy, label_studio_url: str) -> list[RefusedLine]:
    """The answers that stand and cannot be used, oldest first. Changes nothing."""
    with db.begin() as session:
        tasks = _tasks(session, taxonomy)
        answers = [
            *annotations.current_answers(session, taxonomy.digest),
            *annotations.trespassing(session, taxonomy.digest),
        ]
    return [
        RefusedLine(
            annotation_id=answer.annotation_id,
            clip_id=answer.clip_id,
            annotator=answer.annotator,
            answered_at=answer.answered_at,
            reason=answer.refusal,
            url=_page(tasks[answer.desk][answer.clip_id], label_studio_url),
        )
        for answer in sorted(answers, key=lambda answer: (answer.answered_at, answer.annotation_id))
        if answer.refusal is not None and answer.refusal not in SAYS_NOTHING
    ]


_STATES = ("open", "settled", "disputed")


def _facts(session: Session, taxonomy: Taxonomy) -> _Facts:
    tasks = _tasks(session, taxonomy)
    allotted = people.allotments(session, taxonomy.digest)
    sat = sittings(session)
    answers = annotations.current_answers(session, taxonomy.digest)
    answered = {(answer.annotator, answer.clip_id) for answer in answers}
    on_desk = Counter(
        one.annotator for one in allotted if one.purpose == "label" and (one.annotator, one.clip_id) not in answered
    )
    workers: dict[str, list[Worker]] = defaultdict(list)
    for one in people.everybody(session):
        if one.is_active:
            days_s = tuple(day.seconds for day in exposures(sat[one.annotator]))
            workers[one.role].append(Worker(one.annotator, pace_s(sat[one.annotator]), days_s, on_desk[one.annotator]))
    current = {answer.annotation_id for answer in answers}
    return _Facts(
        tasks=tasks,
        wanted=frozenset(tasks.get(SHARED, {})) | {one.clip_id for one in allotted if one.purpose == "label"},
        answers=answers,
        checks=[one for one in annotations.own_answers(session, taxonomy.digest) if one.annotation_id not in current],
        decided=annotations.adjudicated(session, taxonomy.digest),
        lengths_s={clip.clip_id: clip.span.duration_s for clip in clips.all_clips(session, None)},
        drawn=drawings.all_drawings(session, taxonomy.digest),
        workers=workers,
    )


def _tasks(session: Session, taxonomy: Taxonomy) -> Tasks:
    desks = desk_tasks.desks_in_use(session, taxonomy.digest)
    return {desk: desk_tasks.tasks_on(session, taxonomy.digest, desk) for desk in desks}


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


def _people(facts: _Facts, compared: Compared, taxonomy: Taxonomy, threshold: Threshold) -> Iterable[PersonLine]:
    given: dict[str, list[Answer]] = defaultdict(list)
    for answer in [*facts.answers, *facts.checks]:
        given[answer.annotator].append(answer)
    for annotator in sorted(given):
        theirs = given[annotator]
        times_s = [answer.lead_time_s for answer in theirs if answer.lead_time_s is not None]
        checks = [
            agree_on_events(known, check.labels, taxonomy=taxonomy, closeness=threshold.closeness)
            for check in facts.checks
            if check.annotator == annotator
            and check.labels is not None
            and check.clip_id in facts.decided
            and (known := facts.decided[check.clip_id].labels) is not None
        ]
        yield PersonLine(
            annotator=annotator,
            answers=sum(answer.labels is not None for answer in theirs),
            skipped=sum(answer.refusal == SKIPPED for answer in theirs),
            refused=sum(answer.refusal is not None and answer.refusal not in SAYS_NOTHING for answer in theirs),
            hours=round(sum(times_s) / 3600, 2),
            median_answer_s=round(median(times_s), 1) if times_s else None,
            hasty=sum(
                answer.labels is not None
                and answer.lead_time_s is not None
                and answer.lead_time_s < facts.lengths_s[answer.clip_id]
                for answer in theirs
            ),
            f1=_f1([one for pair, agreements in compared if annotator in pair for one in agreements]),
            last_answer_at=max(answer.answered_at for answer in theirs),
            stamped=sum(_is_stamped(facts, answer) for answer in theirs),
            gold_clips=len(checks),
            gold_f1=_f1([one for agreements in checks for one in agreements]),
        )


def _is_stamped(facts: _Facts, answer: Answer) -> bool:
    clip_s = facts.lengths_s[answer.clip_id]
    return answer.labels is not None and any(
        is_stamped(drawn, answer.labels, lead_time_s=answer.lead_time_s, clip_s=clip_s)
        for drawn in facts.drawn.get((answer.desk, answer.clip_id), ())
    )


def _f1(agreements: Sequence[EventAgreement]) -> float | None:
    both = sum(one.both for one in agreements)
    single = sum(one.first_only + one.second_only for one in agreements)
    return round(2 * both / (2 * both + single), 3) if both + single else None


def _forecast(
    facts: _Facts, by_state: Mapping[str, Sequence[ClipId]], answers_left: int, limit_s: float
) -> tuple[ForecastLine, ...]:
    settled, disputed = len(by_state["settled"]), len(by_state["disputed"])
    ahead = disputes_ahead(len(by_state["open"]), settled=settled, disputed=disputed + len(facts.decided))
    annotators = forecast(facts.workers.get("annotator", ()), answers_left, limit_s=limit_s)
    adjudicators = forecast(
        facts.workers.get("adjudicator", ()),
        disputed + ahead,
        limit_s=limit_s,
        else_s=usual_pace_s(facts.workers.get("annotator", ())),
    )
    return tuple(
        [ForecastLine(one.annotator, "annotator", one.answers, one.hours, one.days) for one in annotators]
        + [ForecastLine(one.annotator, "adjudicator", one.answers, one.hours, one.days) for one in adjudicators]
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
    tasks: Tasks, verdicts: Mapping[ClipId, Verdict], disputed: Iterable[ClipId], url: str
) -> Iterable[DisputedLine]:
    """Each leads to where it is decided; before it was sent there, to where it was answered."""
    for clip_id in sorted(disputed):
        here = [desk for desk in (ADJUDICATION, SHARED, *sorted(tasks)) if clip_id in tasks.get(desk, {})]
        yield DisputedLine(clip_id, verdicts[clip_id].reasons, _page(tasks[here[0]][clip_id], url) if here else url)


def _page(task: SentTask, url: str) -> str:
    return f"{url.rstrip('/')}/projects/{task.project_id}/data?task={task.task_id}"


def _rounded(value: Fraction | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)
