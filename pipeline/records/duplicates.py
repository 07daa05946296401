"""What duplicates are found by, the pairs that were found, and what people decided about them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import Decision, Duplicate, DuplicateId, Evidence, StreamDigests, Verdict, standing
from pipeline.domain.ids import RecordingId, UploadId
from pipeline.domain.plain import from_plain, to_plain
from pipeline.errors import UsageError
from pipeline.records.footage import insert_new
from pipeline.records.held_back import held_back
from pipeline.records.tables import RecordingOriginalRow
from pipeline.records.tables_duplicates import DuplicateDecisionRow, DuplicateRow, StreamDigestRow

_TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('duplicates', 0))")


def take_turn(session: Session) -> None:
    """Let no other transaction compare footage until this one ends, so that of two that are the same one is first."""
    session.execute(_TURN)


def add_stream_digests(
    session: Session, digest: Sha256, streams: StreamDigests, *, tool_identity: str, at: datetime
) -> bool:
    """Record the stream digests of an original. Needs a turn: it gives out the next number."""
    return insert_new(
        session,
        StreamDigestRow,
        digest=digest.hex,
        ordinal=(session.scalar(sa.select(sa.func.max(StreamDigestRow.ordinal))) or 0) + 1,
        picture_digest=streams.picture.hex,
        sound_digest=streams.sound.hex if streams.sound else None,
        tool_identity=tool_identity,
        digested_at=at,
    )


def stream_digests_of(session: Session, originals: Sequence[Sha256]) -> dict[Sha256, StreamDigests]:
    """The stream digests of those originals that have any, in the order of the originals."""
    rows = session.scalars(sa.select(StreamDigestRow).where(StreamDigestRow.digest.in_([one.hex for one in originals])))
    found = {
        Sha256(row.digest): StreamDigests(
            Sha256(row.picture_digest), Sha256(row.sound_digest) if row.sound_digest else None
        )
        for row in rows
    }
    return {digest: found[digest] for digest in originals if digest in found}


def earlier_with_same_pictures(session: Session, recording_id: RecordingId) -> list[RecordingId]:
    """Recordings that share a picture stream with this one and were digested before it, the first one first."""
    mine = (
        sa.select(StreamDigestRow)
        .join(RecordingOriginalRow, RecordingOriginalRow.digest == StreamDigestRow.digest)
        .where(RecordingOriginalRow.recording_id == recording_id)
        .subquery()
    )
    first = sa.func.min(StreamDigestRow.ordinal)
    rows = session.execute(
        sa.select(RecordingOriginalRow.recording_id, first)
        .join(StreamDigestRow, StreamDigestRow.digest == RecordingOriginalRow.digest)
        .where(
            RecordingOriginalRow.recording_id != recording_id,
            StreamDigestRow.picture_digest.in_(sa.select(mine.c.picture_digest)),
            StreamDigestRow.ordinal < sa.select(sa.func.min(mine.c.ordinal)).scalar_subquery(),
        )
        .group_by(RecordingOriginalRow.recording_id)
        .order_by(first)
    )
    return [RecordingId(row[0]) for row in rows]


def add_duplicate(session: Session, found: Duplicate) -> bool:
    """Record a pair; whether it is new."""
    kind = found.kind
    ids = {f"earlier_{kind}_id": found.earlier_id, f"later_{kind}_id": found.later_id}
    return insert_new(
        session,
        DuplicateRow,
        duplicate_id=found.duplicate_id,
        **ids,
        verdict=found.verdict.value,
        reason=found.reason,
        evidence=to_plain(found.evidence),
        claims_differ=found.claims_differ,
        found_at=found.found_at,
    )


def add_decision(session: Session, decision: Decision) -> bool:
    """Record what a person decided about a pair."""
    return insert_new(
        session,
        DuplicateDecisionRow,
        duplicate_id=decision.duplicate_id,
        decided_at=decision.decided_at,
        is_same=decision.is_same,
        decided_by=decision.decided_by,
        reason=decision.reason,
    )


def get_duplicate(session: Session, duplicate_id: DuplicateId) -> tuple[Duplicate, Decision | None]:
    """One pair, with what was decided about it last.

    Raises:
        UsageError: there is no pair of this id.
    """
    row = session.get(DuplicateRow, duplicate_id)
    if row is None:
        raise UsageError(f"no duplicate {duplicate_id}")
    return _duplicate(row), newest_decisions(session, [duplicate_id]).get(duplicate_id)


def all_duplicates(session: Session) -> list[tuple[Duplicate, Decision | None]]:
    """Every pair with what was decided about it last, oldest first."""
    return _with_decisions(session, sa.select(DuplicateRow))


def duplicates_of(session: Session, *things: UploadId | RecordingId) -> list[tuple[Duplicate, Decision | None]]:
    """Every pair that one of these uploads or recordings belongs to, oldest first."""
    columns = (
        DuplicateRow.earlier_upload_id,
        DuplicateRow.later_upload_id,
        DuplicateRow.earlier_recording_id,
        DuplicateRow.later_recording_id,
    )
    return _with_decisions(session, sa.select(DuplicateRow).where(sa.or_(*(column.in_(things) for column in columns))))


def related_recordings(session: Session) -> list[tuple[RecordingId, RecordingId]]:
    """Every pair of recordings that nobody has said to be distinct."""
    return [
        (RecordingId(found.earlier_id), RecordingId(found.later_id))
        for found, decision in all_duplicates(session)
        if found.kind == "recording" and standing(found, decision) != "distinct"
    ]


def recordings_held_back(session: Session) -> set[RecordingId]:
    """Every recording that is another one over again."""
    return {RecordingId(found) for found in session.scalars(held_back()) if found is not None}


def newest_decisions(session: Session, pairs: Iterable[DuplicateId]) -> dict[DuplicateId, Decision]:
    """What was decided last about each of these pairs."""
    rows = session.scalars(
        sa.select(DuplicateDecisionRow)
        .where(DuplicateDecisionRow.duplicate_id.in_(list(pairs)))
        .order_by(DuplicateDecisionRow.decided_at)
    )
    return {
        DuplicateId(row.duplicate_id): Decision(
            DuplicateId(row.duplicate_id), row.is_same, row.decided_by, row.reason, row.decided_at
        )
        for row in rows
    }


def is_held_back(session: Session, recording_id: RecordingId) -> bool:
    """Whether a recording is another one over again."""
    return session.scalar(sa.select(sa.literal(1)).where(sa.literal(recording_id).in_(held_back()))) is not None


def _with_decisions(session: Session, query: sa.Select[DuplicateRow]) -> list[tuple[Duplicate, Decision | None]]:
    found = [
        _duplicate(row) for row in session.scalars(query.order_by(DuplicateRow.found_at, DuplicateRow.duplicate_id))
    ]
    decided = newest_decisions(session, [one.duplicate_id for one in found])
    return [(one, decided.get(one.duplicate_id)) for one in found]


def _duplicate(row: DuplicateRow) -> Duplicate:
    is_upload = row.earlier_upload_id is not None
    earlier = row.earlier_upload_id if is_upload else row.earlier_recording_id
    later = row.later_upload_id if is_upload else row.later_recording_id
    return Duplicate(
        duplicate_id=DuplicateId(row.duplicate_id),
        kind="upload" if is_upload else "recording",
        earlier_id=_there(earlier),
        later_id=_there(later),
        verdict=Verdict(row.verdict),
        reason=row.reason,
        evidence=from_plain(Evidence, row.evidence),
        claims_differ=row.claims_differ,
        found_at=row.found_at,
    )


def _there(thing: UUID | None) -> UUID:
    """One side of a pair: the table's own rule is that both or none are there."""
    if thing is None:
        raise ValueError("a pair of duplicates has one side only")
    return thing
