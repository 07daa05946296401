"""Chapters: what the media of each says, why some are one recording, and what lies between them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("probed_chapters", "recording_assemblies", "recording_joins")


def upgrade() -> None:
    op.create_table(
        "probed_chapters",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("media_facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["originals.digest"], name=op.f("fk_probed_chapters_digest_originals")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_probed_chapters")),
    )
    op.create_table(
        "recording_assemblies",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("continues", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["continues"], ["originals.digest"], name=op.f("fk_recording_assemblies_continues_originals")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_recording_assemblies_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recording_assemblies")),
    )
    op.create_table(
        "recording_joins",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("start_frame", sa.BigInteger(), nullable=False),
        sa.Column("gap_num", sa.BigInteger(), nullable=True),
        sa.Column("gap_den", sa.BigInteger(), nullable=True),
        sa.Column("uncertainty_num", sa.BigInteger(), nullable=False),
        sa.Column("uncertainty_den", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.CheckConstraint("ordinal >= 1", name=op.f("ck_recording_joins_not_the_first")),
        sa.CheckConstraint("(gap_num IS NULL) = (gap_den IS NULL)", name=op.f("ck_recording_joins_gap_whole")),
        sa.CheckConstraint(
            "(gap_den IS NULL OR gap_den > 0) AND uncertainty_num >= 0 AND uncertainty_den > 0",
            name=op.f("ck_recording_joins_seconds_shape"),
        ),
        sa.CheckConstraint("start_frame > 0 AND missing >= 0", name=op.f("ck_recording_joins_counts_shape")),
        sa.ForeignKeyConstraint(
            ["recording_id", "ordinal"],
            ["recording_originals.recording_id", "recording_originals.ordinal"],
            name=op.f("fk_recording_joins_recording_id_ordinal_recording_originals"),
        ),
        sa.PrimaryKeyConstraint("recording_id", "ordinal", name=op.f("pk_recording_joins")),
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
