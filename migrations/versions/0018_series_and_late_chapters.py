"""What sensors said sample by sample; and which recording goes on where one of late chapters ends."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "original_series",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("series_digest", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("series_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_original_series_digest_shape")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_original_series_size_positive")),
        sa.ForeignKeyConstraint(
            ["digest", "tool_identity"],
            ["original_facts.digest", "original_facts.tool_identity"],
            name=op.f("fk_original_series_digest_tool_identity_original_facts"),
        ),
        sa.PrimaryKeyConstraint("digest", "tool_identity", name=op.f("pk_original_series")),
    )
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    op.execute(
        "CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON original_series "
        "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(
        "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON original_series "
        "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute("ALTER TABLE original_series ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")
    op.add_column("recording_assemblies", sa.Column("precedes", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_recording_assemblies_precedes_originals"),
        "recording_assemblies",
        "originals",
        ["precedes"],
        ["digest"],
    )


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
