"""People who label, desks of their own, what each was given, adjudication, gold clips, and clips that are softened."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

HEX64 = "~ '^[0-9a-f]{64}$'"
WHO = "~ '^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$'"
WHY = "BETWEEN 3 AND 500"
APPEND_ONLY = (
    "desk_tasks",
    "desk_task_withdrawals",
    "desk_hints",
    "annotators",
    "annotator_retirements",
    "allotments",
    "referrals",
    "gold_clips",
    "clip_warnings",
    "softened_clips",
)


def upgrade() -> None:
    _give_answers_a_desk()
    _people()
    _clips()
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")


def _give_answers_a_desk() -> None:
    """What is there was answered at the shared desk. A default fills it in without rewriting a row."""
    op.add_column("annotations", sa.Column("desk", sa.Text(), nullable=False, server_default=""))
    op.alter_column("annotations", "desk", server_default=None)
    op.create_table(
        "desk_tasks",
        sa.Column("label_studio_project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label_studio_task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("clip_digest", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("desk <> ''", name=op.f("ck_desk_tasks_not_shared")),
        sa.CheckConstraint(f"taxonomy_digest {HEX64}", name=op.f("ck_desk_tasks_taxonomy_digest_shape")),
        sa.CheckConstraint(f"clip_digest {HEX64}", name=op.f("ck_desk_tasks_clip_digest_shape")),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_desk_tasks_clip_id_clips")),
        sa.PrimaryKeyConstraint("label_studio_project_id", "label_studio_task_id", name=op.f("pk_desk_tasks")),
    )
    op.create_index("ix_desk_tasks_taxonomy_digest_desk", "desk_tasks", ["taxonomy_digest", "desk"])
    op.create_table(
        "desk_task_withdrawals",
        sa.Column("label_studio_project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label_studio_task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["label_studio_project_id", "label_studio_task_id"],
            ["desk_tasks.label_studio_project_id", "desk_tasks.label_studio_task_id"],
            name="fk_desk_task_withdrawals_desk_tasks",
        ),
        sa.PrimaryKeyConstraint(
            "label_studio_project_id", "label_studio_task_id", name=op.f("pk_desk_task_withdrawals")
        ),
    )
    op.create_table(
        "desk_hints",
        sa.Column("label_studio_project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label_studio_task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("drawn", JSONB(none_as_null=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["label_studio_project_id", "label_studio_task_id"],
            ["desk_tasks.label_studio_project_id", "desk_tasks.label_studio_task_id"],
            name="fk_desk_hints_desk_tasks",
        ),
        sa.PrimaryKeyConstraint(
            "label_studio_project_id", "label_studio_task_id", "ordinal", name=op.f("pk_desk_hints")
        ),
    )


def _people() -> None:
    op.create_table(
        "annotators",
        sa.Column("annotator", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("label_studio_user_id", sa.BigInteger(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('annotator', 'adjudicator')", name=op.f("ck_annotators_role_known")),
        sa.CheckConstraint("annotator ~ '^annotator-[0-9a-f]{16}$'", name=op.f("ck_annotators_annotator_shape")),
        sa.PrimaryKeyConstraint("annotator", name=op.f("pk_annotators")),
        sa.UniqueConstraint("label_studio_user_id", name=op.f("uq_annotators_label_studio_user_id")),
    )
    op.create_table(
        "annotator_retirements",
        sa.Column("annotator", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"length(because) {WHY}", name=op.f("ck_annotator_retirements_because_length")),
        sa.ForeignKeyConstraint(
            ["annotator"], ["annotators.annotator"], name=op.f("fk_annotator_retirements_annotator_annotators")
        ),
        sa.PrimaryKeyConstraint("annotator", name=op.f("pk_annotator_retirements")),
    )
    op.create_table(
        "allotments",
        sa.Column("annotator", sa.Text(), nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("allotted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('label', 'gold')", name=op.f("ck_allotments_purpose_known")),
        sa.CheckConstraint(f"taxonomy_digest {HEX64}", name=op.f("ck_allotments_taxonomy_digest_shape")),
        sa.CheckConstraint("ordinal >= 1", name=op.f("ck_allotments_ordinal_positive")),
        sa.ForeignKeyConstraint(
            ["annotator"], ["annotators.annotator"], name=op.f("fk_allotments_annotator_annotators")
        ),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_allotments_clip_id_clips")),
        sa.PrimaryKeyConstraint("annotator", "taxonomy_digest", "clip_id", name=op.f("pk_allotments")),
    )


def _clips() -> None:
    op.create_table(
        "referrals",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("annotation_ids", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("referred_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"taxonomy_digest {HEX64}", name=op.f("ck_referrals_taxonomy_digest_shape")),
        sa.CheckConstraint("cardinality(annotation_ids) >= 2", name=op.f("ck_referrals_answers_disagree")),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_referrals_clip_id_clips")),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_referrals")),
    )
    op.create_table(
        "gold_clips",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_digest", sa.Text(), nullable=False),
        sa.Column("marked_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"taxonomy_digest {HEX64}", name=op.f("ck_gold_clips_taxonomy_digest_shape")),
        sa.CheckConstraint(f"marked_by {WHO}", name=op.f("ck_gold_clips_marked_by_shape")),
        sa.CheckConstraint(f"length(because) {WHY}", name=op.f("ck_gold_clips_because_length")),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_gold_clips_clip_id_clips")),
        sa.PrimaryKeyConstraint("clip_id", "taxonomy_digest", name=op.f("pk_gold_clips")),
    )
    op.create_table(
        "clip_warnings",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("warned_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"warned_by {WHO}", name=op.f("ck_clip_warnings_warned_by_shape")),
        sa.CheckConstraint(f"length(because) {WHY}", name=op.f("ck_clip_warnings_because_length")),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_clip_warnings_clip_id_clips")),
        sa.PrimaryKeyConstraint("clip_id", name=op.f("pk_clip_warnings")),
    )
    op.create_table(
        "softened_clips",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("clip_digest", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("softened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"clip_digest {HEX64}", name=op.f("ck_softened_clips_clip_digest_shape")),
        sa.CheckConstraint(f"digest {HEX64}", name=op.f("ck_softened_clips_digest_shape")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_softened_clips_not_empty")),
        sa.ForeignKeyConstraint(
            ["clip_id"], ["clip_warnings.clip_id"], name=op.f("fk_softened_clips_clip_id_clip_warnings")
        ),
        sa.PrimaryKeyConstraint("clip_id", "clip_digest", name=op.f("pk_softened_clips")),
    )


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
