"""Which camera an upload comes from, as somebody says who releases it from quarantine."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload_cameras",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("camera_serial", sa.Text(), nullable=False),
        sa.Column("named_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "camera_serial ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'", name=op.f("ck_upload_cameras_camera_serial_shape")
        ),
        sa.CheckConstraint(
            "named_by ~ '^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$'", name=op.f("ck_upload_cameras_named_by_shape")
        ),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.upload_id"], name=op.f("fk_upload_cameras_upload_id_uploads")),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload_cameras")),
    )
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    op.execute(
        "CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON upload_cameras "
        "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(
        "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON upload_cameras "
        "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute("ALTER TABLE upload_cameras ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
