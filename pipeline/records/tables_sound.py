"""What the rows about hints in the sound are. Rows never leave this folder; the rules of `tables` hold here."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import HEX64, Row


class ListeningRow(Row):
    """That one detector listened to one recording; of several for a kind the newest counts."""

    __tablename__ = "listenings"
    __table_args__ = (
        CheckConstraint("kind IN ('impulse', 'speech')", name="kind_known"),
        CheckConstraint(f"detector_digest {HEX64}", name="detector_digest_shape"),
        CheckConstraint(f"sound_digest {HEX64}", name="sound_digest_shape"),
    )
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.recording_id"), primary_key=True)
    detector_digest: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    detector: Mapped[str]
    tools: Mapped[str]
    parameters: Mapped[str]
    rendition_id: Mapped[UUID] = mapped_column(ForeignKey("renditions.rendition_id"))
    sound_digest: Mapped[str | None]
    outcome: Mapped[str]
    listened_at: Mapped[datetime]


class SoundHintRow(Row):
    """One hint of a detector, counted from 0 in the order of time."""

    __tablename__ = "sound_hints"
    __table_args__ = (
        ForeignKeyConstraint(
            ["recording_id", "detector_digest"], ["listenings.recording_id", "listenings.detector_digest"]
        ),
        CheckConstraint("ordinal >= 0", name="ordinal_not_negative"),
        CheckConstraint("start_num >= 0 AND start_den > 0 AND end_den > 0", name="span_shape"),
        CheckConstraint("start_num::numeric * end_den < end_num::numeric * start_den", name="span_order"),
        CheckConstraint("score >= 0 AND score <= 1", name="score_range"),
    )
    recording_id: Mapped[UUID] = mapped_column(primary_key=True)
    detector_digest: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    start_num: Mapped[int]
    start_den: Mapped[int]
    end_num: Mapped[int]
    end_den: Mapped[int]
    score: Mapped[float] = mapped_column(Double)
