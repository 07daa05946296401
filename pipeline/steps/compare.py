"""Is this recording one that we have already? Compare before work is spent on it, and link what is found.

Of two that are the same, the first is the one that became known to the comparison first: numbers are given out one
transaction at a time, so that two workers with two copies agree which is which.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import (
    Duplicate,
    Evidence,
    Judgement,
    StreamDigests,
    Verdict,
    judge_streams,
    match_streams,
)
from pipeline.domain.footage import Original, Recording
from pipeline.domain.ids import RecordingId
from pipeline.errors import RejectedInputError
from pipeline.records import Database, Session, custody, decisions, duplicates, footage

log = structlog.get_logger()


def compare_streams(
    recording_id: RecordingId,
    *,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
) -> bool:
    """Compare the packets of one recording with those of all that came before it, and link those that are the same.

    A recording whose packets cannot be digested is not compared: whether it can be used is found out by rendering it.
    Safe to repeat: digests and links are recorded once, in one transaction with their custody events.

    Returns:
        Whether it is another recording over again, and needs neither rendition nor clips.

    Raises:
        DigestMismatchError: preserved bytes are not those of their digest.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
        MediaToolError: ffmpeg was stopped from outside; nothing was recorded.
    """
    with db.begin() as session:
        recording = footage.get_recording(session, recording_id)
        known = duplicates.stream_digests_of(session, recording.originals)
        missing = [footage.get_original(session, digest) for digest in recording.originals if digest not in known]
    found = _digest(missing, recording, store=store, scratch=scratch, media=media)
    with db.begin() as session:
        duplicates.take_turn(session)
        at = clock()
        for digest, streams in found.items():
            duplicates.add_stream_digests(session, digest, streams, tool_identity=media.identity, at=at)
        _link_same_streams(session, recording, at=at)
        is_held_back = duplicates.is_held_back(session, recording_id)
    if is_held_back:
        for digest in recording.originals:
            scratch.drop(digest)
    return is_held_back


def _digest(
    originals: list[Original], recording: Recording, *, store: ObjectStore, scratch: Scratch, media: Ffmpeg
) -> dict[Sha256, StreamDigests]:
    """The stream digests of these originals; nothing when one of them has none."""
    found: dict[Sha256, StreamDigests] = {}
    for original in originals:
        source = scratch.file_for(original.digest)
        if not source.exists():
            at = original.at
            store.fetch(at.bucket, at.key, source, version_id=at.version_id, expect=original.digest)
        try:
            found[original.digest] = media.digest_streams(source, recording.facts)
        except RejectedInputError as error:
            log.warning("streams_not_digested", digest=original.digest.hex, error_kind=type(error).__name__)
            return {}
    return found


def _link_same_streams(session: Session, recording: Recording, *, at: datetime) -> None:
    """Link the first recording that this one is over again; else every one that it may be."""
    doubtful: list[tuple[Recording, Evidence, Judgement]] = []
    refused = decisions.refused_recordings(session)
    for earlier_id in duplicates.earlier_with_same_pictures(session, recording.recording_id):
        if earlier_id in refused or duplicates.is_held_back(session, earlier_id):
            continue
        earlier = footage.get_recording(session, earlier_id)
        match = match_streams(
            list(duplicates.stream_digests_of(session, earlier.originals).values()),
            list(duplicates.stream_digests_of(session, recording.originals).values()),
            earlier_frames=earlier.facts.video.packet_count,
            later_frames=recording.facts.video.packet_count,
        )
        if match is None:
            continue
        judged = judge_streams(match)
        if judged.verdict is Verdict.REMUX:
            _link(session, earlier, recording, Evidence(streams=match), judged, at=at)
            return
        doubtful.append((earlier, Evidence(streams=match), judged))
    for earlier, evidence, judged in doubtful:
        _link(session, earlier, recording, evidence, judged, at=at)


def _link(
    session: Session, earlier: Recording, later: Recording, evidence: Evidence, judged: Judgement, *, at: datetime
) -> None:
    found = Duplicate(
        duplicate_id=Duplicate.id_for(earlier.recording_id, later.recording_id),
        kind="recording",
        earlier_id=earlier.recording_id,
        later_id=later.recording_id,
        verdict=judged.verdict,
        reason=judged.reason,
        evidence=evidence,
        claims_differ=(earlier.exercise_id, earlier.camera_serial) != (later.exercise_id, later.camera_serial),
        found_at=at,
    )
    if not duplicates.add_duplicate(session, found):
        return
    details = {
        "duplicate_id": str(found.duplicate_id),
        "earlier": str(found.earlier_id),
        "verdict": found.verdict.value,
    }
    custody.append(session, CustodyEvent("duplicate_linked", "recording", str(found.later_id), at, details))
    log.info("duplicate_linked", recording_id=str(found.later_id), earlier=str(found.earlier_id), verdict=found.verdict)
