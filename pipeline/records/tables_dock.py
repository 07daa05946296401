"""What the rows of the dock are: who and what was registered, what arrived in which container, what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import HEX64, Row


class DockContainerRow(Row):
    """A container that a docking station made: one for each recording, and those of the protocol itself."""

    __tablename__ = "dock_containers"
    __table_args__ = (
        CheckConstraint("kind IN ('system', 'users', 'devices', 'recording', 'rejected')", name="kind_known"),
    )
    container: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    made_at: Mapped[datetime]


class DockObjectRow(Row):
    """The bytes of an object as they arrived; of several under one name the newest counts."""

    __tablename__ = "dock_objects"
    __table_args__ = (
        UniqueConstraint("bucket", "key", "version_id"),
        CheckConstraint("size_bytes >= 0", name="size_not_negative"),
        CheckConstraint("md5 ~ '^[0-9a-f]{32}$'", name="md5_shape"),
        CheckConstraint(f"digest {HEX64}", name="digest_shape"),
    )
    container: Mapped[str] = mapped_column(ForeignKey("dock_containers.container"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    size_bytes: Mapped[int]
    md5: Mapped[str]
    digest: Mapped[str]
    media_type: Mapped[str]
    stored_at: Mapped[datetime]


class DockMetadataRow(Row):
    """What was said about a container, or about an object of it; the newest counts.

    It names people (users by name, bookmarks in their words): this table can be erased from.
    """

    __tablename__ = "dock_metadata"
    __table_args__ = ({"info": {"erasable": True}},)
    container: Mapped[str] = mapped_column(ForeignKey("dock_containers.container"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    """Empty for the container itself."""
    ordinal: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    said: Mapped[dict[str, Any]]
    said_at: Mapped[datetime]


class DockCompletionRow(Row):
    """A container that its sender called complete: from then on nothing in it changes."""

    __tablename__ = "dock_completions"
    container: Mapped[str] = mapped_column(ForeignKey("dock_containers.container"), primary_key=True)
    completed_at: Mapped[datetime]


class DockUploadRow(Row):
    """Which object of which container an upload is."""

    __tablename__ = "dock_uploads"
    __table_args__ = (UniqueConstraint("container", "name"),)
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.upload_id"), primary_key=True)
    container: Mapped[str] = mapped_column(ForeignKey("dock_completions.container"))
    name: Mapped[str]
    key_name: Mapped[str | None]
    """The object that holds its content key, when it is encrypted."""
