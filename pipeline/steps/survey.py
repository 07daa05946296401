"""Find out what is lost of a recording that does not decode without error, and mark it."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.damage import Damage, DecodedFrames, judge_damage
from pipeline.domain.footage import Chapter
from pipeline.domain.ids import RecordingId
from pipeline.domain.timeline import Span
from pipeline.errors import DamagedMediaError
from pipeline.records import Database, chapters, custody, damages, footage

log = structlog.get_logger()


def survey_recording(
    recording_id: RecordingId,
    error: DamagedMediaError,
    *,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
) -> Damage:
    """Decode every frame strictly, record which are lost, and so keep what is good. Safe to repeat.

    Raises:
        DamagedMediaError: `error` itself, where no frame decodes; nothing was recorded.
        MediaLimitError: decoding took longer than allowed; nothing was recorded.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
    """
    with db.begin() as session:
        recording = footage.get_recording(session, recording_id)
        known = damages.find_damage(session, recording_id)
        parts = chapters.chapters_of(session, recording)
        originals = [footage.get_original(session, digest) for digest in recording.originals]
    if known is not None:
        return known
    for original in originals:
        source, at = scratch.file_for(original.digest), original.at
        if not source.exists():
            store.fetch(at.bucket, at.key, source, version_id=at.version_id, expect=original.digest)
    video = recording.facts.video
    found = _survey(parts, scratch, media)
    if not found.decoded:
        raise error
    entries = [round(at_s * video.frame_rate) for at_s in video.keyframes_s]
    damage = judge_damage(
        found, cause=str(error), frame_count=video.frame_count, frame_rate=video.frame_rate, entries=entries
    )
    at_time = clock()
    with db.begin() as session:
        if damages.add_damage(session, recording_id, damage, tool_identity=media.identity, at=at_time):
            custody.append(session, _was_found(recording_id, damage, at_time))
    log.warning("damage_found", recording_id=str(recording_id), frames_lost=damage.frames_lost, frames=damage.frames)
    return damage


def _survey(parts: Sequence[Chapter], scratch: Scratch, media: Ffmpeg) -> DecodedFrames:
    """What decodes of all chapters, in frames of the recording."""
    expected: set[int] = set()
    decoded: set[int] = set()
    ends_early = False
    sound: list[Span] = []
    for part in parts:
        found = media.survey(scratch.file_for(part.digest), part.facts)
        expected |= {part.start_frame + frame for frame in found.expected}
        decoded |= {part.start_frame + frame for frame in found.decoded}
        ends_early = ends_early or found.ends_early
        began_s = part.start_frame / part.facts.video.frame_rate
        sound += [Span(began_s + span.start_s, began_s + span.end_s) for span in found.lost_sound]
    return DecodedFrames(frozenset(expected), frozenset(decoded), ends_early=ends_early, lost_sound=tuple(sound))


def _was_found(recording_id: RecordingId, damage: Damage, at: datetime) -> CustodyEvent:
    details = {"frames": str(damage.frames), "frames_lost": str(damage.frames_lost), "spans": str(len(damage.spans))}
    if damage.sound_spans:
        details["sound_spans"] = str(len(damage.sound_spans))
    return CustodyEvent("damage_found", "recording", str(recording_id), at, details)
