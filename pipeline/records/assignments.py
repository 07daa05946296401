"""Uploads whose sender named no exercise: which wait for one, and which one they were given."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.footage import Upload
from pipeline.domain.ids import CameraSerial, ExerciseId, UploadId
from pipeline.records.footage import camera_of_upload, insert_new, uploads_where
from pipeline.records.tables import UploadAssignmentRow, UploadRow
from pipeline.records.tables_intake import StandingQuarantine, UploadCameraRow


def waiting_for_exercise(session: Session) -> list[Upload]:
    """Uploads of a known camera that belong to no exercise yet and are not refused, oldest first."""
    return uploads_where(
        session,
        UploadRow.exercise_id.is_(None),
        camera_of_upload.is_not(None),
        UploadRow.upload_id.not_in(sa.select(UploadAssignmentRow.upload_id)),
        UploadRow.upload_id.not_in(sa.select(StandingQuarantine.upload_id)),
    )


def assign(session: Session, upload_id: UploadId, exercise_id: ExerciseId, *, because: str, at: datetime) -> bool:
    """Record the exercise that an upload was found to belong to; whether it had none before. The first stays."""
    return insert_new(
        session, UploadAssignmentRow, upload_id=upload_id, exercise_id=exercise_id, because=because, assigned_at=at
    )


def name_camera(
    session: Session, upload_id: UploadId, camera: CameraSerial, *, by: str, because: str, at: datetime
) -> bool:
    """Record the camera that somebody says an upload comes from; whether nobody had said one. The first stays."""
    return insert_new(
        session, UploadCameraRow, upload_id=upload_id, camera_serial=camera, named_by=by, because=because, named_at=at
    )


def reason_of(session: Session, upload_id: UploadId) -> str | None:
    """Why an upload was given its exercise; `None` where its key named one, or it has none."""
    return session.scalar(sa.select(UploadAssignmentRow.because).where(UploadAssignmentRow.upload_id == upload_id))


def who_named_camera(session: Session, upload_id: UploadId) -> tuple[str, str] | None:
    """Who said which camera an upload comes from, and why; `None` where it names one itself or nobody said."""
    row = session.get(UploadCameraRow, upload_id)
    return None if row is None else (row.named_by, row.because)
