"""Chapters: what the media of each says, the files of a series, and the recordings that they became.

Every `add_*` answers whether the row is new; adding what is there changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Chapter, Recording
from pipeline.domain.ids import CameraSerial, ExerciseId, RecordingId, UploadId
from pipeline.domain.joining import Join
from pipeline.domain.media import MediaFacts
from pipeline.records.footage import camera_of_upload, exercise_of_upload, insert_new, uploads_where
from pipeline.records.tables import (
    RecordingOriginalRow,
    UploadContentRow,
    UploadRow,
)
from pipeline.records.tables_chapters import ProbedChapterRow, RecordingAssemblyRow, RecordingJoinRow
from pipeline.records.tables_facts import OriginalFactsRow
from pipeline.records.tables_intake import StandingQuarantine


@dataclass(frozen=True, slots=True)
class SeriesMember:
    """One upload of a series that is not in quarantine, as far as it has come."""

    upload_id: UploadId
    place: ChapterPlace
    received_at: datetime
    digest: Sha256 | None
    """`None` before it was preserved."""
    facts: MediaFacts | None
    """`None` before it was probed."""
    is_described: bool
    """Whether what its telemetry and clocks say is recorded."""
    recording_id: RecordingId | None
    """`None` before it was assembled."""


def add_probe(session: Session, digest: Sha256, facts: MediaFacts, *, tool_identity: str, at: datetime) -> bool:
    """Record what the media of a chapter says."""
    return insert_new(
        session,
        ProbedChapterRow,
        digest=digest.hex,
        media_facts=facts.to_json(),
        tool_identity=tool_identity,
        probed_at=at,
    )


def find_probe(session: Session, digest: Sha256) -> MediaFacts | None:
    """What the media of a chapter says; `None` before it was probed, and for what is no chapter."""
    row = session.get(ProbedChapterRow, digest.hex)
    return MediaFacts.from_json(row.media_facts) if row else None


def members_of(session: Session, exercise: ExerciseId, camera: CameraSerial, series: str) -> list[SeriesMember]:
    """The uploads of a series that are not in quarantine, oldest first."""
    uploads = uploads_where(
        session,
        exercise_of_upload == exercise,
        camera_of_upload == camera,
        UploadRow.chapter_series == series,
        UploadRow.companion_kind.is_(None),
        UploadRow.upload_id.not_in(sa.select(StandingQuarantine.upload_id)),
    )
    known = {row.upload_id: row for row in session.execute(_CONTENTS.where(UploadRow.chapter_series == series))}
    members = []
    for upload in uploads:
        row = known.get(upload.upload_id)
        if upload.chapter is not None:
            members.append(
                SeriesMember(
                    upload.upload_id,
                    upload.chapter,
                    upload.received_at,
                    Sha256(row.digest) if row else None,
                    MediaFacts.from_json(row.media_facts) if row and row.media_facts else None,
                    bool(row and row.is_described),
                    RecordingId(row.recording_id) if row and row.recording_id else None,
                )
            )
    return members


_CONTENTS = (
    sa.select(
        UploadContentRow.upload_id,
        UploadContentRow.digest,
        ProbedChapterRow.media_facts,
        RecordingOriginalRow.recording_id,
        sa.exists().where(OriginalFactsRow.digest == UploadContentRow.digest).label("is_described"),
    )
    .join(UploadRow, UploadRow.upload_id == UploadContentRow.upload_id)
    .join(ProbedChapterRow, ProbedChapterRow.digest == UploadContentRow.digest, isouter=True)
    .join(RecordingOriginalRow, RecordingOriginalRow.digest == UploadContentRow.digest, isouter=True)
)


def add_assembly(
    session: Session,
    recording: Recording,
    *,
    joins: tuple[Join, ...],
    because: str,
    continues: Sha256 | None = None,
    precedes: Sha256 | None = None,
) -> None:
    """Record why a recording, which is recorded already, is its chapters, and what lies between them."""
    insert_new(
        session,
        RecordingAssemblyRow,
        recording_id=recording.recording_id,
        because=because,
        continues=continues.hex if continues else None,
        precedes=precedes.hex if precedes else None,
    )
    start_frame = 0
    for ordinal, join in enumerate(joins, start=1):
        before = find_probe(session, recording.originals[ordinal - 1])
        start_frame += before.video.frame_count if before else 0
        insert_new(
            session,
            RecordingJoinRow,
            recording_id=recording.recording_id,
            ordinal=ordinal,
            start_frame=start_frame,
            gap_num=join.gap_s.numerator if join.gap_s is not None else None,
            gap_den=join.gap_s.denominator if join.gap_s is not None else None,
            uncertainty_num=join.uncertainty_s.numerator,
            uncertainty_den=join.uncertainty_s.denominator,
            missing=join.missing,
            because=join.because,
        )


def chapters_of(session: Session, recording: Recording) -> tuple[Chapter, ...]:
    """The chapters of a recording in order; one, when it is a single file."""
    if len(recording.originals) == 1:
        return (Chapter(recording.originals[0], recording.facts, 0, None),)
    rows = session.scalars(sa.select(RecordingJoinRow).where(RecordingJoinRow.recording_id == recording.recording_id))
    joined = {row.ordinal: (row.start_frame, _join(row)) for row in rows}
    chapters = []
    for ordinal, digest in enumerate(recording.originals):
        start_frame, join = joined.get(ordinal, (0, None))
        facts = find_probe(session, digest)
        chapters.append(Chapter(digest, facts or recording.facts, start_frame, join))
    return tuple(chapters)


@dataclass(frozen=True, slots=True)
class Assembled:
    """Why a recording is its chapters, and the originals right before and after it, in other recordings.

    Whichever of two neighbours was made last says so; both know it.
    """

    because: str
    continues: Sha256 | None
    continued_by: Sha256 | None


def assembly_of(session: Session, recording: Recording) -> Assembled | None:
    """How a recording was assembled; `None` for what has no chapters."""
    row = session.get(RecordingAssemblyRow, recording.recording_id)
    if row is None:
        return None
    first, last = recording.originals[0].hex, recording.originals[-1].hex
    before = row.continues or _original_of_assembly(session, RecordingAssemblyRow.precedes == first, is_last=True)
    after = row.precedes or _original_of_assembly(session, RecordingAssemblyRow.continues == last, is_last=False)
    return Assembled(row.because, Sha256(before) if before else None, Sha256(after) if after else None)


def _original_of_assembly(session: Session, condition: sa.ColumnElement[bool], *, is_last: bool) -> str | None:
    """The first or last original of the one recording whose assembly says this."""
    ordinal = RecordingOriginalRow.ordinal
    return session.scalar(
        sa.select(RecordingOriginalRow.digest)
        .join(RecordingAssemblyRow, RecordingAssemblyRow.recording_id == RecordingOriginalRow.recording_id)
        .where(condition)
        .order_by(ordinal.desc() if is_last else ordinal, RecordingOriginalRow.digest)
        .limit(1)
    )


def _join(row: RecordingJoinRow) -> Join:
    gap_s = None if row.gap_num is None or row.gap_den is None else Fraction(row.gap_num, row.gap_den)
    return Join(gap_s, Fraction(row.uncertainty_num, row.uncertainty_den), row.missing, row.because)
