"""What the rows are, and which truths the database itself keeps. Rows never leave this folder.

Rules kept in SQL, so that a bad deploy cannot break them:

* every table but `upload_names` and `dock_metadata`, which may name people, is append-only (triggers in the
  migrations): a new fact is a new row;
* a digest is 64 lower-case hexadecimal digits;
* a span is `0 <= start < end`, in exact rationals;
* a release holds only clips that have bytes;
* one original for a digest, one rendition for a recording and recipe and tool, one clip for a recording and span,
  one annotation task for a clip and taxonomy, one release for a name and version.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pipeline.domain.companion import COMPANION_KINDS

HEX64 = "~ '^[0-9a-f]{64}$'"


class Row(DeclarativeBase):
    """The base of all rows; constraint names are spelled so that a migration can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class; annotating it as ClassVar hides it
        datetime: DateTime(timezone=True),
        str: Text,
        int: BigInteger,
        bytes: BYTEA,
        # Nothing is SQL's NULL, never JSON's own: to a CHECK that one is a value.
        dict[str, Any]: JSONB(none_as_null=True),
    }


class ExerciseRow(Row):
    """A training exercise, known since its first upload."""

    __tablename__ = "exercises"
    __table_args__ = (CheckConstraint("exercise_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'", name="exercise_id_shape"),)
    exercise_id: Mapped[str] = mapped_column(primary_key=True)
    first_seen_at: Mapped[datetime]


class ExerciseDeclarationRow(Row):
    """What was declared of an exercise; the newest for an exercise counts."""

    __tablename__ = "exercise_declarations"
    __table_args__ = (CheckConstraint(f"digest {HEX64}", name="digest_shape"),)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercises.exercise_id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    declaration: Mapped[dict[str, Any]]
    declared_at: Mapped[datetime] = mapped_column(primary_key=True)


class UploadRow(Row):
    """One object version noticed in the intake bucket; exercise and camera are null when its key names none."""

    __tablename__ = "uploads"
    __table_args__ = (
        UniqueConstraint("bucket", "key", "version_id"),
        CheckConstraint("size_bytes >= 0", name="size_not_negative"),
        CheckConstraint(f"claimed_digest {HEX64}", name="claimed_digest_shape"),
        CheckConstraint("(chapter_series IS NULL) = (chapter_number IS NULL)", name="chapter_whole"),
        CheckConstraint("chapter_series ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'", name="chapter_series_shape"),
        CheckConstraint("chapter_number BETWEEN 0 AND 1000000000", name="chapter_number_range"),
        CheckConstraint(f"companion_kind IN {COMPANION_KINDS}", name="companion_kind_known"),
    )
    upload_id: Mapped[UUID] = mapped_column(primary_key=True)
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    etag: Mapped[str]
    size_bytes: Mapped[int]
    exercise_id: Mapped[str | None] = mapped_column(ForeignKey("exercises.exercise_id"), index=True)
    camera_serial: Mapped[str | None]
    claimed_digest: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
    chapter_series: Mapped[str | None]
    chapter_number: Mapped[int | None]
    claimed_start_at: Mapped[datetime | None]
    companion_kind: Mapped[str | None]
    name_group: Mapped[UUID | None] = mapped_column(index=True)
    name_pattern: Mapped[str | None]
    named_start: Mapped[str | None]


class UploadAssignmentRow(Row):
    """The exercise that an upload was found to belong to when its key named none."""

    __tablename__ = "upload_assignments"
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.upload_id"), primary_key=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercises.exercise_id"), index=True)
    because: Mapped[str]
    assigned_at: Mapped[datetime]


class UploadNameRow(Row):
    """What a file was called where it came from. It may name a person: this table alone can be erased from."""

    __tablename__ = "upload_names"
    __table_args__ = ({"info": {"erasable": True}},)
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.upload_id"), primary_key=True)
    original_name: Mapped[str]


class QuarantineRow(Row):
    """An upload that was refused, and why; its bytes stay where they were put. Once more each time it was released."""

    __tablename__ = "quarantines"
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.upload_id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    error_kind: Mapped[str]
    reason: Mapped[str]
    quarantined_at: Mapped[datetime]


class OriginalRow(Row):
    """Byte-exact preserved footage, named by its digest."""

    __tablename__ = "originals"
    __table_args__ = (
        CheckConstraint(f"digest {HEX64}", name="digest_shape"),
        CheckConstraint("size_bytes > 0", name="not_empty"),
        UniqueConstraint("bucket", "key", "version_id"),
    )
    digest: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    size_bytes: Mapped[int]
    preserved_at: Mapped[datetime]


