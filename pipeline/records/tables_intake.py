"""Rows that tell what became of footage that was not whole or was refused: damage, and people's decisions."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, aliased, mapped_column

from pipeline.records.tables import QuarantineRow, Row


class QuarantineDecisionRow(Row):
    """What somebody decided about an upload in quarantine, and why; one for each time that it was refused."""

    __tablename__ = "quarantine_decisions"
    __table_args__ = (
        ForeignKeyConstraint(["upload_id", "attempt"], ["quarantines.upload_id", "quarantines.attempt"]),
        CheckConstraint("decision IN ('released', 'rejected')", name="decision_known"),
        CheckConstraint("decided_by ~ '^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$'", name="decided_by_shape"),
        CheckConstraint("length(because) BETWEEN 3 AND 500", name="because_length"),
    )
    upload_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    decision: Mapped[str]
    decided_by: Mapped[str]
    because: Mapped[str]
    decided_at: Mapped[datetime]


class UploadCameraRow(Row):
    """The camera that an upload comes from, as somebody said who released it, because it names none itself."""

    __tablename__ = "upload_cameras"
    __table_args__ = (
        CheckConstraint("camera_serial ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'", name="camera_serial_shape"),
        CheckConstraint("named_by ~ '^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$'", name="named_by_shape"),
    )
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.upload_id"), primary_key=True)
    camera_serial: Mapped[str]
    named_by: Mapped[str]
    because: Mapped[str]
    named_at: Mapped[datetime]


class RecordingDamageRow(Row):
    """That frames of a recording do not decode: how many, and which spans of it show something else than was filmed."""

    __tablename__ = "recording_damages"
    __table_args__ = (
        CheckConstraint("frames_lost >= 0 AND frames_lost <= frames AND frames > 0", name="frames_counted"),
    )
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.recording_id"), primary_key=True)
    cause: Mapped[str]
    reason: Mapped[str]
    frames: Mapped[int]
    frames_lost: Mapped[int]
    spans: Mapped[dict[str, Any]]
    tool_identity: Mapped[str]
    found_at: Mapped[datetime]


_released = sa.select(QuarantineDecisionRow).where(
    QuarantineDecisionRow.upload_id == QuarantineRow.upload_id,
    QuarantineDecisionRow.attempt == QuarantineRow.attempt,
    QuarantineDecisionRow.decision == "released",
)

StandingQuarantine = aliased(QuarantineRow, sa.select(QuarantineRow).where(~_released.exists()).subquery("standing"))
"""Refusals that nobody has released: the uploads that are in quarantine now."""
