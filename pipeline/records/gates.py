"""Whether the bytes of clips play as they must: add what a check found, ask which were not checked and which failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId
from pipeline.records.footage import insert_new
from pipeline.records.tables import ClipRenditionRow, RenditionRow
from pipeline.records.tables_labelling import MediaGateRow


@dataclass(frozen=True, slots=True)
class Gate:
    """What a check of a clip's bytes found."""

    clip_id: ClipId
    clip_digest: Sha256
    misfits: tuple[str, ...]
    """Why it must not be shown; empty when it may."""
    tool_identity: str
    checked_at: datetime

    @property
    def passed(self) -> bool:
        """Whether it may be shown."""
        return not self.misfits


def add_gate(session: Session, gate: Gate) -> bool:
    """Record a check; whether these bytes were not checked before."""
    return insert_new(
        session,
        MediaGateRow,
        clip_id=gate.clip_id,
        clip_digest=gate.clip_digest.hex,
        misfits=list(gate.misfits),
        tool_identity=gate.tool_identity,
        checked_at=gate.checked_at,
    )


def gates_of(session: Session, clip_ids: Sequence[ClipId]) -> dict[tuple[ClipId, Sha256], Gate]:
    """What checks of these clips found, by clip and digest of the bytes; what was not checked is left out."""
    # As one array: thousands of ids as parameters of their own would be more than Postgres takes.
    asked = sa.any_(sa.cast(list(clip_ids), ARRAY(sa.Uuid)))
    rows = session.scalars(sa.select(MediaGateRow).where(MediaGateRow.clip_id == asked))
    return {(gate.clip_id, gate.clip_digest): gate for gate in map(_gate, rows)}


def playable_clips(session: Session) -> set[ClipId]:
    """The clips of which the bytes that annotators would see may be shown."""
    oldest = (
        sa.select(ClipRenditionRow.clip_id, ClipRenditionRow.digest)
        .join(RenditionRow, RenditionRow.rendition_id == ClipRenditionRow.rendition_id)
        .ext(distinct_on(ClipRenditionRow.clip_id))
        .order_by(ClipRenditionRow.clip_id, RenditionRow.rendered_at, RenditionRow.rendition_id)
        .subquery()
    )
    rows = session.scalars(
        sa.select(MediaGateRow.clip_id)
        .join(oldest, (oldest.c.clip_id == MediaGateRow.clip_id) & (oldest.c.digest == MediaGateRow.clip_digest))
        .where(sa.func.cardinality(MediaGateRow.misfits) == 0)
    )
    return {ClipId(clip_id) for clip_id in rows}


def failed_gates(session: Session) -> list[Gate]:
    """Clips whose bytes must not be shown, the one that was checked first first."""
    shown = sa.and_(
        ClipRenditionRow.clip_id == MediaGateRow.clip_id, ClipRenditionRow.digest == MediaGateRow.clip_digest
    )
    rows = session.scalars(
        sa.select(MediaGateRow)
        .where(sa.func.cardinality(MediaGateRow.misfits) > 0, sa.exists().where(shown))
        .order_by(MediaGateRow.checked_at, MediaGateRow.clip_id)
    )
    return [_gate(row) for row in rows]


def _gate(row: MediaGateRow) -> Gate:
    return Gate(ClipId(row.clip_id), Sha256(row.clip_digest), tuple(row.misfits), row.tool_identity, row.checked_at)
