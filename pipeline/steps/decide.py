"""A person says whether two pieces of footage are the same: recorded with who and why, beside the evidence."""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.domain.custody import CustodyEvent
from pipeline.domain.duplicate import Decision, DuplicateId
from pipeline.errors import UsageError
from pipeline.records import Database, custody, duplicates

log = structlog.get_logger()

TEXT_LENGTH_MAX = 500


def decide_duplicate(
    duplicate_id: DuplicateId,
    *,
    is_same: bool,
    decided_by: str,
    reason: str,
    db: Database,
    clock: Callable[[], datetime],
) -> Decision:
    """Record what a person decided about a pair; what was decided before stays recorded, the newest counts.

    What is decided to be distinct and has no clips yet gets them with the next ingest. Safe to repeat: saying again
    what counts already records nothing.

    Raises:
        UsageError: there is no such pair, or who or why is not said.
    """
    decided_by, reason = decided_by.strip(), reason.strip()
    if not decided_by or not reason or max(len(decided_by), len(reason)) > TEXT_LENGTH_MAX:
        raise UsageError(f"expected who decides and why, in 1 to {TEXT_LENGTH_MAX} characters each")
    with db.begin() as session:
        duplicates.take_turn(session)
        found, before = duplicates.get_duplicate(session, duplicate_id)
        if before is not None and (before.is_same, before.decided_by, before.reason) == (is_same, decided_by, reason):
            return before
        decision = Decision(duplicate_id, is_same, decided_by, reason, clock())
        duplicates.add_decision(session, decision)
        said = {"duplicate_id": str(duplicate_id), "said": "same" if is_same else "distinct"}
        subject = str(found.later_id)
        custody.append(session, CustodyEvent("duplicate_decided", found.kind, subject, decision.decided_at, said))
    log.info("duplicate_decided", duplicate_id=str(duplicate_id), is_same=is_same)
    return decision
