"""What was seen in the intake bucket before it was taken, and what was taken already."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.drop import Sighting
from pipeline.records.footage import insert_new
from pipeline.records.tables import UploadRow
from pipeline.records.tables_sightings import SightingRow


def received_etags(session: Session, bucket: str, keys: Sequence[str]) -> dict[str, str]:
    """Of those of these keys that were received from a bucket: the ETag of the newest received version."""
    rows = session.execute(
        sa.select(UploadRow.key, UploadRow.etag)
        .where(UploadRow.bucket == bucket, UploadRow.key.in_(keys))
        .order_by(UploadRow.received_at)
    )
    return {row.key: row.etag for row in rows}


def see(session: Session, bucket: str, key: str, *, size_bytes: int, etag: str, at: datetime) -> Sighting:
    """Note that an object is seen with this size and ETag; what counts is when it was first seen so."""
    named = {"bucket": bucket, "key": key, "etag": etag, "size_bytes": size_bytes}
    if insert_new(session, SightingRow, **named, first_seen_at=at):
        return Sighting(size_bytes, etag, at)
    row = session.get(SightingRow, (bucket, key, etag, size_bytes))
    return Sighting(size_bytes, etag, row.first_seen_at if row else at)
