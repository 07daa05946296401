"""Encodings of clips by recipes, which recipes a release was drafted to hold, and what it holds of each clip."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_HEX64 = "~ '^[0-9a-f]{64}$'"


def upgrade() -> None:
    op.create_table(
        "clip_encodings",
        sa.Column("encoding_id", sa.Uuid(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("recipe_name", sa.Text(), nullable=False),
        sa.Column("recipe_version", sa.BigInteger(), nullable=False),
        sa.Column("recipe_digest", sa.Text(), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("inputs", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("frame_count", sa.BigInteger(), nullable=False),
        sa.Column("frame_rate_num", sa.BigInteger(), nullable=False),
        sa.Column("frame_rate_den", sa.BigInteger(), nullable=False),
        sa.Column("width_px", sa.BigInteger(), nullable=False),
        sa.Column("height_px", sa.BigInteger(), nullable=False),
        sa.Column("video_codec", sa.Text(), nullable=False),
        sa.Column("audio_codec", sa.Text(), nullable=True),
        sa.Column("transform", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("encoded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"recipe_digest {_HEX64}", name=op.f("ck_clip_encodings_recipe_digest_shape")),
        sa.CheckConstraint(f"digest {_HEX64}", name=op.f("ck_clip_encodings_digest_shape")),
        sa.CheckConstraint("cardinality(inputs) > 0", name=op.f("ck_clip_encodings_made_of_something")),
        sa.CheckConstraint(
            "size_bytes > 0 AND frame_count > 0 AND width_px > 0 AND height_px > 0",
            name=op.f("ck_clip_encodings_not_empty"),
        ),
        sa.CheckConstraint(
            "frame_rate_num > 0 AND frame_rate_den > 0", name=op.f("ck_clip_encodings_frame_rate_positive")
        ),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.clip_id"], name=op.f("fk_clip_encodings_clip_id_clips")),
        sa.PrimaryKeyConstraint("encoding_id", name=op.f("pk_clip_encodings")),
        sa.UniqueConstraint(
            "clip_id",
            "recipe_digest",
            "inputs",
            "tool_identity",
            name=op.f("uq_clip_encodings_clip_id_recipe_digest_inputs_tool_identity"),
        ),
    )
    op.create_index(op.f("ix_clip_encodings_clip_id"), "clip_encodings", ["clip_id"])
    op.create_table(
        "release_recipes",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("recipe_name", sa.Text(), nullable=False),
        sa.Column("recipe_digest", sa.Text(), nullable=False),
        sa.CheckConstraint("ordinal >= 0", name=op.f("ck_release_recipes_ordinal_not_negative")),
        sa.CheckConstraint(f"recipe_digest {_HEX64}", name=op.f("ck_release_recipes_recipe_digest_shape")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.release_id"], name=op.f("fk_release_recipes_release_id_releases")
        ),
        sa.PrimaryKeyConstraint("release_id", "ordinal", name=op.f("pk_release_recipes")),
        sa.UniqueConstraint("release_id", "recipe_name", name=op.f("uq_release_recipes_release_id_recipe_name")),
    )
    op.create_table(
        "release_encodings",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("encoding_id", sa.Uuid(), nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["release_id", "clip_id"],
            ["release_clips.release_id", "release_clips.clip_id"],
            name=op.f("fk_release_encodings_release_id_clip_id_release_clips"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id", "asked"],
            ["release_recipes.release_id", "release_recipes.recipe_name"],
            name=op.f("fk_release_encodings_release_id_asked_release_recipes"),
        ),
        sa.ForeignKeyConstraint(
            ["encoding_id"],
            ["clip_encodings.encoding_id"],
            name=op.f("fk_release_encodings_encoding_id_clip_encodings"),
        ),
        sa.PrimaryKeyConstraint("release_id", "clip_id", "asked", name=op.f("pk_release_encodings")),
    )
    # As in 0001: ENABLE ALWAYS, because an ordinary trigger is skipped under session_replication_role = replica.
    for table in ("clip_encodings", "release_recipes", "release_encodings"):
        op.execute(
            f"CREATE TRIGGER no_rewrite BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION firsthand_refuse_rewrite()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION firsthand_refuse_rewrite()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER no_rewrite, ENABLE ALWAYS TRIGGER no_truncate")


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
