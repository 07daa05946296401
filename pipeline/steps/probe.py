"""Understand an original: what does its media say, and which recording is it?

A chapter is only looked at here: which recording it is in is known when the others of its series are (`assemble`).
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Recording, Upload
from pipeline.domain.ids import RecordingId
from pipeline.domain.media import MediaFacts
from pipeline.errors import BrokenCustodyError, DamagedMediaError
from pipeline.records import Database, chapters, custody, footage

log = structlog.get_logger()


def probe_original(
    digest: Sha256,
    *,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
) -> RecordingId | None:
    """Read the media facts of one original and record the recording that it is.

    The exercise and camera are those of its first upload. Safe to repeat.

    Returns:
        The recording; `None` for a chapter that is in none yet.

    Raises:
        RejectedInputError: ffmpeg cannot read it, or there is no video in it; nothing was recorded.
        DigestMismatchError: the preserved bytes are not those of this digest.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
    """
    with db.begin() as session:
        known = footage.find_recording(session, digest)
        original = footage.get_original(session, digest)
        upload = _first_named(footage.uploads_of(session, digest), digest)
        is_probed = chapters.find_probe(session, digest) is not None
    if known is not None:
        return known.recording_id
    if is_probed:
        return None
    source = scratch.file_for(digest)
    if not source.exists():
        store.fetch(original.at.bucket, original.at.key, source, version_id=original.at.version_id, expect=digest)
    facts = _facts(media, source)
    if upload.exercise_id is None or upload.camera_serial is None:
        raise BrokenCustodyError(f"upload {upload.upload_id} was preserved without an exercise and a camera")
    if upload.chapter is not None:
        _record_chapter(digest, facts, media.identity, db=db, clock=clock)
        return None
    recording = Recording(
        recording_id=Recording.id_for((digest,)),
        exercise_id=upload.exercise_id,
        camera_serial=upload.camera_serial,
        originals=(digest,),
        facts=facts,
        duration_s=facts.video.duration_s,
        frame_rate=facts.video.frame_rate,
        tool_identity=media.identity,
        probed_at=clock(),
    )
    with db.begin() as session:
        if footage.add_recording(session, recording):
            custody.append(
                session,
                CustodyEvent(
                    "probed",
                    "recording",
                    str(recording.recording_id),
                    recording.probed_at,
                    {"original": digest.hex, "tool": recording.tool_identity},
                ),
            )
    log.info("original_probed", digest=digest.hex, recording_id=str(recording.recording_id))
    return recording.recording_id


def _record_chapter(
    digest: Sha256, facts: MediaFacts, tool_identity: str, *, db: Database, clock: Callable[[], datetime]
) -> None:
    at = clock()
    with db.begin() as session:
        if chapters.add_probe(session, digest, facts, tool_identity=tool_identity, at=at):
            custody.append(session, CustodyEvent("probed", "original", digest.hex, at, {"tool": tool_identity}))
    log.info("chapter_probed", digest=digest.hex)


def _first_named(uploads: list[Upload], digest: Sha256) -> Upload:
    for upload in uploads:
        if upload.exercise_id is not None:
            return upload
    raise BrokenCustodyError(f"original {digest} has no upload with an exercise")


def _facts(media: Ffmpeg, source: Path) -> MediaFacts:
    """What the media says; where some of it is missing, of the part that is there: rendering will find the damage."""
    try:
        return media.probe(source)
    except DamagedMediaError:
        return media.probe(source, is_damaged=True)
