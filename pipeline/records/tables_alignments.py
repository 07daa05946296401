"""What the rows about alignments of exercises are. Rows never leave this folder; the rules of `tables` hold here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import HEX64, Row


class SoundComparisonRow(Row):
    """What came of comparing the sounds of two recordings; named by the sounds, the lags looked at and the detector."""

    __tablename__ = "sound_comparisons"
    __table_args__ = (
        CheckConstraint(f"first_digest {HEX64}", name="first_digest_shape"),
        CheckConstraint(f"second_digest {HEX64}", name="second_digest_shape"),
    )
    comparison_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_digest: Mapped[str]
    second_digest: Mapped[str]
    detector: Mapped[str]
    hearing: Mapped[dict[str, Any]]
    compared_at: Mapped[datetime]


class AlignmentRow(Row):
    """One alignment of an exercise; the one of the highest number counts."""

    __tablename__ = "alignments"
    __table_args__ = (
        UniqueConstraint("exercise_id", "number"),
        CheckConstraint("number >= 1", name="number_positive"),
        CheckConstraint(f"inputs_digest {HEX64}", name="inputs_digest_shape"),
        CheckConstraint("zero_uncertainty_num >= 0 AND zero_uncertainty_den > 0", name="zero_uncertainty_shape"),
    )
    alignment_id: Mapped[UUID] = mapped_column(primary_key=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercises.exercise_id"))
    number: Mapped[int]
    inputs_digest: Mapped[str]
    detector: Mapped[str]
    zero_at: Mapped[datetime | None]
    zero_uncertainty_num: Mapped[int]
    zero_uncertainty_den: Mapped[int]
    aligned_at: Mapped[datetime]


class AlignmentStretchRow(Row):
    """Where a stretch of a recording lies in an alignment; `method` is null for one that was refused."""

    __tablename__ = "alignment_stretches"
    __table_args__ = (
        CheckConstraint("ordinal >= 0", name="ordinal_not_negative"),
        CheckConstraint("start_num >= 0 AND start_den > 0 AND end_den > 0", name="span_shape"),
        CheckConstraint("start_num::numeric * end_den < end_num::numeric * start_den", name="span_order"),
        CheckConstraint("method IN ('reference', 'sound', 'clocks')", name="method_known"),
        CheckConstraint("(method IS NULL) = (placed IS NULL)", name="placed_or_refused"),
        CheckConstraint("reason <> ''", name="reason_given"),
    )
    alignment_id: Mapped[UUID] = mapped_column(ForeignKey("alignments.alignment_id"), primary_key=True)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.recording_id"), primary_key=True, index=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    start_num: Mapped[int]
    start_den: Mapped[int]
    end_num: Mapped[int]
    end_den: Mapped[int]
    method: Mapped[str | None]
    placed: Mapped[dict[str, Any] | None]
    reason: Mapped[str]


class AlignmentPairRow(Row):
    """Two stretches whose sounds were compared for an alignment: what both hear, or why nothing."""

    __tablename__ = "alignment_pairs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["alignment_id", "first_id", "first_ordinal"],
            [f"alignment_stretches.{name}" for name in ("alignment_id", "recording_id", "ordinal")],
        ),
        ForeignKeyConstraint(
            ["alignment_id", "second_id", "second_ordinal"],
            [f"alignment_stretches.{name}" for name in ("alignment_id", "recording_id", "ordinal")],
        ),
        CheckConstraint("first_id <> second_id", name="two_recordings"),
        CheckConstraint("(heard IS NULL) <> (refused IS NULL)", name="heard_or_refused"),
    )
    alignment_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_ordinal: Mapped[int] = mapped_column(primary_key=True)
    second_id: Mapped[UUID] = mapped_column(primary_key=True)
    second_ordinal: Mapped[int] = mapped_column(primary_key=True)
    heard: Mapped[dict[str, Any] | None]
    refused: Mapped[dict[str, Any] | None]
