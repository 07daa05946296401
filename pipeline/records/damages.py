"""Damaged recordings: mark one, ask whether one is."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.damage import Damage
from pipeline.domain.ids import RecordingId
from pipeline.domain.timeline import Span
from pipeline.records.footage import insert_new
from pipeline.records.tables_intake import RecordingDamageRow


def add_damage(
    session: Session, recording_id: RecordingId, damage: Damage, *, tool_identity: str, at: datetime
) -> bool:
    """Mark a recording as damaged; whether it was not marked before."""
    return insert_new(
        session,
        RecordingDamageRow,
        recording_id=recording_id,
        cause=damage.cause,
        reason=damage.reason,
        frames=damage.frames,
        frames_lost=damage.frames_lost,
        spans={"spans": _told(damage.spans), "sound": _told(damage.sound_spans)},
        tool_identity=tool_identity,
        found_at=at,
    )


def find_damage(session: Session, recording_id: RecordingId) -> Damage | None:
    """What is wrong with a recording; `None` where nothing is known to be."""
    row = session.get(RecordingDamageRow, recording_id)
    return None if row is None else _damage(row)


def all_damages(session: Session) -> dict[RecordingId, Damage]:
    """Every damaged recording."""
    return {RecordingId(row.recording_id): _damage(row) for row in session.scalars(sa.select(RecordingDamageRow))}


def _damage(row: RecordingDamageRow) -> Damage:
    spans, sound = _spans(row.spans["spans"]), _spans(row.spans.get("sound", []))  # an older Firsthand told no sound
    return Damage(row.cause, row.frames, row.frames_lost, spans, row.reason, sound)


def _told(spans: Sequence[Span]) -> list[list[str]]:
    return [[str(span.start_s), str(span.end_s)] for span in spans]


def _spans(told: Sequence[Sequence[str]]) -> tuple[Span, ...]:
    return tuple(Span(Fraction(start_s), Fraction(end_s)) for start_s, end_s in told)
