"""Rows about clips that people label, beside the tasks and answers themselves; the rules of `tables` hold."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import HEX64, Row

_OF_A_TASK = (["clip_id", "taxonomy_digest"], ["annotation_tasks.clip_id", "annotation_tasks.taxonomy_digest"])


class MediaGateRow(Row):
    """Whether the bytes of a clip play in a browser as they must: no misfit, and they do."""

    __tablename__ = "media_gates"
    __table_args__ = (CheckConstraint(f"clip_digest {HEX64}", name="clip_digest_shape"),)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), primary_key=True)
    clip_digest: Mapped[str] = mapped_column(primary_key=True)
    misfits: Mapped[list[str]] = mapped_column(ARRAY(Text))
    tool_identity: Mapped[str]
    checked_at: Mapped[datetime]


class TaskHintsRow(Row):
    """What was drawn on a clip beforehand, when it was sent out or afterwards; the newest is what annotators find."""

    __tablename__ = "task_hints"
    __table_args__ = (ForeignKeyConstraint(*_OF_A_TASK),)
    clip_id: Mapped[UUID] = mapped_column(primary_key=True)
    taxonomy_digest: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    drawn: Mapped[dict[str, Any]]
    sent_at: Mapped[datetime]


class TaskRenewalRow(Row):
    """A task that was made anew, because somebody deleted the one before; the newest is the clip's task."""

    __tablename__ = "task_renewals"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_A_TASK),
        CheckConstraint(f"clip_digest {HEX64}", name="clip_digest_shape"),
    )
    clip_id: Mapped[UUID] = mapped_column(primary_key=True)
    taxonomy_digest: Mapped[str] = mapped_column(primary_key=True)
    label_studio_project_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label_studio_task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    clip_digest: Mapped[str]
    renewed_at: Mapped[datetime]


class ReadingRow(Row):
    """Up to which moment of Label Studio's clock every answer of a project was read; the newest counts."""

    __tablename__ = "readings"
    __table_args__ = (CheckConstraint(f"taxonomy_digest {HEX64}", name="taxonomy_digest_shape"),)
    taxonomy_digest: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    label_studio_project_id: Mapped[int]
    read_through: Mapped[datetime]
    read_at: Mapped[datetime]


class LabellingFindingRow(Row):
    """Something in Label Studio that is not as we left it, and is no answer."""

    __tablename__ = "labelling_findings"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('configuration_changed', 'task_deleted', 'task_twice', 'foreign_task')", name="kind_known"
        ),
        CheckConstraint(f"taxonomy_digest {HEX64}", name="taxonomy_digest_shape"),
    )
    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    taxonomy_digest: Mapped[str]
    label_studio_project_id: Mapped[int]
    label_studio_task_id: Mapped[int | None]
    clip_id: Mapped[UUID | None] = mapped_column(ForeignKey("clips.clip_id"))
    kind: Mapped[str]
    reason: Mapped[str]
    found_at: Mapped[datetime]


class CarriedAnnotationRow(Row):
    """An answer that was carried into the words of another taxonomy, and by which declared mapping."""

    __tablename__ = "carried_annotations"
    __table_args__ = (CheckConstraint(f"mapping_digest {HEX64}", name="mapping_digest_shape"),)
    annotation_id: Mapped[UUID] = mapped_column(ForeignKey("annotations.annotation_id"), primary_key=True)
    source_annotation_id: Mapped[UUID] = mapped_column(ForeignKey("annotations.annotation_id"))
    mapping_digest: Mapped[str]
    carried_at: Mapped[datetime]
