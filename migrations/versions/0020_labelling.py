"""Clips in labelling: whether they play, what was drawn on them beforehand, what is wrong, what was carried over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

HEX64 = "~ '^[0-9a-f]{64}$'"
TABLES = ("media_gates", "task_hints", "task_renewals", "readings", "labelling_findings", "carried_annotations")


def upgrade() -> None:
    op.create_table(
        "media_gates",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("clip_digest", sa.Text(), nullable=False),
        sa.Column("misfits", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"clip_digest {HEX64}", name=op.f("ck_media_gates_clip_digest_shape")),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_media_gates_clip_id_clips")),
        sa.PrimaryKeyConstraint("clip_id", "clip_digest", name=op.f("pk_media_gates")),
    )
    op.create_table(
        "task_hints",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("drawn", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clip_id", "taxonomy_digest"],
            ["annotation_tasks.clip_id", "annotation_tasks.taxonomy_digest"],
            name=op.f("fk_task_hints_clip_id_taxonomy_digest_annotation_tasks"),
        ),
        sa.PrimaryKeyConstraint("clip_id", "taxonomy_digest", "ordinal", name=op.f("pk_task_hints")),
    )
    op.create_table(
        "task_renewals",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("label_studio_project_id", sa.BigInteger(), nullable=False),
        sa.Column("label_studio_task_id", sa.BigInteger(), nullable=False),
        sa.Column("clip_digest", sa.Text(), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"clip_digest {HEX64}", name=op.f("ck_task_renewals_clip_digest_shape")),
        sa.ForeignKeyConstraint(
            ["clip_id", "taxonomy_digest"],
            ["annotation_tasks.clip_id", "annotation_tasks.taxonomy_digest"],
            name=op.f("fk_task_renewals_clip_id_taxonomy_digest_annotation_tasks"),
        ),
        sa.PrimaryKeyConstraint(
            "clip_id",
            "taxonomy_digest",
            "label_studio_project_id",
            "label_studio_task_id",
            name=op.f("pk_task_renewals"),
        ),
    )
    op.create_table(
        "readings",
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("label_studio_project_id", sa.BigInteger(), nullable=False),
        sa.Column("read_through", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"taxonomy_digest {HEX64}", name=op.f("ck_readings_taxonomy_digest_shape")),
        sa.PrimaryKeyConstraint("taxonomy_digest", "ordinal", name=op.f("pk_readings")),
    )
    op.create_table(
        "labelling_findings",
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("label_studio_project_id", sa.BigInteger(), nullable=False),
        sa.Column("label_studio_task_id", sa.BigInteger(), nullable=True),
        sa.Column("clip_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('configuration_changed', 'task_deleted', 'task_twice', 'foreign_task')",
            name=op.f("ck_labelling_findings_kind_known"),
        ),
        sa.CheckConstraint(f"taxonomy_digest {HEX64}", name=op.f("ck_labelling_findings_taxonomy_digest_shape")),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_labelling_findings_clip_id_clips")),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_labelling_findings")),
    )
    op.create_table(
        "carried_annotations",
        sa.Column("annotation_id", sa.Uuid(), nullable=False),
        sa.Column("source_annotation_id", sa.Uuid(), nullable=False),
        sa.Column("mapping_digest", sa.Text(), nullable=False),
        sa.Column("carried_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"mapping_digest {HEX64}", name=op.f("ck_carried_annotations_mapping_digest_shape")),
        sa.ForeignKeyConstraint(
            ["annotation_id"],
            ["annotations.annotation_id"],
            name=op.f("fk_carried_annotations_annotation_id_annotations"),
        ),
        sa.ForeignKeyConstraint(
            ["source_annotation_id"],
            ["annotations.annotation_id"],
            name=op.f("fk_carried_annotations_source_annotation_id_annotations"),
        ),
        sa.PrimaryKeyConstraint("annotation_id", name=op.f("pk_carried_annotations")),
    )
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
