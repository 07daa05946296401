"""Decide about an upload in quarantine: let ingest judge it again, or leave it there for good."""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.domain.custody import CustodyEvent
from pipeline.domain.decision import Decision, Ruling
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Upload
from pipeline.domain.ids import UploadId
from pipeline.domain.origin import NOTHING_SAID, Origin, completed_origin
from pipeline.errors import NotPermittedError, UsageError
from pipeline.records import Database, Session, assignments, custody, decisions, exercises, footage

log = structlog.get_logger()


def resolve_quarantine(
    upload_id: UploadId,
    ruling: Ruling,
    *,
    decided_by: str,
    because: str,
    origin: Origin = NOTHING_SAID,
    db: Database,
    clock: Callable[[], datetime],
) -> Decision:
    """Record a decision and give it back.

    Safe to repeat: the same ruling again changes nothing and gives back the first decision, with who and why.

    Args:
        upload_id: the upload.
        ruling: what is decided.
        decided_by: an account or a pseudonym.
        because: why.
        origin: the camera and exercise that a released upload is of, where it names none; recorded with who and why.
        db: the records.
        clock: what time it is.

    Raises:
        UsageError: there is no such upload, it was never refused, who or why is missing, or nobody knows the exercise.
        NotPermittedError: that refusal was decided otherwise, or nobody says which camera the upload comes from, or
            what is said contradicts what is known.
        DatabaseUnavailableError: Postgres did not answer; nothing was recorded.
    """
    who, why = Decision.check(decided_by, because)
    at = clock()
    with db.begin() as session:
        upload = footage.get_upload(session, upload_id)
        refusals = decisions.refusals_of(session, upload_id)
        if not refusals:
            raise UsageError(f"upload {upload_id} is not in quarantine: there is nothing to decide")
        added = _completed(session, upload, origin) if ruling == "released" else NOTHING_SAID
        newest = refusals[-1]
        decision = Decision(upload_id, newest.attempt, ruling, who, why, at)
        if decisions.add_decision(session, decision):
            custody.append(session, _was_decided(decision, newest.error_kind, added))
            _record_origin(session, decision, added, at=clock())  # after it was released
            log.info("quarantine_decided", upload_id=str(upload_id), ruling=ruling, by=who)
            return decision
        standing = decisions.decisions_of(session, upload_id)[-1]
    if standing.ruling != ruling:
        raise NotPermittedError(
            f"upload {upload_id} was {standing.ruling} by {standing.decided_by} because: {standing.because}"
        )
    return standing


def _completed(session: Session, upload: Upload, said: Origin) -> Origin:
    exercise = upload.exercise_id or said.exercise_id
    declared = None if exercise is None else exercises.newest_declaration(session, exercise)
    return completed_origin(
        upload,
        said,
        is_exercise_known=said.exercise_id is not None and exercises.is_known(session, said.exercise_id),
        declared_cameras=None if declared is None else [worn.camera_serial for worn in declared.declaration.cameras],
    )


def _record_origin(session: Session, decision: Decision, added: Origin, *, at: datetime) -> None:
    upload_id, by, because = decision.upload_id, decision.decided_by, decision.because
    if added.camera_serial is not None:
        assignments.name_camera(session, upload_id, added.camera_serial, by=by, because=because, at=at)
    if added.exercise_id is not None:
        assignments.assign(session, upload_id, added.exercise_id, because=f"said by {by}: {because}", at=at)
        custody.append(
            session, CustodyEvent("assigned", "upload", str(upload_id), at, {"exercise": added.exercise_id, "by": by})
        )


def _was_decided(decision: Decision, error_kind: str, added: Origin) -> CustodyEvent:
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
            **({} if added.camera_serial is None else {"names_camera": "yes"}),
        },
    )
