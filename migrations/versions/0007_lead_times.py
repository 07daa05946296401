"""How long an answer took."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("annotations", sa.Column("lead_time_s", sa.Float(), nullable=True))
    op.create_check_constraint(op.f("ck_annotations_lead_time_not_negative"), "annotations", "lead_time_s >= 0")


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
