"""Counts for people who look around: how many of what, in one query each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.records.tables import (
    AnnotationRow,
    AnnotationTaskRow,
    AuditRow,
    ClipRow,
    CustodyEventRow,
    ExerciseRow,
    RecordingRow,
    ReleaseClipRow,
    ReleasePublicationRow,
    UploadAssignmentRow,
    UploadContentRow,
    UploadRow,
)
from pipeline.records.tables_intake import StandingQuarantine
from pipeline.records.tables_people import DeskTaskRow


@dataclass(frozen=True, slots=True)
class ExerciseCounts:
    """What is there of one exercise."""

    exercise_id: str
    first_seen_at: datetime
    uploads: int
    recordings: int
    clips: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What is there of everything."""

    uploads: int
    quarantined: int
    recordings: int
    clips: int
    tasks: int
    """Of Label Studio, ever made: on the shared desk, on those of annotators, and for adjudicators."""
    annotations: int
    releases: int
    audits: int


def exercises(session: Session) -> list[ExerciseCounts]:
    """Every exercise with its counts, the one known longest first."""
    of_exercise = sa.func.coalesce(UploadRow.exercise_id, UploadAssignmentRow.exercise_id)
    every_upload = (
        sa.select(of_exercise, sa.func.count())
        .select_from(UploadRow)
        .join(UploadAssignmentRow, UploadAssignmentRow.upload_id == UploadRow.upload_id, isouter=True)
        .group_by(of_exercise)
    )
    uploads = _by(session, every_upload)
    recordings = _by(session, sa.select(RecordingRow.exercise_id, sa.func.count()).group_by(RecordingRow.exercise_id))
    clips = _by(
        session,
        sa.select(RecordingRow.exercise_id, sa.func.count())
        .join(ClipRow, ClipRow.recording_id == RecordingRow.recording_id)
        .group_by(RecordingRow.exercise_id),
    )
    refused = _by(session, every_upload.join(StandingQuarantine, StandingQuarantine.upload_id == UploadRow.upload_id))
    rows = session.scalars(sa.select(ExerciseRow).order_by(ExerciseRow.first_seen_at, ExerciseRow.exercise_id))
    return [
        ExerciseCounts(
            row.exercise_id,
            row.first_seen_at,
            uploads.get(row.exercise_id, 0),
            recordings.get(row.exercise_id, 0),
            clips.get(row.exercise_id, 0),
            refused.get(row.exercise_id, 0),
        )
        for row in rows
    ]


def clips_by_recording(session: Session) -> dict[UUID, int]:
    """How many clips each recording has."""
    return _by(session, sa.select(ClipRow.recording_id, sa.func.count()).group_by(ClipRow.recording_id))


def annotations_by_clip(session: Session) -> dict[UUID, int]:
    """How many annotators have labelled each clip; refused answers do not count."""
    people = sa.func.count(sa.distinct(AnnotationRow.annotator))
    query = sa.select(AnnotationRow.clip_id, people).where(AnnotationRow.labels.is_not(None))
    return _by(session, query.group_by(AnnotationRow.clip_id))


def releases_by_clip(session: Session) -> dict[UUID, int]:
    """In how many releases each clip is."""
    return _by(session, sa.select(ReleaseClipRow.clip_id, sa.func.count()).group_by(ReleaseClipRow.clip_id))


def totals(session: Session) -> Totals:
    """How many of each thing there are."""
    tables: Sequence[Any] = (
        UploadRow,
        StandingQuarantine,
        RecordingRow,
        ClipRow,
        AnnotationTaskRow,
        DeskTaskRow,
        AnnotationRow,
        ReleasePublicationRow,
        AuditRow,
    )
    counts = [session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]
    uploads, quarantined, recordings, clips, shared, on_desks, annotations, releases, audits = counts
    return Totals(uploads, quarantined, recordings, clips, shared + on_desks, annotations, releases, audits)


def uploads_preserved(session: Session) -> int:
    """How many uploads are preserved, companions included."""
    return session.scalar(sa.select(sa.func.count()).select_from(UploadContentRow)) or 0


def latest_times(session: Session) -> tuple[datetime | None, datetime | None]:
    """When the newest custody event happened, and when the newest audit ended."""
    return (
        session.scalar(sa.select(sa.func.max(CustodyEventRow.occurred_at))),
        session.scalar(sa.select(sa.func.max(AuditRow.audited_at))),
    )


def _by(session: Session, query: sa.Select[Any, int]) -> dict[Any, int]:
    return {row[0]: row[1] for row in session.execute(query)}
