"""Is this recording one that we have already? Compare before work is spent on it, and link what is found.

Of two that are the same, the first is the one that became known to the comparison first: numbers are given out one
transaction at a time, so that two workers with two copies agree which is which.
"""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

import structlog

from pipeline.adapters.ffmpeg import BARS, GREY, Ffmpeg
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.pictures import (
    DenseHashes,
    anchors_of,
    bands_to_look_up,
    find_bars,
    hash_pictures,
    is_candidate,
    match_pictures,
)
from pipeline.adapters.scratch import Scratch
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import (
    Duplicate,
    Evidence,
    Judgement,
    StreamDigests,
    Verdict,
    judge_pictures,
    judge_streams,
    match_streams,
)
from pipeline.domain.footage import Original, Recording, Rendition
from pipeline.domain.ids import RecordingId, RenditionId
from pipeline.domain.media import Bars, MediaFacts
from pipeline.domain.small_pictures import BARS_SIDE_PX, BARS_WITHIN_S, GREY_PER_S, GREY_SIDE_PX
from pipeline.errors import RejectedInputError
from pipeline.records import Database, Session, chapters, custody, decisions, duplicates, footage, pictures

log = structlog.get_logger()

CLEARLY_MORE = Fraction(6, 5)
"""How many times the pixels, or the frames a second, a copy must have before it is kept beside what it is a copy of."""

Found = tuple[Recording, Evidence, Judgement]
"""An earlier recording, with what was found when it was compared."""


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
        missing = [
            (footage.get_original(session, part.digest), part.facts)
            for part in chapters.chapters_of(session, recording)
            if part.digest not in known
        ]
    found = _digest(missing, store=store, scratch=scratch, media=media)
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


def compare_pictures(
    rendition_id: RenditionId,
    *,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
) -> bool:
    """Compare the pictures of one recording with those that were hashed before it, and link what may be the same.

    All recordings of its exercise are compared; of the others those that are found by their anchors. The pictures are
    those of its rendition: small, whole, and already here. Safe to repeat: hashes and links are recorded once; a
    comparison that was killed is made again.

    Returns:
        Whether it is another recording over again, and needs no clips.

    Raises:
        DigestMismatchError: the stored rendition is not the one that was recorded.
        MediaToolError: ffmpeg failed on a rendition of ours, or was stopped from outside; nothing was recorded.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
    """
    with db.begin() as session:
        rendition = footage.get_rendition(session, rendition_id)
        recording = footage.get_recording(session, rendition.recording_id)
        if pictures.is_compared(session, recording.recording_id):
            return duplicates.is_held_back(session, recording.recording_id)
    hashes = _hash(rendition, recording, store=store, scratch=scratch, media=media)
    kept = hashes.kept()
    with db.begin() as session:
        duplicates.take_turn(session)
        pictures.add_picture_hashes(
            session, recording.recording_id, kept, anchors_of(kept), tool_identity=media.identity, at=clock()
        )
    with db.begin() as session:
        candidates = _candidates(session, recording, hashes)
        found = [one for earlier in candidates if (one := _match(session, earlier, recording, hashes)) is not None]
    first = next((one for one in found if one[2].verdict is Verdict.COPY), None)
    with db.begin() as session:
        duplicates.take_turn(session)
        at = clock()
        for earlier, evidence, judged in [first] if first else found:
            _link(session, earlier, recording, evidence, judged, at=at)
        pictures.add_comparison(session, recording.recording_id, candidates=len(candidates), at=at)
        is_held_back = duplicates.is_held_back(session, recording.recording_id)
    if is_held_back:
        for digest in (*recording.originals, rendition.digest):
            scratch.drop(digest)
    return is_held_back


def _hash(
    rendition: Rendition, recording: Recording, *, store: ObjectStore, scratch: Scratch, media: Ffmpeg
) -> DenseHashes:
    """The hashes of a rendition's pictures, without black bars.

    Rendering left small pictures beside the rendition, with the bars; only where there are bars, or where rendering was
    done by another process, the rendition is decoded.
    """
    beside = scratch.beside(rendition.digest)
    bars: Bars | None = None
    if (beside / GREY).exists() and (beside / BARS).exists():
        bars = find_bars((beside / BARS).read_bytes())
        if bars == Bars():
            return hash_pictures(beside / GREY)
    source, duration_s = scratch.file_for(rendition.digest), recording.duration_s
    if not source.exists():
        at = rendition.at
        store.fetch(at.bucket, at.key, source, version_id=at.version_id, expect=rendition.digest)
    with scratch.folder() as folder:
        keyframes, frames = folder / "keyframes", folder / "frames"
        if bars is None:
            media.keyframe_pictures(source, duration_s, side_px=BARS_SIDE_PX, first_s=BARS_WITHIN_S, target=keyframes)
            bars = find_bars(keyframes.read_bytes())
        media.pictures(source, duration_s, side_px=GREY_SIDE_PX, per_s=GREY_PER_S, bars=bars, target=frames)
        return hash_pictures(frames)


def _candidates(session: Session, recording: Recording, hashes: DenseHashes) -> list[Recording]:
    """Earlier recordings that are worth a comparison, the first first: not refused, and no duplicates themselves."""
    near = pictures.earlier_with_bands(session, recording.recording_id, bands_to_look_up(hashes))
    found = pictures.earlier_in_exercise(session, recording.recording_id, recording.exercise_id)
    found += [one for one, anchors in near.items() if one not in found and is_candidate(anchors, hashes)]
    refused = decisions.refused_recordings(session)
    return [
        footage.get_recording(session, one)
        for one in found
        if one not in refused and not duplicates.is_held_back(session, one)
    ]


def _match(session: Session, earlier: Recording, later: Recording, hashes: DenseHashes) -> Found | None:
    """How an earlier recording compares; `None` when the two are distinct."""
    sizes = [one.facts.video.width_px * one.facts.video.height_px for one in (earlier, later)]
    match = match_pictures(
        pictures.hashes_of(session, earlier.recording_id) or b"",
        hashes,
        adds_sound=earlier.facts.audio is None and later.facts.audio is not None,
        adds_detail=sizes[1] > CLEARLY_MORE * sizes[0] or later.frame_rate > CLEARLY_MORE * earlier.frame_rate,
    )
    if match is None:
        return None
    judged = judge_pictures(match)
    return None if judged.verdict is Verdict.DISTINCT else (earlier, Evidence(pictures=match), judged)


def _digest(
    originals: list[tuple[Original, MediaFacts]], *, store: ObjectStore, scratch: Scratch, media: Ffmpeg
) -> dict[Sha256, StreamDigests]:
    """The stream digests of these originals; nothing when one of them has none."""
    found: dict[Sha256, StreamDigests] = {}
    for original, facts in originals:
        source = scratch.file_for(original.digest)
        if not source.exists():
            at = original.at
            store.fetch(at.bucket, at.key, source, version_id=at.version_id, expect=original.digest)
        try:
            found[original.digest] = media.digest_streams(source, facts)
        except RejectedInputError as error:
            log.warning("streams_not_digested", digest=original.digest.hex, error_kind=type(error).__name__)
            return {}
    return found


def _link_same_streams(session: Session, recording: Recording, *, at: datetime) -> None:
    """Link the first recording that this one is over again; else every one that it may be."""
    doubtful: list[Found] = []
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
