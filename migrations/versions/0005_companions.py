"""What an upload's name says: which companion of footage it is, what it belongs to, when it began."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("uploads", sa.Column("companion_kind", sa.Text(), nullable=True))
    op.add_column("uploads", sa.Column("name_group", sa.Uuid(), nullable=True))
    op.add_column("uploads", sa.Column("name_pattern", sa.Text(), nullable=True))
    op.add_column("uploads", sa.Column("named_start", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_uploads_companion_kind_known"),
        "uploads",
        "companion_kind IN ('still', 'thumbnail', 'proxy', 'track', 'subtitles', 'manifest')",
    )
    op.create_index(op.f("ix_uploads_name_group"), "uploads", ["name_group"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
