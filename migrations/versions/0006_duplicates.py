"""What duplicates are found by (digests of streams, hashes of pictures), the pairs found, and what was decided."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    "stream_digests",
    "picture_hashes",
    "picture_anchors",
    "picture_comparisons",
    "duplicates",
    "duplicate_decisions",
)


def upgrade() -> None:
    _make_digests_and_hashes()
    _make_pairs()
    for table in TABLES:
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


def _make_digests_and_hashes() -> None:
    op.create_table(
        "stream_digests",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("picture_digest", sa.Text(), nullable=False),
        sa.Column("sound_digest", sa.Text(), nullable=True),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("digested_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("picture_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_stream_digests_picture_digest_shape")),
        sa.CheckConstraint("sound_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_stream_digests_sound_digest_shape")),
        sa.ForeignKeyConstraint(["digest"], ["originals.digest"], name=op.f("fk_stream_digests_digest_originals")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_stream_digests")),
        sa.UniqueConstraint("ordinal", name=op.f("uq_stream_digests_ordinal")),
    )
    op.create_index(op.f("ix_stream_digests_picture_digest"), "stream_digests", ["picture_digest"])
    op.create_table(
        "picture_hashes",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("hashes", postgresql.BYTEA(), nullable=False),
        sa.Column("tool_identity", sa.Text(), nullable=False),
        sa.Column("hashed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(hashes) % 33 = 0", name=op.f("ck_picture_hashes_whole_hashes")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_picture_hashes_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_picture_hashes")),
        sa.UniqueConstraint("ordinal", name=op.f("uq_picture_hashes_ordinal")),
    )
    op.create_table(
        "picture_anchors",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("sample", sa.BigInteger(), nullable=False),
        sa.Column("hash", postgresql.BYTEA(), nullable=False),
        sa.Column("bands", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_picture_anchors_hash_length")),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["picture_hashes.recording_id"],
            name=op.f("fk_picture_anchors_recording_id_picture_hashes"),
        ),
        sa.PrimaryKeyConstraint("recording_id", "sample", name=op.f("pk_picture_anchors")),
    )
    op.create_index("ix_picture_anchors_bands", "picture_anchors", ["bands"], postgresql_using="gin")
    op.create_table(
        "picture_comparisons",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("candidates", sa.BigInteger(), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("candidates >= 0", name=op.f("ck_picture_comparisons_candidates_not_negative")),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["picture_hashes.recording_id"],
            name=op.f("fk_picture_comparisons_recording_id_picture_hashes"),
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_picture_comparisons")),
    )


def _make_pairs() -> None:
    pairs = {
        "earlier_upload_id": "uploads.upload_id",
        "later_upload_id": "uploads.upload_id",
        "earlier_recording_id": "recordings.recording_id",
        "later_recording_id": "recordings.recording_id",
    }
    op.create_table(
        "duplicates",
        sa.Column("duplicate_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in pairs),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("claims_differ", sa.Boolean(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(earlier_upload_id IS NULL) = (later_upload_id IS NULL)"
            " AND (earlier_recording_id IS NULL) = (later_recording_id IS NULL)"
            " AND (earlier_upload_id IS NULL) <> (earlier_recording_id IS NULL)",
            name=op.f("ck_duplicates_one_pair"),
        ),
        sa.CheckConstraint(
            "earlier_upload_id IS DISTINCT FROM later_upload_id"
            " OR earlier_recording_id IS DISTINCT FROM later_recording_id",
            name=op.f("ck_duplicates_two_things"),
        ),
        sa.CheckConstraint(
            "verdict IN ('same_bytes', 'remux', 'copy', 'review')", name=op.f("ck_duplicates_verdict_known")
        ),
        *(
            sa.ForeignKeyConstraint([name], [refers], name=op.f(f"fk_duplicates_{name}_{refers.partition('.')[0]}"))
            for name, refers in pairs.items()
        ),
        sa.PrimaryKeyConstraint("duplicate_id", name=op.f("pk_duplicates")),
    )
    for name in ("later_upload_id", "earlier_recording_id", "later_recording_id"):
        op.create_index(op.f(f"ix_duplicates_{name}"), "duplicates", [name])
    op.create_table(
        "duplicate_decisions",
        sa.Column("duplicate_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_same", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("decided_by <> '' AND reason <> ''", name=op.f("ck_duplicate_decisions_who_and_why")),
        sa.ForeignKeyConstraint(
            ["duplicate_id"],
            ["duplicates.duplicate_id"],
            name=op.f("fk_duplicate_decisions_duplicate_id_duplicates"),
        ),
        sa.PrimaryKeyConstraint("duplicate_id", "decided_at", name=op.f("pk_duplicate_decisions")),
    )


def downgrade() -> None:
    raise NotImplementedError("Firsthand migrations only go forward: restore a backup instead")
