"""Clips sent out to be labelled, and the answers that came back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.orm import Session

from pipeline.domain.desk import ADJUDICATION, SHARED, Desk
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import AnnotationId, ClipId
from pipeline.domain.labels import DELETED, ClipLabels
from pipeline.records.footage import insert_new
from pipeline.records.tables import AnnotationRow, AnnotationTaskRow
from pipeline.records.tables_labelling import TaskRenewalRow
from pipeline.records.tables_people import AllotmentRow


@dataclass(frozen=True, slots=True)
class SentTask:
    """A clip sent out under one taxonomy; `clip_digest` is that of the bytes the annotator saw."""

    clip_id: ClipId
    taxonomy_digest: Sha256
    clip_digest: Sha256
    project_id: int
    task_id: int
    submitted_at: datetime
    desk: Desk = SHARED


@dataclass(frozen=True, slots=True)
class Answer:
    """One annotation as it was at one moment: labels, or why they were refused."""

    annotation_id: AnnotationId
    clip_id: ClipId
    taxonomy_digest: Sha256
    annotator: str
    """A pseudonym: nothing in it names a person."""
    label_studio_annotation_id: int
    answered_at: datetime
    raw: bytes
    labels: ClipLabels | None
    refusal: str | None
    collected_at: datetime
    lead_time_s: float | None = None
    """How long the answer took, as the annotator's browser counted; `None` when it did not say."""
    desk: Desk = SHARED
    """Where it was given; what was given on the desk of adjudication decides for everybody."""


def add_task(session: Session, task: SentTask) -> bool:
    """Record that a clip was sent out; whether that is new."""
    return bool(add_tasks(session, [task]))


def add_tasks(session: Session, tasks: Sequence[SentTask]) -> set[ClipId]:
    """Record that clips were sent out, a thousand or so in one statement; of which of them that is new."""
    rows = [
        {
            "clip_id": task.clip_id,
            "taxonomy_digest": task.taxonomy_digest.hex,
            "clip_digest": task.clip_digest.hex,
            "label_studio_project_id": task.project_id,
            "label_studio_task_id": task.task_id,
            "submitted_at": task.submitted_at,
        }
        for task in tasks
    ]
    if not rows:
        return set()
    new = insert(AnnotationTaskRow).values(rows).on_conflict_do_nothing().returning(AnnotationTaskRow.clip_id)
    return {ClipId(clip_id) for clip_id in session.scalars(new)}


def renew_task(session: Session, task: SentTask) -> bool:
    """Record the task that a clip has instead of one that somebody deleted; whether that is new."""
    return insert_new(
        session,
        TaskRenewalRow,
        clip_id=task.clip_id,
        taxonomy_digest=task.taxonomy_digest.hex,
        label_studio_project_id=task.project_id,
        label_studio_task_id=task.task_id,
        clip_digest=task.clip_digest.hex,
        renewed_at=task.submitted_at,
    )


def tasks_under(session: Session, taxonomy_digest: Sha256) -> dict[ClipId, SentTask]:
    """Every clip sent to the shared desk under a taxonomy, each with the task that it has now."""
    rows = session.scalars(sa.select(AnnotationTaskRow).where(AnnotationTaskRow.taxonomy_digest == taxonomy_digest.hex))
    sent = {
        ClipId(row.clip_id): SentTask(
            clip_id=ClipId(row.clip_id),
            taxonomy_digest=taxonomy_digest,
            clip_digest=Sha256(row.clip_digest),
            project_id=row.label_studio_project_id,
            task_id=row.label_studio_task_id,
            submitted_at=row.submitted_at,
        )
        for row in rows
    }
    renewals = session.scalars(
        sa.select(TaskRenewalRow)
        .where(TaskRenewalRow.taxonomy_digest == taxonomy_digest.hex)
        .order_by(TaskRenewalRow.renewed_at, TaskRenewalRow.label_studio_task_id)
    )
    for row in renewals:
        clip_id = ClipId(row.clip_id)
        sent[clip_id] = replace(
            sent[clip_id],
            clip_digest=Sha256(row.clip_digest),
            project_id=row.label_studio_project_id,
            task_id=row.label_studio_task_id,
        )
    return sent


def add_answer(session: Session, answer: Answer) -> bool:
    """Record an answer; whether it is new."""
    return insert_new(
        session,
        AnnotationRow,
        annotation_id=answer.annotation_id,
        clip_id=answer.clip_id,
        taxonomy_digest=answer.taxonomy_digest.hex,
        annotator=answer.annotator,
        label_studio_annotation_id=answer.label_studio_annotation_id,
        answered_at=answer.answered_at,
        raw=answer.raw,
        labels=answer.labels.to_json() if answer.labels is not None else None,
        refusal=answer.refusal,
        lead_time_s=answer.lead_time_s,
        collected_at=answer.collected_at,
        desk=answer.desk,
    )


def known_among(session: Session, annotation_ids: Sequence[AnnotationId]) -> set[AnnotationId]:
    """Which of these answers are recorded."""
    asked = sa.any_(sa.cast(list(annotation_ids), ARRAY(sa.Uuid)))
    query = sa.select(AnnotationRow.annotation_id).where(AnnotationRow.annotation_id == asked)
    return {AnnotationId(annotation_id) for annotation_id in session.scalars(query)}