class UploadContentRow(Row):
    """Which original an upload turned out to be; several uploads may be the same bytes."""

    __tablename__ = "upload_contents"
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.upload_id"), primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("originals.digest"), index=True)


class RecordingRow(Row):
    """One press-record-to-stop of one camera, with what its media says of itself."""

    __tablename__ = "recordings"
    __table_args__ = (
        CheckConstraint("frame_rate_num > 0 AND frame_rate_den > 0", name="frame_rate_positive"),
        CheckConstraint("duration_num > 0 AND duration_den > 0", name="duration_positive"),
    )
    recording_id: Mapped[UUID] = mapped_column(primary_key=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercises.exercise_id"), index=True)
    camera_serial: Mapped[str]
    duration_num: Mapped[int]
    duration_den: Mapped[int]
    frame_rate_num: Mapped[int]
    frame_rate_den: Mapped[int]
    media_facts: Mapped[dict[str, Any]]
    tool_identity: Mapped[str]
    probed_at: Mapped[datetime]


class RecordingOriginalRow(Row):
    """The originals of a recording, in order: cameras split long files."""

    __tablename__ = "recording_originals"
    __table_args__ = (CheckConstraint("ordinal >= 0", name="ordinal_not_negative"), UniqueConstraint("digest"))
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.recording_id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("originals.digest"))


class RenditionRow(Row):
    """A derived encoding of a whole recording; clips may be cut at `cut_frames`, which are its keyframes."""

    __tablename__ = "renditions"
    __table_args__ = (
        UniqueConstraint("recording_id", "recipe_digest", "tool_identity"),
        UniqueConstraint("bucket", "key", "version_id"),
        CheckConstraint(f"recipe_digest {HEX64}", name="recipe_digest_shape"),
        CheckConstraint(f"digest {HEX64}", name="digest_shape"),
        CheckConstraint("size_bytes > 0 AND frame_count > 0", name="not_empty"),
    )
    rendition_id: Mapped[UUID] = mapped_column(primary_key=True)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.recording_id"), index=True)
    recipe_name: Mapped[str]
    recipe_digest: Mapped[str]
    tool_identity: Mapped[str]
    digest: Mapped[str]
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    size_bytes: Mapped[int]
    frame_count: Mapped[int]
    width_px: Mapped[int]
    height_px: Mapped[int]
    cut_frames: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    cut_reason: Mapped[str]
    rendered_at: Mapped[datetime]


class ClipRow(Row):
    """A span of a recording, the unit of annotation and release."""

    __tablename__ = "clips"
    __table_args__ = (
        UniqueConstraint("recording_id", "start_num", "start_den", "end_num", "end_den"),
        CheckConstraint("start_num >= 0 AND start_den > 0 AND end_den > 0", name="span_shape"),
        CheckConstraint("start_num::numeric * end_den < end_num::numeric * start_den", name="span_order"),
        CheckConstraint("ordinal >= 0", name="ordinal_not_negative"),
    )
    clip_id: Mapped[UUID] = mapped_column(primary_key=True)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.recording_id"), index=True)
    ordinal: Mapped[int]
    start_num: Mapped[int]
    start_den: Mapped[int]
    end_num: Mapped[int]
    end_den: Mapped[int]
    cut_at: Mapped[datetime] = mapped_column(index=True)


class ClipRenditionRow(Row):
    """The bytes of a clip, cut from one rendition of its recording."""

    __tablename__ = "clip_renditions"
    __table_args__ = (
        UniqueConstraint("bucket", "key", "version_id"),
        CheckConstraint(f"digest {HEX64}", name="digest_shape"),
        CheckConstraint("size_bytes > 0 AND frame_count > 0", name="not_empty"),
    )
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), primary_key=True)
    rendition_id: Mapped[UUID] = mapped_column(ForeignKey("renditions.rendition_id"), primary_key=True)
    digest: Mapped[str] = mapped_column(index=True)
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    size_bytes: Mapped[int]
    frame_count: Mapped[int]


class AnnotationTaskRow(Row):
    """A clip that was sent out to be labelled under one taxonomy."""

    __tablename__ = "annotation_tasks"
    __table_args__ = (
        UniqueConstraint("label_studio_project_id", "label_studio_task_id"),
        CheckConstraint(f"taxonomy_digest {HEX64}", name="taxonomy_digest_shape"),
        CheckConstraint(f"clip_digest {HEX64}", name="clip_digest_shape"),
    )
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), primary_key=True)
    taxonomy_digest: Mapped[str] = mapped_column(primary_key=True)
    clip_digest: Mapped[str]
    label_studio_project_id: Mapped[int]
    label_studio_task_id: Mapped[int]
    submitted_at: Mapped[datetime]


