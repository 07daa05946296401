"""Append a custody event; read the events of one artefact. Nothing here changes an event."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pipeline.domain.custody import CustodyEvent, leaf_hash
from pipeline.domain.ids import derive
from pipeline.records.tables import CustodyEventRow


def append(session: Session, event: CustodyEvent) -> None:
    """Record an event in the caller's transaction. The very same event twice is recorded once."""
    session.execute(insert(CustodyEventRow).values(_row(event)).on_conflict_do_nothing())


def append_all(session: Session, events: Sequence[CustodyEvent]) -> None:
    """Record many events as `append` does, in one statement."""
    rows = [_row(event) for event in events]
    if rows:
        session.execute(insert(CustodyEventRow).values(rows).on_conflict_do_nothing())


def events_of(session: Session, subject_id: str) -> list[tuple[datetime, str, str, bytes]]:
    """When, what, to which kind of artefact, and the canonical bytes, oldest first."""
    rows = session.scalars(
        sa.select(CustodyEventRow)
        .where(CustodyEventRow.subject_id == subject_id)
        .order_by(CustodyEventRow.occurred_at, CustodyEventRow.event_id)
    )
    return [(row.occurred_at, row.kind, row.subject_kind, row.canonical) for row in rows]


def all_events(session: Session) -> Iterator[tuple[UUID, str, str, str, bytes, bytes]]:
    """Every event: id, kind, subject kind, subject id, canonical bytes, stored leaf hash."""
    rows = session.execute(
        sa.select(
            CustodyEventRow.event_id,
            CustodyEventRow.kind,
            CustodyEventRow.subject_kind,
            CustodyEventRow.subject_id,
            CustodyEventRow.canonical,
            CustodyEventRow.leaf_hash,
        ).execution_options(yield_per=1000)
    )
    for row in rows:
        yield row.event_id, row.kind, row.subject_kind, row.subject_id, row.canonical, row.leaf_hash


def _row(event: CustodyEvent) -> dict[str, Any]:
    canonical = rfc8785.dumps(event.content())
    return {
        "event_id": derive("custody-event", leaf_hash(canonical).hex()),
        "kind": event.kind,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "occurred_at": event.occurred_at,
        "canonical": canonical,
        "leaf_hash": leaf_hash(canonical),
    }
