"""Refuse an upload: record why, keep its bytes, let the rest go on."""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.adapters.scratch import Scratch
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.ids import RecordingId, UploadId
from pipeline.errors import RejectedInputError
from pipeline.records import Database, custody, footage

log = structlog.get_logger()


def quarantine_upload(
    upload_id: UploadId,
    error: RejectedInputError,
    *,
    scratch: Scratch,
    db: Database,
    clock: Callable[[], datetime],
) -> None:
    """Record that an upload was refused, and why. Safe to repeat: the first reason stays.

    Raises:
        DatabaseUnavailableError: Postgres did not answer; the upload is still waiting.
    """
    at = clock()
    kind = type(error).__name__
    with db.begin() as session:
        if footage.quarantine(session, upload_id, error_kind=kind, reason=str(error), at=at):
            custody.append(session, CustodyEvent("quarantined", "upload", str(upload_id), at, {"kind": kind}))
        digest = footage.content_of(session, upload_id)
    if digest is not None:
        scratch.drop(digest)
    log.warning("upload_quarantined", upload_id=str(upload_id), kind=kind)


def quarantine_recording(
    recording_id: RecordingId,
    error: RejectedInputError,
    *,
    scratch: Scratch,
    db: Database,
    clock: Callable[[], datetime],
) -> None:
    """Refuse every upload of a recording, for a fault that shows in it as a whole. Safe to repeat, as above.

    Raises:
        DatabaseUnavailableError: Postgres did not answer; uploads that are not refused yet are still waiting.
    """
    with db.begin() as session:
        originals = footage.get_recording(session, recording_id).originals
        uploads = [upload.upload_id for digest in originals for upload in footage.uploads_of(session, digest)]
    for upload_id in uploads:
        quarantine_upload(upload_id, error, scratch=scratch, db=db, clock=clock)
