"""Make recordings of the chapters of a series, when every one of them has been looked at."""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.domain.clock import corrected_start
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Recording
from pipeline.domain.ids import CameraSerial, ExerciseId, RecordingId, UploadId
from pipeline.domain.joining import join_facts
from pipeline.domain.series import Assembly, ChapterFile, assemble
from pipeline.records import Database, Session, chapters, custody, facts, footage
from pipeline.records.chapters import SeriesMember

log = structlog.get_logger()


def assemble_series(
    upload_id: UploadId, *, tool_identity: str, db: Database, clock: Callable[[], datetime]
) -> list[RecordingId]:
    """Make recordings of the series that an upload is a chapter of.

    As long as another chapter was received and neither probed and described nor refused, nothing is made: whoever comes
    last finds all of them. Safe to repeat, and from several machines at once; a recording that is made stays as it is.

    Args:
        upload_id: a chapter, or anything else: then there is nothing to do.
        tool_identity: what probed the chapters.
        db: the records.
        clock: what time it is.

    Returns:
        Every recording of the series, old and new; none while chapters are awaited.

    Raises:
        DatabaseUnavailableError: Postgres did not answer; nothing was recorded.
    """
    with db.begin() as session:
        upload = footage.get_upload(session, upload_id)
    exercise, camera, place = upload.exercise_id, upload.camera_serial, upload.chapter
    if exercise is None or camera is None or place is None or upload.companion_kind is not None:
        return []
    with db.exclusive(f"series:{exercise}:{camera}:{place.series}"):
        with db.begin() as session:
            members = chapters.members_of(session, exercise, camera, place.series)
            files = _files(session, members)
        if files is None:
            log.info("series_awaited", upload_id=str(upload_id))
            return []
        taken = {member.digest for member in members if member.digest and member.recording_id}
        for assembly in assemble(files, taken=taken):
            _record(assembly, exercise, camera, tool_identity=tool_identity, db=db, clock=clock)
        with db.begin() as session:
            members = chapters.members_of(session, exercise, camera, place.series)
    return list(dict.fromkeys(member.recording_id for member in members if member.recording_id))


def _files(session: Session, members: list[SeriesMember]) -> list[ChapterFile] | None:
    """Each original once, by the first of its uploads; `None` while one was not looked at."""
    files: dict[str, ChapterFile] = {}
    for member in members:
        digest, is_ready = member.digest, member.facts is not None and member.is_described
        if digest is None or not (is_ready or member.recording_id is not None):
            return None
        if member.facts is not None and digest.hex not in files:
            began_at = _satellite_start(session, digest, member.received_at)
            files[digest.hex] = ChapterFile(digest, member.place, member.facts, member.received_at, began_at)
    return list(files.values())


def _satellite_start(session: Session, digest: Sha256, received_at: datetime) -> datetime | None:
    readings = [clock.reading for clock in facts.clocks_of(session, digest) if clock.reading is not None]
    satellites = [reading for reading in readings if reading.source == "gnss"]
    began = corrected_start(satellites, received_at=received_at)
    return began.start_at if began.source == "gnss" else None


def _record(
    assembly: Assembly,
    exercise: ExerciseId,
    camera: CameraSerial,
    *,
    tool_identity: str,
    db: Database,
    clock: Callable[[], datetime],
) -> None:
    originals = tuple(chapter.digest for chapter in assembly.chapters)
    joined = join_facts([chapter.facts for chapter in assembly.chapters])
    recording = Recording(
        recording_id=Recording.id_for(originals),
        exercise_id=exercise,
        camera_serial=camera,
        originals=originals,
        facts=joined,
        duration_s=joined.video.duration_s,
        frame_rate=joined.video.frame_rate,
        tool_identity=tool_identity,
        probed_at=clock(),
    )
    with db.begin() as session:
        if footage.add_recording(session, recording):
            chapters.add_assembly(
                session,
                recording,
                joins=assembly.joins,
                because=assembly.because,
                continues=assembly.continues,
                precedes=assembly.precedes,
            )
            custody.append(session, _was_assembled(recording))
    log.info("recording_assembled", recording_id=str(recording.recording_id), chapters=len(originals))


def _was_assembled(recording: Recording) -> CustodyEvent:
    named = {f"original_{ordinal}": digest.hex for ordinal, digest in enumerate(recording.originals)}
    return CustodyEvent(
        "assembled",
        "recording",
        str(recording.recording_id),
        recording.probed_at,
        {"chapters": str(len(named)), **named},
    )
