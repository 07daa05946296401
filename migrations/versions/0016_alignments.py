"""How the recordings of an exercise lie in time: comparisons of sounds, and numbered alignments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = ("sound_comparisons", "alignments", "alignment_stretches", "alignment_pairs")

HEX64 = "~ '^[0-9a-f]{64}$'"
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "sound_comparisons",
        sa.Column("comparison_id", sa.Uuid(), nullable=False),
        sa.Column("first_digest", sa.Text(), nullable=False),
        sa.Column("second_digest", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("hearing", JSONB, nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"first_digest {HEX64}", name=op.f("ck_sound_comparisons_first_digest_shape")),
        sa.CheckConstraint(f"second_digest {HEX64}", name=op.f("ck_sound_comparisons_second_digest_shape")),
        sa.PrimaryKeyConstraint("comparison_id", name=op.f("pk_sound_comparisons")),
    )
    op.create_table(
        "alignments",
        sa.Column("alignment_id", sa.Uuid(), nullable=False),
        sa.Column("exercise_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("inputs_digest", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("zero_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("zero_uncertainty_num", sa.BigInteger(), nullable=False),
        sa.Column("zero_uncertainty_den", sa.BigInteger(), nullable=False),
        sa.Column("aligned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_alignments_number_positive")),
        sa.CheckConstraint(f"inputs_digest {HEX64}", name=op.f("ck_alignments_inputs_digest_shape")),
        sa.CheckConstraint(
            "zero_uncertainty_num >= 0 AND zero_uncertainty_den > 0",
            name=op.f("ck_alignments_zero_uncertainty_shape"),
        ),
        sa.ForeignKeyConstraint(
            ["exercise_id"], ["exercises.exercise_id"], name=op.f("fk_alignments_exercise_id_exercises")
        ),
        sa.PrimaryKeyConstraint("alignment_id", name=op.f("pk_alignments")),
        sa.UniqueConstraint("exercise_id", "number", name=op.f("uq_alignments_exercise_id_number")),
    )
    _make_stretches_and_pairs()
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


def _make_stretches_and_pairs() -> None:
    numbers = ("ordinal", "start_num", "start_den", "end_num", "end_den")
    op.create_table(
        "alignment_stretches",
        sa.Column("alignment_id", sa.Uuid(), nullable=False),
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in numbers),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("placed", JSONB, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("ordinal >= 0", name=op.f("ck_alignment_stretches_ordinal_not_negative")),
        sa.CheckConstraint(
            "start_num >= 0 AND start_den > 0 AND end_den > 0", name=op.f("ck_alignment_stretches_span_shape")
        ),
        sa.CheckConstraint(
            "start_num::numeric * end_den < end_num::numeric * start_den",
            name=op.f("ck_alignment_stretches_span_order"),
        ),
        sa.CheckConstraint(
            "method IN ('reference', 'sound', 'clocks')", name=op.f("ck_alignment_stretches_method_known")
        ),
        sa.CheckConstraint(
            "(method IS NULL) = (placed IS NULL)", name=op.f("ck_alignment_stretches_placed_or_refused")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_alignment_stretches_reason_given")),
        sa.ForeignKeyConstraint(
            ["alignment_id"], ["alignments.alignment_id"], name=op.f("fk_alignment_stretches_alignment_id_alignments")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_alignment_stretches_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("alignment_id", "recording_id", "ordinal", name=op.f("pk_alignment_stretches")),
    )
    op.create_index(op.f("ix_alignment_stretches_recording_id"), "alignment_stretches", ["recording_id"])
    sides = ("first", "second")
    op.create_table(
        "alignment_pairs",
        sa.Column("alignment_id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("first_ordinal", sa.BigInteger(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("second_ordinal", sa.BigInteger(), nullable=False),
        sa.Column("heard", JSONB, nullable=True),
        sa.Column("refused", JSONB, nullable=True),
        sa.CheckConstraint("first_id <> second_id", name=op.f("ck_alignment_pairs_two_recordings")),
        sa.CheckConstraint("(heard IS NULL) <> (refused IS NULL)", name=op.f("ck_alignment_pairs_heard_or_refused")),
        *(
            sa.ForeignKeyConstraint(
                ["alignment_id", f"{side}_id", f"{side}_ordinal"],
                [f"alignment_stretches.{name}" for name in ("alignment_id", "recording_id", "ordinal")],
                name=op.f(f"fk_alignment_pairs_alignment_id_{side}_id_{side}_ordinal_alignment_stretches"),
            )
            for side in sides
        ),
        sa.PrimaryKeyConstraint(
            "alignment_id",
            "first_id",
            "first_ordinal",
            "second_id",
            "second_ordinal",
            name=op.f("pk_alignment_pairs"),
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
