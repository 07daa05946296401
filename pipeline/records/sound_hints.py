"""Hints in the sound of recordings: add what a detector says, find it for a recording or for a span of it.

Another detector's word stands beside the older ones; what is given back is the newest of each kind.
"""

from collections.abc import Mapping
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import RecordingId, RenditionId
from pipeline.domain.sound_hint import Detector, HintKind, Listening, SoundHint
from pipeline.domain.timeline import Span
from pipeline.records.footage import insert_new
from pipeline.records.tables_sound import ListeningRow, SoundHintRow

_OF_LISTENING = (SoundHintRow.recording_id == ListeningRow.recording_id) & (
    SoundHintRow.detector_digest == ListeningRow.detector_digest
)


def add_listening(session: Session, listening: Listening) -> bool:
    """Record what a detector says of a recording; whether it had not listened to it before."""
    key = {"recording_id": listening.recording_id, "detector_digest": listening.detector.digest.hex}
    new = insert_new(
        session,
        ListeningRow,
        **key,
        kind=listening.detector.kind.value,
        detector=listening.detector.name,
        tools=listening.detector.tools,
        parameters=listening.detector.parameters,
        rendition_id=listening.rendition_id,
        sound_digest=listening.sound.hex if listening.sound else None,
        outcome=listening.outcome,
        listened_at=listening.listened_at,
    )
    if new and listening.hints:
        rows = [key | {"ordinal": ordinal} | _told(hint) for ordinal, hint in enumerate(listening.hints)]
        session.execute(insert(SoundHintRow), rows)
    return new


def has_listened(session: Session, recording_id: RecordingId, detector: Sha256) -> bool:
    """Whether this detector has listened to this recording."""
    return session.get(ListeningRow, (recording_id, detector.hex)) is not None


def listenings_of(session: Session, recording_id: RecordingId) -> list[Listening]:
    """What the newest detector of each kind says of a recording; empty before anybody listened."""
    rows = session.scalars(
        sa.select(ListeningRow)
        .where(ListeningRow.recording_id == recording_id, _is_newest())
        .order_by(ListeningRow.kind)
    )
    return [_listening(session, row) for row in rows]


def hints_in(session: Session, recording_id: RecordingId, span: Span) -> list[SoundHint]:
    """The hints that belong to a span, such as that of a clip, and no longer than it, in the order of time.

    They are on the recording's timeline: `hint.span.shifted(-span.start_s)` is on that of the clip.
    """
    start_s, end_s = span.start_s, span.end_s
    query = (
        sa.select(ListeningRow.kind, SoundHintRow)
        .join(SoundHintRow, _OF_LISTENING)
        .where(
            ListeningRow.recording_id == recording_id,
            _is_newest(),
            # Exact, as fractions: the products do not fit into 64 bits.
            sa.cast(SoundHintRow.start_num, sa.Numeric) * end_s.denominator < end_s.numerator * SoundHintRow.start_den,
            sa.cast(SoundHintRow.end_num, sa.Numeric) * start_s.denominator > start_s.numerator * SoundHintRow.end_den,
        )
    )
    found = (_hint(HintKind(kind), row).within(span) for kind, row in session.execute(query))
    return sorted(hint for hint in found if hint is not None)


def counts_by_recording(session: Session) -> Mapping[RecordingId, Mapping[HintKind, int]]:
    """How many hints the newest detector of each kind gave of each recording that it listened to."""
    query = (
        sa.select(ListeningRow.recording_id, ListeningRow.kind, sa.func.count(SoundHintRow.ordinal))
        .join(SoundHintRow, _OF_LISTENING, isouter=True)
        .where(_is_newest())
        .group_by(ListeningRow.recording_id, ListeningRow.kind)
    )
    found: dict[RecordingId, dict[HintKind, int]] = {}
    for recording_id, kind, count in session.execute(query):
        found.setdefault(RecordingId(recording_id), {})[HintKind(kind)] = count
    return found


def _is_newest() -> sa.ColumnElement[bool]:
    """That no other detector of its kind listened to the recording later."""
    later = sa.orm.aliased(ListeningRow)
    when, when_later = (sa.tuple_(row.listened_at, row.detector_digest) for row in (ListeningRow, later))
    return ~sa.exists().where(
        later.recording_id == ListeningRow.recording_id, later.kind == ListeningRow.kind, when_later > when
    )


def _told(hint: SoundHint) -> dict[str, object]:
    return {
        "start_num": hint.span.start_s.numerator,
        "start_den": hint.span.start_s.denominator,
        "end_num": hint.span.end_s.numerator,
        "end_den": hint.span.end_s.denominator,
        "score": hint.score,
    }


def _hint(kind: HintKind, row: SoundHintRow) -> SoundHint:
    span = Span(Fraction(row.start_num, row.start_den), Fraction(row.end_num, row.end_den))
    return SoundHint(span, kind, row.score)


def _listening(session: Session, row: ListeningRow) -> Listening:
    kind = HintKind(row.kind)
    hints = session.scalars(
        sa.select(SoundHintRow)
        .where(SoundHintRow.recording_id == row.recording_id, SoundHintRow.detector_digest == row.detector_digest)
        .order_by(SoundHintRow.ordinal)
    )
    return Listening(
        recording_id=RecordingId(row.recording_id),
        detector=Detector(kind, row.detector, row.tools, row.parameters),
        rendition_id=RenditionId(row.rendition_id),
        sound=Sha256(row.sound_digest) if row.sound_digest else None,
        outcome=row.outcome,
        listened_at=row.listened_at,
        hints=tuple(_hint(kind, hint) for hint in hints),
    )
