"""Uploads whose sender named no exercise: which wait for one, and which one they were given."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.footage import Upload
from pipeline.domain.ids import ExerciseId, UploadId
from pipeline.records.footage import insert_new, uploads_where
from pipeline.records.tables import UploadAssignmentRow, UploadRow
from pipeline.records.tables_intake import StandingQuarantine


def waiting_for_exercise(session: Session) -> list[Upload]:
    """Uploads of a known camera that belong to no exercise yet and are not refused, oldest first."""
    return uploads_where(
        session,
        UploadRow.exercise_id.is_(None),
        UploadRow.camera_serial.is_not(None),
        UploadRow.upload_id.not_in(sa.select(UploadAssignmentRow.upload_id)),
        UploadRow.upload_id.not_in(sa.select(StandingQuarantine.upload_id)),
    )


def assign(session: Session, upload_id: UploadId, exercise_id: ExerciseId, *, because: str, at: datetime) -> bool:
    """Record the exercise that an upload was found to belong to; whether it had none before. The first stays."""
    return insert_new(
        session, UploadAssignmentRow, upload_id=upload_id, exercise_id=exercise_id, because=because, assigned_at=at
    )


def reason_of(session: Session, upload_id: UploadId) -> str | None:
    """Why an upload was given its exercise; `None` where its key named one, or it has none."""
    return session.scalar(sa.select(UploadAssignmentRow.because).where(UploadAssignmentRow.upload_id == upload_id))
