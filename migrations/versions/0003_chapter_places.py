"""Which part of a long recording an upload is, as its sender's naming tells: series and number."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("uploads", sa.Column("chapter_series", sa.Text(), nullable=True))
    op.add_column("uploads", sa.Column("chapter_number", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_uploads_chapter_whole"), "uploads", "(chapter_series IS NULL) = (chapter_number IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_uploads_chapter_series_shape"), "uploads", "chapter_series ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'"
    )
    op.create_check_constraint(
        op.f("ck_uploads_chapter_number_range"), "uploads", "chapter_number BETWEEN 0 AND 1000000000"
    )


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
