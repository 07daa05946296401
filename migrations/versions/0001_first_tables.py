"""The first tables: footage, labels, releases and custody, all append-only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE FUNCTION firsthand_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only: % on %', tg_op, tg_table_name USING ERRCODE = '42501';
END $$
"""


def make_append_only(table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE.

    ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    """
    op.execute(
        f"CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(
        f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")


def upgrade() -> None:
    op.create_table(
        "audits",
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("objects_checked", sa.BigInteger(), nullable=False),
        sa.Column("bytes_checked", sa.BigInteger(), nullable=False),
        sa.Column("events_checked", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.BigInteger(), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("audited_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("objects_checked >= 0 AND faults >= 0", name=op.f("ck_audits_counts_not_negative")),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audits")),
    )
    op.create_table(
        "custody_events",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("canonical", postgresql.BYTEA(), nullable=False),
        sa.Column("leaf_hash", postgresql.BYTEA(), nullable=False),
        sa.CheckConstraint(
            "leaf_hash = sha256('\\x00'::bytea || canonical)", name=op.f("ck_custody_events_leaf_hash_of_canonical")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_custody_events")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_custody_events_leaf_hash")),
    )
    op.create_index(op.f("ix_custody_events_occurred_at"), "custody_events", ["occurred_at"], unique=False)
    op.create_index("ix_custody_events_subject", "custody_events", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "exercises",
        sa.Column("exercise_id", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "exercise_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'", name=op.f("ck_exercises_exercise_id_shape")
        ),
        sa.PrimaryKeyConstraint("exercise_id", name=op.f("pk_exercises")),
    )
    op.create_table(
        "originals",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("preserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_originals_digest_shape")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_originals_not_empty")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_originals")),
        sa.UniqueConstraint("bucket", "key", "version_id", name=op.f("uq_originals_bucket_key_version_id")),
    )
    op.create_table(
        "releases",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("annotators_min", sa.BigInteger(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("annotators_min >= 1", name=op.f("ck_releases_annotators_positive")),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f("ck_releases_name_shape")),
        sa.CheckConstraint("taxonomy_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_releases_taxonomy_digest_shape")),
        sa.CheckConstraint("version ~ '^\\d+\\.\\d+\\.\\d+$'", name=op.f("ck_releases_version_shape")),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_releases")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_releases_name_version")),
    )
    op.create_table(
        "recordings",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("exercise_id", sa.Text(), nullable=False),
        sa.Column("camera_serial", sa.Text(), nullable=False),
        sa.Column("duration_num", sa.BigInteger(), nullable=False),
        sa.Column("duration_den", sa.BigInteger(), nullable=False),
        sa.Column("frame_rate_num", sa.BigInteger(), nullable=False),
        sa.Column("frame_rate_den", sa.BigInteger(), nullable=False),
        sa.Column("media_facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("duration_num > 0 AND duration_den > 0", name=op.f("ck_recordings_duration_positive")),
        sa.CheckConstraint("frame_rate_num > 0 AND frame_rate_den > 0", name=op.f("ck_recordings_frame_rate_positive")),
        sa.ForeignKeyConstraint(
            ["exercise_id"], ["exercises.exercise_id"], name=op.f("fk_recordings_exercise_id_exercises")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recordings")),
    )
    op.create_index(op.f("ix_recordings_exercise_id"), "recordings", ["exercise_id"], unique=False)
    op.create_table(
        "release_seals",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("manifest_digest", sa.Text(), nullable=False),
        sa.Column("manifest", postgresql.BYTEA(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("manifest_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_release_seals_manifest_digest_shape")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.release_id"], name=op.f("fk_release_seals_release_id_releases")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release_seals")),
    )
    op.create_table(
        "uploads",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("exercise_id", sa.Text(), nullable=True),
        sa.Column("camera_serial", sa.Text(), nullable=True),
        sa.Column("claimed_digest", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("claimed_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_uploads_claimed_digest_shape")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_uploads_size_not_negative")),
        sa.ForeignKeyConstraint(
            ["exercise_id"], ["exercises.exercise_id"], name=op.f("fk_uploads_exercise_id_exercises")
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("bucket", "key", "version_id", name=op.f("uq_uploads_bucket_key_version_id")),
    )
    op.create_index(op.f("ix_uploads_exercise_id"), "uploads", ["exercise_id"], unique=False)
    op.create_index(op.f("ix_uploads_received_at"), "uploads", ["received_at"], unique=False)
    op.create_table(
        "clips",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("start_num", sa.BigInteger(), nullable=False),
        sa.Column("start_den", sa.BigInteger(), nullable=False),
        sa.Column("end_num", sa.BigInteger(), nullable=False),
        sa.Column("end_den", sa.BigInteger(), nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ordinal >= 0", name=op.f("ck_clips_ordinal_not_negative")),
        sa.CheckConstraint("start_num >= 0 AND start_den > 0 AND end_den > 0", name=op.f("ck_clips_span_shape")),
        sa.CheckConstraint(
            "start_num::numeric * end_den < end_num::numeric * start_den", name=op.f("ck_clips_span_order")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_clips_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("clip_id", name=op.f("pk_clips")),
        sa.UniqueConstraint(
            "recording_id",
            "start_num",
            "start_den",
            "end_num",
            "end_den",
            name=op.f("uq_clips_recording_id_start_num_start_den_end_num_end_den"),
        ),
    )
    op.create_index(op.f("ix_clips_cut_at"), "clips", ["cut_at"], unique=False)
    op.create_index(op.f("ix_clips_recording_id"), "clips", ["recording_id"], unique=False)
    # Not append-only: a file's name may name a person, and must be erasable.
    op.create_table(
        "upload_names",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("original_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.upload_id"], name=op.f("fk_upload_names_upload_id_uploads")),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload_names")),
    )
    op.create_table(
        "quarantines",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("error_kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.upload_id"], name=op.f("fk_quarantines_upload_id_uploads")),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_quarantines")),
    )
    op.create_table(
        "recording_originals",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.CheckConstraint("ordinal >= 0", name=op.f("ck_recording_originals_ordinal_not_negative")),
        sa.ForeignKeyConstraint(["digest"], ["originals.digest"], name=op.f("fk_recording_originals_digest_originals")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_recording_originals_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("recording_id", "ordinal", name=op.f("pk_recording_originals")),
        sa.UniqueConstraint("digest", name=op.f("uq_recording_originals_digest")),
    )
    op.create_table(
        "release_publications",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("manifest_key", sa.Text(), nullable=False),
        sa.Column("manifest_version_id", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release_seals.release_id"], name=op.f("fk_release_publications_release_id_release_seals")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release_publications")),
    )
    op.create_table(
        "renditions",
        sa.Column("rendition_id", sa.Uuid(), nullable=False),
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("recipe_name", sa.Text(), nullable=False),
        sa.Column("recipe_digest", sa.Text(), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("frame_count", sa.BigInteger(), nullable=False),
        sa.Column("width_px", sa.BigInteger(), nullable=False),
        sa.Column("height_px", sa.BigInteger(), nullable=False),
        sa.Column("cut_frames", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("cut_reason", sa.Text(), nullable=False),
        sa.Column("rendered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_renditions_digest_shape")),
        sa.CheckConstraint("recipe_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_renditions_recipe_digest_shape")),
        sa.CheckConstraint("size_bytes > 0 AND frame_count > 0", name=op.f("ck_renditions_not_empty")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_renditions_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("rendition_id", name=op.f("pk_renditions")),
        sa.UniqueConstraint("bucket", "key", "version_id", name=op.f("uq_renditions_bucket_key_version_id")),
        sa.UniqueConstraint(
            "recording_id",
            "recipe_digest",
            "tool_identity",
            name=op.f("uq_renditions_recording_id_recipe_digest_tool_identity"),
        ),
    )
    op.create_index(op.f("ix_renditions_recording_id"), "renditions", ["recording_id"], unique=False)
    op.create_table(
        "upload_contents",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["originals.digest"], name=op.f("fk_upload_contents_digest_originals")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.upload_id"], name=op.f("fk_upload_contents_upload_id_uploads")
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload_contents")),
    )
    op.create_index(op.f("ix_upload_contents_digest"), "upload_contents", ["digest"], unique=False)
    op.create_table(
        "annotation_tasks",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("clip_digest", sa.Text(), nullable=False),
        sa.Column("label_studio_project_id", sa.BigInteger(), nullable=False),
        sa.Column("label_studio_task_id", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("clip_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_annotation_tasks_clip_digest_shape")),
        sa.CheckConstraint(
            "taxonomy_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_annotation_tasks_taxonomy_digest_shape")
        ),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_annotation_tasks_clip_id_clips")),
        sa.PrimaryKeyConstraint("clip_id", "taxonomy_digest", name=op.f("pk_annotation_tasks")),
        sa.UniqueConstraint(
            "label_studio_project_id",
            "label_studio_task_id",
            name=op.f("uq_annotation_tasks_label_studio_project_id_label_studio_task_id"),
        ),
    )
    op.create_table(
        "annotations",
        sa.Column("annotation_id", sa.Uuid(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("annotator", sa.Text(), nullable=False),
        sa.Column("label_studio_annotation_id", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", postgresql.BYTEA(), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("taxonomy_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_annotations_taxonomy_digest_shape")),
        sa.CheckConstraint("(refusal IS NULL) <> (labels IS NULL)", name=op.f("ck_annotations_labels_or_refusal")),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_annotations_clip_id_clips")),
        sa.PrimaryKeyConstraint("annotation_id", name=op.f("pk_annotations")),
        sa.UniqueConstraint(
            "label_studio_annotation_id",
            "answered_at",
            "taxonomy_digest",
            name=op.f("uq_annotations_label_studio_annotation_id_answered_at_taxonomy_digest"),
        ),
    )
    op.create_index(op.f("ix_annotations_clip_id"), "annotations", ["clip_id"], unique=False)
    op.create_table(
        "clip_renditions",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("rendition_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("frame_count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_clip_renditions_digest_shape")),
        sa.CheckConstraint("size_bytes > 0 AND frame_count > 0", name=op.f("ck_clip_renditions_not_empty")),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_clip_renditions_clip_id_clips")),
        sa.ForeignKeyConstraint(
            ["rendition_id"], ["renditions.rendition_id"], name=op.f("fk_clip_renditions_rendition_id_renditions")
        ),
        sa.PrimaryKeyConstraint("clip_id", "rendition_id", name=op.f("pk_clip_renditions")),
        sa.UniqueConstraint("bucket", "key", "version_id", name=op.f("uq_clip_renditions_bucket_key_version_id")),
    )
    op.create_index(op.f("ix_clip_renditions_digest"), "clip_renditions", ["digest"], unique=False)
    op.create_table(
        "release_clips",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("rendition_id", sa.Uuid(), nullable=False),
        sa.Column("annotation_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_release_clips_clip_id_clips")),
        sa.ForeignKeyConstraint(
            ["clip_id", "rendition_id"],
            ["clip_renditions.clip_id", "clip_renditions.rendition_id"],
            name=op.f("fk_release_clips_clip_id_rendition_id_clip_renditions"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.release_id"], name=op.f("fk_release_clips_release_id_releases")
        ),
        sa.PrimaryKeyConstraint("release_id", "clip_id", name=op.f("pk_release_clips")),
    )
    op.create_table(
        "release_refusals",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_release_refusals_clip_id_clips")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.release_id"], name=op.f("fk_release_refusals_release_id_releases")
        ),
        sa.PrimaryKeyConstraint("release_id", "clip_id", name=op.f("pk_release_refusals")),
    )
    op.execute(APPEND_ONLY)
    for table in (
        "audits",
        "custody_events",
        "exercises",
        "originals",
        "releases",
        "recordings",
        "release_seals",
        "uploads",
        "clips",
        "quarantines",
        "recording_originals",
        "release_publications",
        "renditions",
        "upload_contents",
        "annotation_tasks",
        "annotations",
        "clip_renditions",
        "release_clips",
        "release_refusals",
    ):
        make_append_only(table)


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