def answered_clips(session: Session, taxonomy_digest: Sha256) -> set[ClipId]:
    """The clips of which any answer is recorded under a taxonomy."""
    query = sa.select(AnnotationRow.clip_id).where(AnnotationRow.taxonomy_digest == taxonomy_digest.hex).distinct()
    return {ClipId(clip_id) for clip_id in session.scalars(query)}


def current_answers(session: Session, taxonomy_digest: Sha256) -> list[Answer]:
    """The newest answer of each annotator for each clip, in order of clip and pseudonym.

    What was answered at somebody else's desk, by adjudicators, or to check the annotator, is not among them.
    """
    checks = sa.select(AllotmentRow.clip_id).where(
        AllotmentRow.annotator == AnnotationRow.annotator,
        AllotmentRow.taxonomy_digest == AnnotationRow.taxonomy_digest,
        AllotmentRow.clip_id == AnnotationRow.clip_id,
        AllotmentRow.purpose == "gold",
    )
    return _newest(session, taxonomy_digest, _at_their_own_desk(), ~checks.exists())


def own_answers(session: Session, taxonomy_digest: Sha256) -> list[Answer]:
    """As `current_answers`, with those that check the annotator."""
    return _newest(session, taxonomy_digest, _at_their_own_desk())


def adjudicated(session: Session, taxonomy_digest: Sha256) -> dict[ClipId, Answer]:
    """The answer that adjudicators gave last for each clip, of those that can be used: it decides."""
    newest = _newest(session, taxonomy_digest, AnnotationRow.desk == ADJUDICATION)
    usable = sorted((answer for answer in newest if answer.labels is not None), key=lambda answer: answer.answered_at)
    return {answer.clip_id: answer for answer in usable}


def trespassing(session: Session, taxonomy_digest: Sha256) -> list[Answer]:
    """The newest answers that people gave at the desks of others, adjudicators' refused ones among them."""
    elsewhere = sa.and_(AnnotationRow.refusal.is_not(None), ~_at_their_own_desk())
    return _newest(session, taxonomy_digest, elsewhere)


def _at_their_own_desk() -> sa.ColumnElement[bool]:
    return sa.or_(AnnotationRow.desk == SHARED, AnnotationRow.desk == AnnotationRow.annotator)


def _newest(session: Session, taxonomy_digest: Sha256, *conditions: sa.ColumnElement[bool]) -> list[Answer]:
    query = (
        sa.select(AnnotationRow)
        .where(AnnotationRow.taxonomy_digest == taxonomy_digest.hex, *conditions)
        .ext(distinct_on(AnnotationRow.clip_id, AnnotationRow.annotator))
        .order_by(
            AnnotationRow.clip_id,
            AnnotationRow.annotator,
            AnnotationRow.answered_at.desc(),
            AnnotationRow.annotation_id,
        )
    )
    return [_answer(row) for row in session.scalars(query)]


def standing_answers(
    session: Session, taxonomy_digest: Sha256, clip_ids: Sequence[ClipId], desk: Desk = SHARED
) -> list[Answer]:
    """The newest version of each annotation of these clips at a desk that nobody deleted, as far as we know."""
    query = (
        sa.select(AnnotationRow)
        .where(
            AnnotationRow.taxonomy_digest == taxonomy_digest.hex,
            AnnotationRow.desk == desk,
            AnnotationRow.clip_id == sa.any_(sa.cast(list(clip_ids), ARRAY(sa.Uuid))),
        )
        .ext(distinct_on(AnnotationRow.label_studio_annotation_id))
        .order_by(AnnotationRow.label_studio_annotation_id, AnnotationRow.answered_at.desc())
    )
    return [answer for answer in map(_answer, session.scalars(query)) if answer.refusal != DELETED]


def answers_by_id(session: Session, annotation_ids: Sequence[AnnotationId]) -> list[Answer]:
    """These answers, clip by clip; in which order those of one clip come says nothing of who gave them."""
    query = (
        sa.select(AnnotationRow)
        .where(AnnotationRow.annotation_id.in_(annotation_ids))
        .order_by(AnnotationRow.clip_id, AnnotationRow.annotation_id)
    )
    return [_answer(row) for row in session.scalars(query)]


def answers_for(session: Session, clip_id: ClipId) -> list[Answer]:
    """Every answer ever collected for a clip, oldest first."""
    query = sa.select(AnnotationRow).where(AnnotationRow.clip_id == clip_id).order_by(AnnotationRow.answered_at)
    return [_answer(row) for row in session.scalars(query)]


def _answer(row: AnnotationRow) -> Answer:
    return Answer(
        annotation_id=AnnotationId(row.annotation_id),
        clip_id=ClipId(row.clip_id),
        taxonomy_digest=Sha256(row.taxonomy_digest),
        annotator=row.annotator,
        label_studio_annotation_id=row.label_studio_annotation_id,
        answered_at=row.answered_at,
        raw=row.raw,
        labels=ClipLabels.from_json(row.labels) if row.labels is not None else None,
        refusal=row.refusal,
        collected_at=row.collected_at,
        lead_time_s=row.lead_time_s,
        desk=Desk(row.desk),
    )
