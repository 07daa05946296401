"""What comes out of rendering beside the rendition."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

HEX64 = "~ '^[0-9a-f]{64}$'"


def upgrade() -> None:
    op.create_table(
        "byproducts",
        sa.Column("rendition_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('sound', 'thumbnails', 'contact_sheet', 'measures')", name=op.f("ck_byproducts_kind_known")
        ),
        sa.CheckConstraint("ordinal >= 0", name=op.f("ck_byproducts_ordinal_not_negative")),
        sa.CheckConstraint(f"digest {HEX64}", name=op.f("ck_byproducts_digest_shape")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_byproducts_not_empty")),
        sa.ForeignKeyConstraint(
            ["rendition_id"], ["renditions.rendition_id"], name=op.f("fk_byproducts_rendition_id_renditions")
        ),
        sa.PrimaryKeyConstraint("rendition_id", "kind", "ordinal", name=op.f("pk_byproducts")),
        sa.UniqueConstraint("bucket", "key", "version_id", name=op.f("uq_byproducts_bucket_key_version_id")),
    )
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    op.execute(
        "CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON byproducts "
        "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(
        "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON byproducts "
        "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute("ALTER TABLE byproducts ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
