"""What the rows about facts and clocks are. Rows never leave this folder; the rules of `tables` hold here too."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import HEX64, Row


class OriginalFactsRow(Row):
    """What an original says of itself, as these tools read it; the newest for an original counts."""

    __tablename__ = "original_facts"
    __table_args__ = (CheckConstraint("kind IN ('video', 'still', 'track', 'other')", name="kind_known"),)
    digest: Mapped[str] = mapped_column(ForeignKey("originals.digest"), primary_key=True)
    tool_identity: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    facts: Mapped[dict[str, Any]]
    described_at: Mapped[datetime]


class OriginalSeriesRow(Row):
    """Every sample of an original's telemetry, as these tools read it: a file in the store."""

    __tablename__ = "original_series"
    __table_args__ = (
        ForeignKeyConstraint(["digest", "tool_identity"], ["original_facts.digest", "original_facts.tool_identity"]),
        CheckConstraint(f"series_digest {HEX64}", name="digest_shape"),
        CheckConstraint("size_bytes > 0", name="size_positive"),
    )
    digest: Mapped[str] = mapped_column(primary_key=True)
    tool_identity: Mapped[str] = mapped_column(primary_key=True)
    series_digest: Mapped[str]
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    size_bytes: Mapped[int]


class ClockReadingRow(Row):
    """What one clock said of an original or an upload, word for word, and the moment that it means, if any."""

    __tablename__ = "clock_readings"
    __table_args__ = (
        CheckConstraint("num_nonnulls(digest, upload_id) = 1", name="of_one_thing"),
        CheckConstraint("position_den > 0 AND slack_num >= 0 AND slack_den > 0", name="seconds_shape"),
    )
    reading_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str | None] = mapped_column(ForeignKey("originals.digest"), index=True)
    upload_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.upload_id"), index=True)
    source: Mapped[str]
    place: Mapped[str]
    text: Mapped[str]
    instant: Mapped[datetime | None]
    position_num: Mapped[int]
    position_den: Mapped[int]
    slack_num: Mapped[int]
    slack_den: Mapped[int]
    has_fix: Mapped[bool]
    is_zone_known: Mapped[bool]
