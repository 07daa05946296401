"""Clips laid on the desks of annotators and on that of adjudication, and taken off them again."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.desk import SHARED, Desk
from pipeline.domain.digest import Sha256
from pipeline.domain.hint import NOTHING_DRAWN, DrawnBefore
from pipeline.domain.ids import ClipId
from pipeline.records import annotations
from pipeline.records.annotations import SentTask
from pipeline.records.footage import insert_new
from pipeline.records.tables import AnnotationTaskRow
from pipeline.records.tables_people import DeskHintsRow, DeskTaskRow, DeskTaskWithdrawalRow


def add_task(session: Session, task: SentTask) -> bool:
    """Record that a clip was laid on a desk; whether it is new."""
    return insert_new(
        session,
        DeskTaskRow,
        label_studio_project_id=task.project_id,
        label_studio_task_id=task.task_id,
        taxonomy_digest=task.taxonomy_digest.hex,
        desk=task.desk,
        clip_id=task.clip_id,
        clip_digest=task.clip_digest.hex,
        submitted_at=task.submitted_at,
    )


def add_hints(session: Session, task: SentTask, drawn: DrawnBefore, *, at: datetime) -> bool:
    """Record what is drawn on a desk's task from now on, when it is something else; its task must be recorded."""
    before = session.scalar(
        sa.select(DeskHintsRow.drawn)
        .where(
            DeskHintsRow.label_studio_project_id == task.project_id, DeskHintsRow.label_studio_task_id == task.task_id
        )
        .order_by(DeskHintsRow.ordinal.desc())
        .limit(1)
    )
    if (DrawnBefore.from_json(before) if before is not None else NOTHING_DRAWN) == drawn:
        return False
    return insert_new(
        session,
        DeskHintsRow,
        label_studio_project_id=task.project_id,
        label_studio_task_id=task.task_id,
        drawn=drawn.to_json(),
        sent_at=at,
    )


def withdraw(session: Session, project_id: int, task_ids: Iterable[int], *, at: datetime) -> None:
    """Record that tasks are on their desk no more; one that was never recorded needs no record of its going."""
    known = set(
        session.scalars(
            sa.select(DeskTaskRow.label_studio_task_id).where(DeskTaskRow.label_studio_project_id == project_id)
        )
    )
    for task_id in known.intersection(task_ids):
        insert_new(
            session,
            DeskTaskWithdrawalRow,
            label_studio_project_id=project_id,
            label_studio_task_id=task_id,
            withdrawn_at=at,
        )


def tasks_on(session: Session, taxonomy_digest: Sha256, desk: Desk) -> dict[ClipId, SentTask]:
    """Every clip that lies on a desk, whether it was answered or not, each with the task that it has now."""
    if desk == SHARED:
        return annotations.tasks_under(session, taxonomy_digest)
    gone = sa.select(DeskTaskWithdrawalRow).where(
        DeskTaskWithdrawalRow.label_studio_project_id == DeskTaskRow.label_studio_project_id,
        DeskTaskWithdrawalRow.label_studio_task_id == DeskTaskRow.label_studio_task_id,
    )
    rows = session.scalars(
        sa.select(DeskTaskRow)
        .where(DeskTaskRow.taxonomy_digest == taxonomy_digest.hex, DeskTaskRow.desk == desk, ~gone.exists())
        .order_by(DeskTaskRow.submitted_at, DeskTaskRow.label_studio_task_id)
    )
    return {
        ClipId(row.clip_id): SentTask(
            clip_id=ClipId(row.clip_id),
            taxonomy_digest=taxonomy_digest,
            clip_digest=Sha256(row.clip_digest),
            project_id=row.label_studio_project_id,
            task_id=row.label_studio_task_id,
            submitted_at=row.submitted_at,
            desk=desk,
        )
        for row in rows
    }


def desks_in_use(session: Session, taxonomy_digest: Sha256) -> list[Desk]:
    """Every desk to which anything was ever sent under a taxonomy, the shared one first."""
    shared = sa.select(AnnotationTaskRow).where(AnnotationTaskRow.taxonomy_digest == taxonomy_digest.hex)
    own = sa.select(DeskTaskRow.desk).where(DeskTaskRow.taxonomy_digest == taxonomy_digest.hex).distinct()
    found = [SHARED] if session.scalar(sa.select(shared.exists())) else []
    return [*found, *(Desk(desk) for desk in session.scalars(own.order_by(DeskTaskRow.desk)))]


def project_of(session: Session, taxonomy_digest: Sha256, desk: Desk) -> int | None:
    """The project of Label Studio that is a desk now; `None` before anything was laid on it."""
    query = sa.select(DeskTaskRow.label_studio_project_id).where(
        DeskTaskRow.taxonomy_digest == taxonomy_digest.hex, DeskTaskRow.desk == desk
    )
    return session.scalar(query.order_by(DeskTaskRow.submitted_at.desc(), DeskTaskRow.label_studio_task_id).limit(1))
