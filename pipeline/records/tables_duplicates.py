"""The rows by which duplicates are found, and the pairs that were found; the rules of `tables` hold here too.

An `ordinal` is the order in which footage became known to a comparison: of two that are the same, the one with the
smaller number is the first. Numbers are given out one transaction at a time.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import HEX64, Row


class StreamDigestRow(Row):
    """The digests of an original's picture and sound packets, whatever the container around them."""

    __tablename__ = "stream_digests"
    __table_args__ = (
        CheckConstraint(f"picture_digest {HEX64}", name="picture_digest_shape"),
        CheckConstraint(f"sound_digest {HEX64}", name="sound_digest_shape"),
    )
    digest: Mapped[str] = mapped_column(ForeignKey("originals.digest"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(unique=True)
    picture_digest: Mapped[str] = mapped_column(index=True)
    sound_digest: Mapped[str | None]
    tool_identity: Mapped[str]
    digested_at: Mapped[datetime]


class PictureHashesRow(Row):
    """Hashes of a recording's pictures, two a second: 32 bytes of PDQ and one of its quality each."""

    __tablename__ = "picture_hashes"
    __table_args__ = (CheckConstraint("octet_length(hashes) % 33 = 0", name="whole_hashes"),)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.recording_id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(unique=True)
    hashes: Mapped[bytes]
    tool_identity: Mapped[str]
    hashed_at: Mapped[datetime]


class PictureAnchorRow(Row):
    """One picture hash by which a recording can be found among all: its bands, each a part of its bits."""

    __tablename__ = "picture_anchors"
    __table_args__ = (
        CheckConstraint("octet_length(hash) = 32", name="hash_length"),
        Index("ix_picture_anchors_bands", "bands", postgresql_using="gin"),
    )
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("picture_hashes.recording_id"), primary_key=True)
    sample: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[bytes]
    bands: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class PictureComparisonRow(Row):
    """A recording whose pictures were compared with all that were known before it."""

    __tablename__ = "picture_comparisons"
    __table_args__ = (CheckConstraint("candidates >= 0", name="candidates_not_negative"),)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("picture_hashes.recording_id"), primary_key=True)
    candidates: Mapped[int]
    compared_at: Mapped[datetime]


class DuplicateRow(Row):
    """Two uploads or two recordings that are, or may be, the same footage; a pair is found once."""

    __tablename__ = "duplicates"
    __table_args__ = (
        CheckConstraint(
            "(earlier_upload_id IS NULL) = (later_upload_id IS NULL)"
            " AND (earlier_recording_id IS NULL) = (later_recording_id IS NULL)"
            " AND (earlier_upload_id IS NULL) <> (earlier_recording_id IS NULL)",
            name="one_pair",
        ),
        CheckConstraint(
            "earlier_upload_id IS DISTINCT FROM later_upload_id"
            " OR earlier_recording_id IS DISTINCT FROM later_recording_id",
            name="two_things",
        ),
        CheckConstraint("verdict IN ('same_bytes', 'remux', 'copy', 'review')", name="verdict_known"),
    )
    duplicate_id: Mapped[UUID] = mapped_column(primary_key=True)
    earlier_upload_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.upload_id"))
    later_upload_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.upload_id"), index=True)
    earlier_recording_id: Mapped[UUID | None] = mapped_column(ForeignKey("recordings.recording_id"), index=True)
    later_recording_id: Mapped[UUID | None] = mapped_column(ForeignKey("recordings.recording_id"), index=True)
    verdict: Mapped[str]
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    claims_differ: Mapped[bool]
    found_at: Mapped[datetime]


class DuplicateDecisionRow(Row):
    """What a person decided about a pair; the newest counts."""

    __tablename__ = "duplicate_decisions"
    __table_args__ = (CheckConstraint("decided_by <> '' AND reason <> ''", name="who_and_why"),)
    duplicate_id: Mapped[UUID] = mapped_column(ForeignKey("duplicates.duplicate_id"), primary_key=True)
    decided_at: Mapped[datetime] = mapped_column(primary_key=True)
    is_same: Mapped[bool]
    decided_by: Mapped[str]
    reason: Mapped[str]