class AnnotationRow(Row):
    """One answer that came back, as it was at one moment; the newest for a task and annotator counts."""

    __tablename__ = "annotations"
    __table_args__ = (
        UniqueConstraint("label_studio_annotation_id", "answered_at", "taxonomy_digest"),
        CheckConstraint(f"taxonomy_digest {HEX64}", name="taxonomy_digest_shape"),
        CheckConstraint("(refusal IS NULL) <> (labels IS NULL)", name="labels_or_refusal"),
        CheckConstraint("lead_time_s >= 0", name="lead_time_not_negative"),
    )
    annotation_id: Mapped[UUID] = mapped_column(primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), index=True)
    taxonomy_digest: Mapped[str]
    annotator: Mapped[str]
    label_studio_annotation_id: Mapped[int]
    answered_at: Mapped[datetime]
    raw: Mapped[bytes]
    labels: Mapped[dict[str, Any] | None]
    refusal: Mapped[str | None]
    lead_time_s: Mapped[float | None]
    collected_at: Mapped[datetime]
    desk: Mapped[str]


class ReleaseRow(Row):
    """A numbered release, drafted: its members and refusals are fixed in the same transaction."""

    __tablename__ = "releases"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="name_shape"),
        CheckConstraint(r"version ~ '^\d+\.\d+\.\d+$'", name="version_shape"),
        CheckConstraint(f"taxonomy_digest {HEX64}", name="taxonomy_digest_shape"),
        CheckConstraint("annotators_min >= 1", name="annotators_positive"),
    )
    release_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[str]
    taxonomy_digest: Mapped[str]
    annotators_min: Mapped[int]
    drafted_at: Mapped[datetime]


class ReleaseClipRow(Row):
    """A clip that a release holds, with the annotations that were newest when it was chosen."""

    __tablename__ = "release_clips"
    __table_args__ = (
        ForeignKeyConstraint(["clip_id", "rendition_id"], ["clip_renditions.clip_id", "clip_renditions.rendition_id"]),
    )
    release_id: Mapped[UUID] = mapped_column(ForeignKey("releases.release_id"), primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), primary_key=True)
    rendition_id: Mapped[UUID]
    annotation_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))


class ReleaseRefusalRow(Row):
    """A clip that a release does not hold, and why."""

    __tablename__ = "release_refusals"
    release_id: Mapped[UUID] = mapped_column(ForeignKey("releases.release_id"), primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), primary_key=True)
    reason: Mapped[str]


class ReleaseSealRow(Row):
    """The digest of the manifest that a release is from now on."""

    __tablename__ = "release_seals"
    __table_args__ = (CheckConstraint(f"manifest_digest {HEX64}", name="manifest_digest_shape"),)
    release_id: Mapped[UUID] = mapped_column(ForeignKey("releases.release_id"), primary_key=True)
    manifest_digest: Mapped[str]
    manifest: Mapped[bytes]
    sealed_at: Mapped[datetime]


class ReleasePublicationRow(Row):
    """A release that partners can read."""

    __tablename__ = "release_publications"
    release_id: Mapped[UUID] = mapped_column(ForeignKey("release_seals.release_id"), primary_key=True)
    bucket: Mapped[str]
    manifest_key: Mapped[str]
    manifest_version_id: Mapped[str]
    published_at: Mapped[datetime]


class CustodyEventRow(Row):
    """Who or what did what to which artefact, when; `canonical` (RFC 8785) is the record, the rest is for looking."""

    __tablename__ = "custody_events"
    __table_args__ = (
        CheckConstraint("leaf_hash = sha256('\\x00'::bytea || canonical)", name="leaf_hash_of_canonical"),
        Index("ix_custody_events_subject", "subject_kind", "subject_id"),
    )
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    canonical: Mapped[bytes]
    leaf_hash: Mapped[bytes] = mapped_column(unique=True)


class AuditRow(Row):
    """One run of the audit: what was re-checked and how many faults it found."""

    __tablename__ = "audits"
    __table_args__ = (CheckConstraint("objects_checked >= 0 AND faults >= 0", name="counts_not_negative"),)
    audit_id: Mapped[UUID] = mapped_column(primary_key=True)
    objects_checked: Mapped[int]
    bytes_checked: Mapped[int]
    events_checked: Mapped[int]
    faults: Mapped[int]
    report: Mapped[dict[str, Any]]
    audited_at: Mapped[datetime]
