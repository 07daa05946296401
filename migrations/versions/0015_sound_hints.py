"""Which detectors listened to which recordings, and what hints they gave."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listenings",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("detector_digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("tools", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("rendition_id", sa.Uuid(), nullable=False),
        sa.Column("sound_digest", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("listened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('impulse', 'speech')", name=op.f("ck_listenings_kind_known")),
        sa.CheckConstraint("detector_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_listenings_detector_digest_shape")),
        sa.CheckConstraint("sound_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_listenings_sound_digest_shape")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_listenings_recording_id_recordings")
        ),
        sa.ForeignKeyConstraint(
            ["rendition_id"], ["renditions.rendition_id"], name=op.f("fk_listenings_rendition_id_renditions")
        ),
        sa.PrimaryKeyConstraint("recording_id", "detector_digest", name=op.f("pk_listenings")),
    )
    op.create_table(
        "sound_hints",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("detector_digest", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("start_num", sa.BigInteger(), nullable=False),
        sa.Column("start_den", sa.BigInteger(), nullable=False),
        sa.Column("end_num", sa.BigInteger(), nullable=False),
        sa.Column("end_den", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.CheckConstraint("ordinal >= 0", name=op.f("ck_sound_hints_ordinal_not_negative")),
        sa.CheckConstraint("start_num >= 0 AND start_den > 0 AND end_den > 0", name=op.f("ck_sound_hints_span_shape")),
        sa.CheckConstraint(
            "start_num::numeric * end_den < end_num::numeric * start_den", name=op.f("ck_sound_hints_span_order")
        ),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_sound_hints_score_range")),
        sa.ForeignKeyConstraint(
            ["recording_id", "detector_digest"],
            ["listenings.recording_id", "listenings.detector_digest"],
            name=op.f("fk_sound_hints_recording_id_detector_digest_listenings"),
        ),
        sa.PrimaryKeyConstraint("recording_id", "detector_digest", "ordinal", name=op.f("pk_sound_hints")),
    )
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    for table in ("listenings", "sound_hints"):
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
