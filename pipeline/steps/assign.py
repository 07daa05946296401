"""Find the exercise of uploads whose sender named none."""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.domain.assignment import exercise_for
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.ids import UploadId
from pipeline.records import Database, assignments, custody, exercises

log = structlog.get_logger()


def assign_uploads(*, db: Database, clock: Callable[[], datetime]) -> list[UploadId]:
    """Give every upload that waits for an exercise the one that its camera and day name, where one does.

    The others go on waiting; the next declaration may name theirs. Safe to repeat, and from several machines at once.

    Returns:
        The footage that waits no longer, oldest first.

    Raises:
        DatabaseUnavailableError: Postgres did not answer; uploads assigned so far stay assigned.
    """
    with db.begin() as session:
        waiting = assignments.waiting_for_exercise(session)
        declarations = exercises.newest_declarations(session) if waiting else []
    assigned: list[UploadId] = []
    for upload in waiting:
        if upload.camera_serial is None:
            continue
        found = exercise_for(upload.camera_serial, upload.claimed_start_at, declarations)
        if found.exercise_id is None:
            continue
        at = clock()
        with db.begin() as session:
            if not assignments.assign(session, upload.upload_id, found.exercise_id, because=found.because, at=at):
                continue
            custody.append(
                session,
                CustodyEvent("assigned", "upload", str(upload.upload_id), at, {"exercise": found.exercise_id}),
            )
        log.info("upload_assigned", upload_id=str(upload.upload_id), exercise_id=found.exercise_id)
        if upload.companion_kind is None:
            assigned.append(upload.upload_id)
    return assigned
