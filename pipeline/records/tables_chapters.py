"""What the rows about chapters are. Rows never leave this folder; the rules of `tables` hold here too."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import Row


class ProbedChapterRow(Row):
    """What the media of an original says that is a chapter; it belongs to no recording yet, or to one of several."""

    __tablename__ = "probed_chapters"
    digest: Mapped[str] = mapped_column(ForeignKey("originals.digest"), primary_key=True)
    media_facts: Mapped[dict[str, Any]]
    tool_identity: Mapped[str]
    probed_at: Mapped[datetime]


class RecordingAssemblyRow(Row):
    """Why a recording is these chapters, which recording it continues, and which goes on where it ends."""

    __tablename__ = "recording_assemblies"
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.recording_id"), primary_key=True)
    because: Mapped[str]
    continues: Mapped[str | None] = mapped_column(ForeignKey("originals.digest"))
    precedes: Mapped[str | None] = mapped_column(ForeignKey("originals.digest"))


class RecordingJoinRow(Row):
    """How a chapter of a recording, by its ordinal from 1 on, follows the one before it."""

    __tablename__ = "recording_joins"
    __table_args__ = (
        ForeignKeyConstraint(
            ["recording_id", "ordinal"], ["recording_originals.recording_id", "recording_originals.ordinal"]
        ),
        CheckConstraint("ordinal >= 1", name="not_the_first"),
        CheckConstraint("(gap_num IS NULL) = (gap_den IS NULL)", name="gap_whole"),
        CheckConstraint(
            "(gap_den IS NULL OR gap_den > 0) AND uncertainty_num >= 0 AND uncertainty_den > 0", name="seconds_shape"
        ),
        CheckConstraint("start_frame > 0 AND missing >= 0", name="counts_shape"),
    )
    recording_id: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    start_frame: Mapped[int]
    gap_num: Mapped[int | None]
    gap_den: Mapped[int | None]
    uncertainty_num: Mapped[int]
    uncertainty_den: Mapped[int]
    missing: Mapped[int]
    because: Mapped[str]
