"""Damaged recordings, and what people decide about uploads in quarantine; an upload can be refused again after that."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quarantines", sa.Column("attempt", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("quarantines", "attempt", server_default=None)
    op.drop_constraint(op.f("pk_quarantines"), "quarantines")
    op.create_primary_key(op.f("pk_quarantines"), "quarantines", ["upload_id", "attempt"])
    op.create_table(
        "quarantine_decisions",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision IN ('released', 'rejected')", name=op.f("ck_quarantine_decisions_decision_known")),
        sa.CheckConstraint(
            "decided_by ~ '^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$'", name=op.f("ck_quarantine_decisions_decided_by_shape")
        ),
        sa.CheckConstraint("length(because) BETWEEN 3 AND 500", name=op.f("ck_quarantine_decisions_because_length")),
        sa.ForeignKeyConstraint(
            ["upload_id", "attempt"],
            ["quarantines.upload_id", "quarantines.attempt"],
            name=op.f("fk_quarantine_decisions_upload_id_attempt_quarantines"),
        ),
        sa.PrimaryKeyConstraint("upload_id", "attempt", name=op.f("pk_quarantine_decisions")),
    )
    op.create_table(
        "recording_damages",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.Column("frames_lost", sa.BigInteger(), nullable=False),
        sa.Column("spans", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "frames_lost >= 0 AND frames_lost <= frames AND frames > 0",
            name=op.f("ck_recording_damages_frames_counted"),
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_recording_damages_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recording_damages")),
    )
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    for table in ("quarantine_decisions", "recording_damages"):
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
