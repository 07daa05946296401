"""Which footage came twice, and what is left for a person to decide?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pipeline.domain.duplicate import (
    Decision,
    Duplicate,
    DuplicateId,
    Evidence,
    Standing,
    standing,
    waits_for_a_person,
)
from pipeline.domain.ids import RecordingId, UploadId
from pipeline.domain.plain import to_plain
from pipeline.errors import UsageError
from pipeline.records import Database, Session, duplicates, footage

SHORTEST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class Side:
    """One of two, with what its sender said."""

    kind: str
    thing_id: UUID
    exercise_id: str | None
    camera_serial: str | None
    original_names: tuple[str, ...]
    """What the files were called where they came from."""


@dataclass(frozen=True, slots=True)
class DuplicateLine:
    """Two uploads or two recordings that are, or may be, the same footage."""

    duplicate_id: DuplicateId
    verdict: str
    standing: Standing
    waits: bool
    """Nobody has decided yet, and somebody should."""
    earlier: Side
    later: Side
    claims_differ: bool
    reason: str
    facts: dict[str, str]
    """What was measured."""
    decided_by: str | None
    decided_because: str | None
    decided_at: datetime | None
    found_at: datetime


def list_duplicates(db: Database, *, waiting_only: bool = False) -> list[DuplicateLine]:
    """Every pair, oldest first; or those that wait for a person."""
    with db.begin() as session:
        lines = [_line(session, found, decision) for found, decision in duplicates.all_duplicates(session)]
    return [line for line in lines if line.waits or not waiting_only]


def find_duplicate(db: Database, text: str) -> DuplicateLine:
    """The one pair whose id begins like this.

    Raises:
        UsageError: no pair, or more than one, has such an id.
    """
    wanted = text.lower()
    with db.begin() as session:
        every = duplicates.all_duplicates(session)
        found = [pair for pair in every if str(pair[0].duplicate_id).startswith(wanted)]
        if len(found) != 1 or len(wanted) < SHORTEST_PREFIX:
            raise UsageError(
                f"expected the id of one duplicate or its first {SHORTEST_PREFIX} characters or more, found "
                f"{len(found)} that begin with {text[:40]!r}. `firsthand duplicates list` lists them."
            )
        return _line(session, *found[0])


def links_of(session: Session, *things: UploadId | RecordingId) -> list[tuple[Duplicate, Standing]]:
    """The pairs that a thing belongs to, with what counts of each now."""
    return [(found, standing(found, decision)) for found, decision in duplicates.duplicates_of(session, *things)]


def _line(session: Session, found: Duplicate, decision: Decision | None) -> DuplicateLine:
    return DuplicateLine(
        duplicate_id=found.duplicate_id,
        verdict=found.verdict.value,
        standing=standing(found, decision),
        waits=waits_for_a_person(found, decision),
        earlier=_side(session, found.kind, found.earlier_id),
        later=_side(session, found.kind, found.later_id),
        claims_differ=found.claims_differ,
        reason=found.reason,
        facts=_facts(found.evidence),
        decided_by=decision.decided_by if decision else None,
        decided_because=decision.reason if decision else None,
        decided_at=decision.decided_at if decision else None,
        found_at=found.found_at,
    )


def _side(session: Session, kind: str, thing_id: UUID) -> Side:
    if kind == "upload":
        upload = footage.get_upload(session, UploadId(thing_id))
        names = (upload.original_name,) if upload.original_name else ()
        return Side(kind, thing_id, upload.exercise_id, upload.camera_serial, names)
    recording = footage.get_recording(session, RecordingId(thing_id))
    uploads = [upload for digest in recording.originals for upload in footage.uploads_of(session, digest)]
    named = tuple(dict.fromkeys(upload.original_name for upload in uploads if upload.original_name))
    return Side(kind, thing_id, recording.exercise_id, recording.camera_serial, named)


def _facts(evidence: Evidence) -> dict[str, str]:
    found: dict[str, Any] = {}
    for part in (evidence.streams, evidence.pictures):
        found |= to_plain(part) or {}
    return {name: str(value) for name, value in found.items()}
