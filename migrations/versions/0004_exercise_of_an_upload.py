"""Which exercise an upload was found to belong to when its key named none, and when its sender says it was recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("uploads", sa.Column("claimed_start_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "upload_assignments",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("exercise_id", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["exercise_id"], ["exercises.exercise_id"], name=op.f("fk_upload_assignments_exercise_id_exercises")
        ),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.upload_id"], name=op.f("fk_upload_assignments_upload_id_uploads")
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload_assignments")),
    )
    op.create_index(op.f("ix_upload_assignments_exercise_id"), "upload_assignments", ["exercise_id"])
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    op.execute(
        "CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON upload_assignments "
        "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(
        "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON upload_assignments "
        "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute("ALTER TABLE upload_assignments ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
