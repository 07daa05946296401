"""What was declared of an exercise: scenario, site, date, cameras and their wearers, weapons and ammunition."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exercise_declarations",
        sa.Column("exercise_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("declaration", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_exercise_declarations_digest_shape")),
        sa.ForeignKeyConstraint(
            ["exercise_id"], ["exercises.exercise_id"], name=op.f("fk_exercise_declarations_exercise_id_exercises")
        ),
        sa.PrimaryKeyConstraint("exercise_id", "digest", "declared_at", name=op.f("pk_exercise_declarations")),
    )
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    op.execute(
        "CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON exercise_declarations "
        "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(
        "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON exercise_declarations "
        "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute("ALTER TABLE exercise_declarations ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
