"""Decide about an upload in quarantine: let ingest judge it again, or leave it there for good."""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.domain.custody import CustodyEvent
from pipeline.domain.decision import Decision, Ruling
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import UploadId
from pipeline.errors import NotPermittedError, UsageError
from pipeline.records import Database, custody, decisions, footage

log = structlog.get_logger()


def resolve_quarantine(
    upload_id: UploadId,
    ruling: Ruling,
    *,
    decided_by: str,
    because: str,
    db: Database,
    clock: Callable[[], datetime],
) -> Decision:
    """Record a decision and give it back.

    Safe to repeat: the same ruling again changes nothing and gives back the first decision, with who and why.

    Raises:
        UsageError: there is no such upload, it was never refused, or who or why is missing.
        NotPermittedError: that refusal was decided otherwise, or the upload cannot go on whatever is decided.
        DatabaseUnavailableError: Postgres did not answer; nothing was recorded.
    """
    who, why = Decision.check(decided_by, because)
    at = clock()
    with db.begin() as session:
        upload = footage.get_upload(session, upload_id)
        refusals = decisions.refusals_of(session, upload_id)
        if not refusals:
            raise UsageError(f"upload {upload_id} is not in quarantine: there is nothing to decide")
        if ruling == "released" and upload.camera_serial is None:
            raise NotPermittedError(
                f"upload {upload_id} names no camera, so nothing can be made of it; send its file again with "
                "`firsthand upload`, and reject this one"
            )
        newest = refusals[-1]
        decision = Decision(upload_id, newest.attempt, ruling, who, why, at)
        if decisions.add_decision(session, decision):
            custody.append(session, _was_decided(decision, newest.error_kind))
            log.info("quarantine_decided", upload_id=str(upload_id), ruling=ruling, by=who)
            return decision
        standing = decisions.decisions_of(session, upload_id)[-1]
    if standing.ruling != ruling:
        raise NotPermittedError(
            f"upload {upload_id} was {standing.ruling} by {standing.decided_by} because: {standing.because}"
        )
    return standing


def _was_decided(decision: Decision, error_kind: str) -> CustodyEvent:
    return CustodyEvent(
        decision.ruling,
        "upload",
        str(decision.upload_id),
        decision.decided_at,
        {
            "kind": error_kind,
            "attempt": str(decision.attempt),
            "by": decision.decided_by,
            "because": Sha256.of(decision.because.encode()).hex,
        },
    )
