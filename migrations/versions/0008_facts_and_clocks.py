"""What each original says of itself, and every clock with its source."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "original_facts",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("described_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('video', 'still', 'track', 'other')", name=op.f("ck_original_facts_kind_known")),
        sa.ForeignKeyConstraint(["digest"], ["originals.digest"], name=op.f("fk_original_facts_digest_originals")),
        sa.PrimaryKeyConstraint("digest", "tool_identity", name=op.f("pk_original_facts")),
    )
    op.create_table(
        "clock_readings",
        sa.Column("reading_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("instant", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position_num", sa.BigInteger(), nullable=False),
        sa.Column("position_den", sa.BigInteger(), nullable=False),
        sa.Column("slack_num", sa.BigInteger(), nullable=False),
        sa.Column("slack_den", sa.BigInteger(), nullable=False),
        sa.Column("has_fix", sa.Boolean(), nullable=False),
        sa.Column("is_zone_known", sa.Boolean(), nullable=False),
        sa.CheckConstraint("num_nonnulls(digest, upload_id) = 1", name=op.f("ck_clock_readings_of_one_thing")),
        sa.CheckConstraint(
            "position_den > 0 AND slack_num >= 0 AND slack_den > 0", name=op.f("ck_clock_readings_seconds_shape")
        ),
        sa.ForeignKeyConstraint(["digest"], ["originals.digest"], name=op.f("fk_clock_readings_digest_originals")),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.upload_id"], name=op.f("fk_clock_readings_upload_id_uploads")),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("pk_clock_readings")),
    )
    op.create_index(op.f("ix_clock_readings_digest"), "clock_readings", ["digest"])
    op.create_index(op.f("ix_clock_readings_upload_id"), "clock_readings", ["upload_id"])
    for table in ("original_facts", "clock_readings"):
        # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
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
