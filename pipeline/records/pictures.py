"""The picture hashes of recordings, and how a recording is found by some of them among all that came before it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pipeline.domain.duplicate import PictureAnchor
from pipeline.domain.ids import ExerciseId, RecordingId
from pipeline.records.footage import insert_new
from pipeline.records.tables import RecordingRow
from pipeline.records.tables_duplicates import PictureAnchorRow, PictureComparisonRow, PictureHashesRow


def add_picture_hashes(
    session: Session,
    recording_id: RecordingId,
    hashes: bytes,
    anchors: Sequence[PictureAnchor],
    *,
    tool_identity: str,
    at: datetime,
) -> bool:
    """Record the picture hashes of a recording. Needs a turn: it gives out the next number."""
    new = insert_new(
        session,
        PictureHashesRow,
        recording_id=recording_id,
        ordinal=(session.scalar(sa.select(sa.func.max(PictureHashesRow.ordinal))) or 0) + 1,
        hashes=hashes,
        tool_identity=tool_identity,
        hashed_at=at,
    )
    if new and anchors:
        rows = [
            {"recording_id": recording_id, "sample": one.sample, "hash": one.hash, "bands": list(one.bands)}
            for one in anchors
        ]
        session.execute(insert(PictureAnchorRow), rows)
    return new


def hashes_of(session: Session, recording_id: RecordingId) -> bytes | None:
    """The picture hashes of a recording; `None` before it was hashed."""
    return session.scalar(sa.select(PictureHashesRow.hashes).where(PictureHashesRow.recording_id == recording_id))


def earlier_in_exercise(session: Session, recording_id: RecordingId, exercise_id: ExerciseId) -> list[RecordingId]:
    """Recordings of an exercise that were hashed before this one, the first one first."""
    rows = session.scalars(
        sa.select(PictureHashesRow.recording_id)
        .join(RecordingRow, RecordingRow.recording_id == PictureHashesRow.recording_id)
        .where(RecordingRow.exercise_id == exercise_id, PictureHashesRow.ordinal < _ordinal_of(recording_id))
        .order_by(PictureHashesRow.ordinal)
    )
    return [RecordingId(row) for row in rows]


def earlier_with_bands(
    session: Session, recording_id: RecordingId, bands: Sequence[int]
) -> dict[RecordingId, list[PictureAnchor]]:
    """Of recordings hashed before this one, the anchors that share a band with these, by recording, the first first."""
    rows = session.execute(
        sa.select(PictureAnchorRow)
        .join(PictureHashesRow, PictureHashesRow.recording_id == PictureAnchorRow.recording_id)
        .where(PictureAnchorRow.bands.overlap(list(bands)), PictureHashesRow.ordinal < _ordinal_of(recording_id))
        .order_by(PictureHashesRow.ordinal, PictureAnchorRow.sample)
    )
    found: dict[RecordingId, list[PictureAnchor]] = {}
    for row in rows.scalars():
        found.setdefault(RecordingId(row.recording_id), []).append(
            PictureAnchor(row.sample, row.hash, tuple(row.bands))
        )
    return found


def add_comparison(session: Session, recording_id: RecordingId, *, candidates: int, at: datetime) -> bool:
    """Record that a recording was compared with all that were hashed before it."""
    return insert_new(session, PictureComparisonRow, recording_id=recording_id, candidates=candidates, compared_at=at)


def is_compared(session: Session, recording_id: RecordingId) -> bool:
    """Whether a recording was compared with all that were hashed before it."""
    return session.get(PictureComparisonRow, recording_id) is not None


def _ordinal_of(recording_id: RecordingId) -> sa.ScalarSelect[int]:
    return sa.select(PictureHashesRow.ordinal).where(PictureHashesRow.recording_id == recording_id).scalar_subquery()
