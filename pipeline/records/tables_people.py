"""The rows that tell who labels: people, what each was given, what went to adjudication. The rules of `tables` hold.

Nothing here names a person: a pseudonym leads to an account of Label Studio only for whoever has the key.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import HEX64, Row

WHO = "~ '^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$'"
WHY = "BETWEEN 3 AND 500"


class AnnotatorRow(Row):
    """Somebody who labels or adjudicates."""

    __tablename__ = "annotators"
    __table_args__ = (
        CheckConstraint("role IN ('annotator', 'adjudicator')", name="role_known"),
        CheckConstraint("annotator ~ '^annotator-[0-9a-f]{16}$'", name="annotator_shape"),
    )
    annotator: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    label_studio_user_id: Mapped[int] = mapped_column(unique=True)
    enrolled_at: Mapped[datetime]


class AnnotatorRetirementRow(Row):
    """Somebody who gets no more clips."""

    __tablename__ = "annotator_retirements"
    __table_args__ = (CheckConstraint(f"length(because) {WHY}", name="because_length"),)
    annotator: Mapped[str] = mapped_column(ForeignKey("annotators.annotator"), primary_key=True)
    because: Mapped[str]
    retired_at: Mapped[datetime]


class AllotmentRow(Row):
    """A clip that somebody was given; `ordinal` counts what they were given under a taxonomy, from 1."""

    __tablename__ = "allotments"
    __table_args__ = (
        CheckConstraint("purpose IN ('label', 'gold')", name="purpose_known"),
        CheckConstraint(f"taxonomy_digest {HEX64}", name="taxonomy_digest_shape"),
        CheckConstraint("ordinal >= 1", name="ordinal_positive"),
    )
    annotator: Mapped[str] = mapped_column(ForeignKey("annotators.annotator"), primary_key=True)
    taxonomy_digest: Mapped[str] = mapped_column(primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), primary_key=True)
    ordinal: Mapped[int]
    purpose: Mapped[str]
    because: Mapped[str]
    allotted_at: Mapped[datetime]


class DeskTaskRow(Row):
    """A clip that was laid on the desk of an annotator, or on that of adjudication; the newest task is the clip's."""

    __tablename__ = "desk_tasks"
    __table_args__ = (
        CheckConstraint("desk <> ''", name="not_shared"),
        CheckConstraint(f"taxonomy_digest {HEX64}", name="taxonomy_digest_shape"),
        CheckConstraint(f"clip_digest {HEX64}", name="clip_digest_shape"),
        Index("ix_desk_tasks_taxonomy_digest_desk", "taxonomy_digest", "desk"),
    )
    label_studio_project_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label_studio_task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    taxonomy_digest: Mapped[str]
    desk: Mapped[str]
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"))
    clip_digest: Mapped[str]
    submitted_at: Mapped[datetime]


class DeskTaskWithdrawalRow(Row):
    """A task that was taken off its desk again, before anybody had begun."""

    __tablename__ = "desk_task_withdrawals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["label_studio_project_id", "label_studio_task_id"],
            ["desk_tasks.label_studio_project_id", "desk_tasks.label_studio_task_id"],
            name="fk_desk_task_withdrawals_desk_tasks",
        ),
    )
    label_studio_project_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label_studio_task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    withdrawn_at: Mapped[datetime]


class DeskHintsRow(Row):
    """What was drawn on a desk's task beforehand, when it was laid there or afterwards; the newest is what is found."""

    __tablename__ = "desk_hints"
    __table_args__ = (
        ForeignKeyConstraint(
            ["label_studio_project_id", "label_studio_task_id"],
            ["desk_tasks.label_studio_project_id", "desk_tasks.label_studio_task_id"],
            name="fk_desk_hints_desk_tasks",
        ),
    )
    label_studio_project_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label_studio_task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    drawn: Mapped[dict[str, Any]]
    sent_at: Mapped[datetime]


class ReferralRow(Row):
    """A disputed clip that adjudicators are to decide, and the answers that disagree."""

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint(f"taxonomy_digest {HEX64}", name="taxonomy_digest_shape"),
        CheckConstraint("cardinality(annotation_ids) >= 2", name="answers_disagree"),
    )
    referral_id: Mapped[UUID] = mapped_column(primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"))
    taxonomy_digest: Mapped[str]
    annotation_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    because: Mapped[str]
    referred_at: Mapped[datetime]


class GoldClipRow(Row):
    """A clip whose answer is known, by which annotators are checked."""

    __tablename__ = "gold_clips"
    __table_args__ = (
        CheckConstraint(f"taxonomy_digest {HEX64}", name="taxonomy_digest_shape"),
        CheckConstraint(f"marked_by {WHO}", name="marked_by_shape"),
        CheckConstraint(f"length(because) {WHY}", name="because_length"),
    )
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), primary_key=True)
    taxonomy_digest: Mapped[str] = mapped_column(primary_key=True)
    marked_by: Mapped[str]
    because: Mapped[str]
    marked_at: Mapped[datetime]


class ClipWarningRow(Row):
    """A clip that may distress whoever sees it: it is shown softened until they ask."""

    __tablename__ = "clip_warnings"
    __table_args__ = (
        CheckConstraint(f"warned_by {WHO}", name="warned_by_shape"),
        CheckConstraint(f"length(because) {WHY}", name="because_length"),
    )
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), primary_key=True)
    warned_by: Mapped[str]
    because: Mapped[str]
    warned_at: Mapped[datetime]


class SoftenedClipRow(Row):
    """The bytes of a clip without colour, detail and sound, frame by frame those of the clip of that digest."""

    __tablename__ = "softened_clips"
    __table_args__ = (
        CheckConstraint(f"clip_digest {HEX64}", name="clip_digest_shape"),
        CheckConstraint(f"digest {HEX64}", name="digest_shape"),
        CheckConstraint("size_bytes > 0", name="not_empty"),
    )
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clip_warnings.clip_id"), primary_key=True)
    clip_digest: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    size_bytes: Mapped[int]
    tool_identity: Mapped[str]
    softened_at: Mapped[datetime]
