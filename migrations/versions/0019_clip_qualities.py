"""How good the picture and the sound of each clip are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clip_qualities",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("rendition_id", sa.Uuid(), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quality", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("marks", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rule_version >= 1", name=op.f("ck_clip_qualities_rule_version_positive")),
        sa.ForeignKeyConstraint(
            ["rendition_id"], ["renditions.rendition_id"], name=op.f("fk_clip_qualities_rendition_id_renditions")
        ),
        sa.PrimaryKeyConstraint("clip_id", "rendition_id", "rule_version", name=op.f("pk_clip_qualities")),
    )
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    op.execute(
        "CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON clip_qualities "
        "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(
        "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON clip_qualities "
        "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute("ALTER TABLE clip_qualities ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
