"""What docking stations sent: containers, objects and what was said of them; which of it became uploads.

Facts are added and never changed: what counts is the newest row. Whoever changes a container holds its `lock` first,
so that nothing slips in while it is called complete.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.docking import ContainerKind, DockObject
from pipeline.domain.footage import Location
from pipeline.domain.ids import UploadId
from pipeline.records.footage import insert_new
from pipeline.records.tables import UploadContentRow
from pipeline.records.tables_dock import (
    DockCompletionRow,
    DockContainerRow,
    DockMetadataRow,
    DockObjectRow,
    DockUploadRow,
)

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('dock:' || :container, 0))")


@dataclass(frozen=True, slots=True)
class Sealed:
    """An upload that is encrypted, and the object that holds its key."""

    upload_id: UploadId
    clip: DockObject
    key: DockObject


@dataclass(frozen=True, slots=True)
class DockedRecording:
    """One container of a recording or of rejected content, and how far it is."""

    container: str
    kind: ContainerKind
    made_at: datetime
    completed_at: datetime | None
    objects: int
    uploads: int


def lock(session: Session, container: str) -> None:
    """Be the only one who changes this container, until the transaction ends."""
    session.execute(_LOCK, {"container": container})


def add_container(session: Session, container: str, kind: ContainerKind, *, at: datetime) -> bool:
    """Record a container; whether it is new."""
    return insert_new(session, DockContainerRow, container=container, kind=kind, made_at=at)


def kind_of(session: Session, container: str) -> ContainerKind | None:
    """What a container is for; `None` when it was never made."""
    found = session.scalar(sa.select(DockContainerRow.kind).where(DockContainerRow.container == container))
    return cast("ContainerKind", found) if found is not None else None


def said_of(session: Session, container: str, name: str = "") -> dict[str, str]:
    """What was said of a container or of an object, last."""
    found = session.scalar(
        sa.select(DockMetadataRow.said)
        .where(DockMetadataRow.container == container, DockMetadataRow.name == name)
        .order_by(DockMetadataRow.ordinal.desc())
        .limit(1)
    )
    return dict(found or {})


def say(session: Session, container: str, name: str, said: Mapping[str, str], *, at: datetime) -> bool:
    """Record what is said of a container (empty name) or of an object; whether it says anything else than before."""
    if said_of(session, container, name) == said:
        return False
    return insert_new(session, DockMetadataRow, container=container, name=name, said=dict(said), said_at=at)


def find_object(session: Session, container: str, name: str) -> DockObject | None:
    """The object of this name, as it arrived last; `None` when there is none."""
    row = session.scalar(
        sa.select(DockObjectRow)
        .where(DockObjectRow.container == container, DockObjectRow.name == name)
        .order_by(DockObjectRow.ordinal.desc())
        .limit(1)
    )
    return _object(row) if row else None


def objects_of(session: Session, container: str) -> list[DockObject]:
    """Every object of a container as it arrived last, by name."""
    rows = session.scalars(
        sa.select(DockObjectRow)
        .where(DockObjectRow.container == container)
        .ext(distinct_on(DockObjectRow.name))
        .order_by(DockObjectRow.name, DockObjectRow.ordinal.desc())
    )
    return [_object(row) for row in rows]


def add_object(session: Session, found: DockObject) -> bool:
    """Record the bytes of an object; whether these, of this version, were not recorded before."""
    return insert_new(
        session,
        DockObjectRow,
        container=found.container,
        name=found.name,
        bucket=found.at.bucket,
        key=found.at.key,
        version_id=found.at.version_id,
        size_bytes=found.size_bytes,
        md5=found.md5,
        digest=found.digest.hex,
        media_type=found.media_type,
        stored_at=found.stored_at,
    )


def is_complete(session: Session, container: str) -> bool:
    """Whether the sender called this container complete."""
    return session.get(DockCompletionRow, container) is not None


def complete(session: Session, container: str, *, at: datetime) -> bool:
    """Record that nothing more will come; whether this is the first time."""
    return insert_new(session, DockCompletionRow, container=container, completed_at=at)


def link_upload(session: Session, upload_id: UploadId, container: str, name: str, key_name: str | None) -> bool:
    """Record which object an upload is."""
    return insert_new(session, DockUploadRow, upload_id=upload_id, container=container, name=name, key_name=key_name)


def sealed_as(session: Session, digest: Sha256) -> Sealed | None:
    """The oldest upload of this original that came encrypted, with its key; `None` when none did."""
    row = session.scalar(
        sa.select(DockUploadRow)
        .join(UploadContentRow, UploadContentRow.upload_id == DockUploadRow.upload_id)
        .where(UploadContentRow.digest == digest.hex, DockUploadRow.key_name.is_not(None))
        .order_by(DockUploadRow.container, DockUploadRow.name)
        .limit(1)
    )
    if row is None or row.key_name is None:
        return None
    clip, key = find_object(session, row.container, row.name), find_object(session, row.container, row.key_name)
    return Sealed(UploadId(row.upload_id), clip, key) if clip and key else None


def recordings(session: Session) -> list[DockedRecording]:
    """Every container of a recording or of rejected content, oldest first."""
    objects = (
        sa.select(DockObjectRow.container, sa.func.count(DockObjectRow.name.distinct()).label("objects"))
        .group_by(DockObjectRow.container)
        .subquery()
    )
    uploads = (
        sa.select(DockUploadRow.container, sa.func.count().label("uploads"))
        .group_by(DockUploadRow.container)
        .subquery()
    )
    rows = session.execute(
        sa.select(
            DockContainerRow.container,
            DockContainerRow.kind,
            DockContainerRow.made_at,
            DockCompletionRow.completed_at,
            sa.func.coalesce(objects.c.objects, 0),
            sa.func.coalesce(uploads.c.uploads, 0),
        )
        .join(DockCompletionRow, DockCompletionRow.container == DockContainerRow.container, isouter=True)
        .join(objects, objects.c.container == DockContainerRow.container, isouter=True)
        .join(uploads, uploads.c.container == DockContainerRow.container, isouter=True)
        .where(DockContainerRow.kind.in_(("recording", "rejected")))
        .order_by(DockContainerRow.made_at, DockContainerRow.container)
    )
    return [DockedRecording(*row) for row in rows]


def _object(row: DockObjectRow) -> DockObject:
    return DockObject(
        container=row.container,
        name=row.name,
        at=Location(row.bucket, row.key, row.version_id),
        size_bytes=row.size_bytes,
        md5=row.md5,
        digest=Sha256(row.digest),
        media_type=row.media_type,
        stored_at=row.stored_at,
    )
