"""How far the answers of a project were read."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.records.footage import insert_new
from pipeline.records.tables_labelling import ReadingRow


@dataclass(frozen=True, slots=True)
class Reading:
    """Every answer that was given or changed before `read_through`, by Label Studio's clock, is recorded."""

    project_id: int
    read_through: datetime


def newest_reading(session: Session, taxonomy_digest: Sha256, project_id: int) -> Reading | None:
    """How far a project of a taxonomy was read; `None` before it was read to its end for the first time."""
    row = session.scalar(
        sa.select(ReadingRow)
        .where(ReadingRow.taxonomy_digest == taxonomy_digest.hex, ReadingRow.label_studio_project_id == project_id)
        .order_by(ReadingRow.ordinal.desc())
        .limit(1)
    )
    return Reading(row.label_studio_project_id, row.read_through) if row else None


def add_reading(session: Session, taxonomy_digest: Sha256, reading: Reading, *, at: datetime) -> bool:
    """Record how far a project was read; whether that is news."""
    if newest_reading(session, taxonomy_digest, reading.project_id) == reading:
        return False
    return insert_new(
        session,
        ReadingRow,
        taxonomy_digest=taxonomy_digest.hex,
        label_studio_project_id=reading.project_id,
        read_through=reading.read_through,
        read_at=at,
    )
