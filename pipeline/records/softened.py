"""Clips about which somebody warned, and the softened bytes that are shown in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import ClipId
from pipeline.records.footage import insert_new
from pipeline.records.tables import ClipRenditionRow
from pipeline.records.tables_people import ClipWarningRow, SoftenedClipRow


@dataclass(frozen=True, slots=True)
class SoftenedClip:
    """The softened bytes of a clip."""

    clip_id: ClipId
    clip_digest: Sha256
    """Of the bytes that they were made from."""
    digest: Sha256
    at: Location
    size_bytes: int
    tool_identity: str
    softened_at: datetime


def warn(session: Session, clip_id: ClipId, *, by: str, because: str, at: datetime) -> bool:
    """Record that a clip may distress whoever sees it; whether that is new."""
    return insert_new(session, ClipWarningRow, clip_id=clip_id, warned_by=by, because=because, warned_at=at)


def add_softened(session: Session, made: SoftenedClip) -> bool:
    """Record softened bytes; whether they are new."""
    return insert_new(
        session,
        SoftenedClipRow,
        clip_id=made.clip_id,
        clip_digest=made.clip_digest.hex,
        digest=made.digest.hex,
        bucket=made.at.bucket,
        key=made.at.key,
        version_id=made.at.version_id,
        size_bytes=made.size_bytes,
        tool_identity=made.tool_identity,
        softened_at=made.softened_at,
    )


def all_softened(session: Session) -> list[SoftenedClip]:
    """Every clip that was softened."""
    rows = session.scalars(sa.select(SoftenedClipRow).order_by(SoftenedClipRow.clip_id, SoftenedClipRow.clip_digest))
    return [
        SoftenedClip(
            clip_id=ClipId(row.clip_id),
            clip_digest=Sha256(row.clip_digest),
            digest=Sha256(row.digest),
            at=Location(row.bucket, row.key, row.version_id),
            size_bytes=row.size_bytes,
            tool_identity=row.tool_identity,
            softened_at=row.softened_at,
        )
        for row in rows
    ]


def not_softened(session: Session) -> list[ClipId]:
    """Clips about which somebody warned, of whose bytes there are no softened ones."""
    made = sa.select(SoftenedClipRow).where(
        SoftenedClipRow.clip_id == ClipRenditionRow.clip_id, SoftenedClipRow.clip_digest == ClipRenditionRow.digest
    )
    query = (
        sa.select(ClipWarningRow.clip_id)
        .join(ClipRenditionRow, ClipRenditionRow.clip_id == ClipWarningRow.clip_id)
        .where(~made.exists())
        .distinct()
        .order_by(ClipWarningRow.clip_id)
    )
    return [ClipId(clip_id) for clip_id in session.scalars(query)]


def shown_instead(session: Session, clip_ids: Sequence[ClipId]) -> dict[ClipId, Location | None]:
    """Of those about which somebody warned: what is shown in their place; `None` where that is not made yet."""
    query = (
        sa.select(ClipWarningRow.clip_id, SoftenedClipRow.bucket, SoftenedClipRow.key, SoftenedClipRow.version_id)
        .outerjoin(SoftenedClipRow, SoftenedClipRow.clip_id == ClipWarningRow.clip_id)
        .where(ClipWarningRow.clip_id == sa.any_(sa.cast(list(clip_ids), ARRAY(sa.Uuid))))
        .order_by(ClipWarningRow.clip_id, SoftenedClipRow.softened_at)
    )
    found: dict[ClipId, Location | None] = {}
    for row in session.execute(query):
        made = (row.bucket, row.key, row.version_id)
        found[ClipId(row.clip_id)] = None if None in made else Location(*made)
    return found
