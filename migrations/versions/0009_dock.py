"""What docking stations send: containers, objects, what is said of them, and which of it became uploads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPEND_ONLY = ("dock_containers", "dock_objects", "dock_completions", "dock_uploads")
"""All but `dock_metadata`, which names people and can be erased from."""


def upgrade() -> None:
    op.create_table(
        "dock_containers",
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('system', 'users', 'devices', 'recording', 'rejected')",
            name=op.f("ck_dock_containers_kind_known"),
        ),
        sa.PrimaryKeyConstraint("container", name=op.f("pk_dock_containers")),
    )
    op.create_table(
        "dock_objects",
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("md5", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_dock_objects_digest_shape")),
        sa.CheckConstraint("md5 ~ '^[0-9a-f]{32}$'", name=op.f("ck_dock_objects_md5_shape")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_dock_objects_size_not_negative")),
        sa.ForeignKeyConstraint(
            ["container"], ["dock_containers.container"], name=op.f("fk_dock_objects_container_dock_containers")
        ),
        sa.PrimaryKeyConstraint("container", "name", "ordinal", name=op.f("pk_dock_objects")),
        sa.UniqueConstraint("bucket", "key", "version_id", name=op.f("uq_dock_objects_bucket_key_version_id")),
    )
    op.create_table(
        "dock_metadata",
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["container"], ["dock_containers.container"], name=op.f("fk_dock_metadata_container_dock_containers")
        ),
        sa.PrimaryKeyConstraint("container", "name", "ordinal", name=op.f("pk_dock_metadata")),
    )
    op.create_table(
        "dock_completions",
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["container"], ["dock_containers.container"], name=op.f("fk_dock_completions_container_dock_containers")
        ),
        sa.PrimaryKeyConstraint("container", name=op.f("pk_dock_completions")),
    )
    op.create_table(
        "dock_uploads",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["container"], ["dock_completions.container"], name=op.f("fk_dock_uploads_container_dock_completions")
        ),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.upload_id"], name=op.f("fk_dock_uploads_upload_id_uploads")),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_dock_uploads")),
        sa.UniqueConstraint("container", "name", name=op.f("uq_dock_uploads_container_name")),
    )
    for table in APPEND_ONLY:
        _make_append_only(table)


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")


def _make_append_only(table: str) -> None:
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    op.execute(
        f"CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(
        f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")
