"""Clips and their bytes: add them, get them, list those that still wait to be labelled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Clip, ClipRendition, Location
from pipeline.domain.ids import CameraSerial, ClipId, ExerciseId, RecordingId, RenditionId
from pipeline.domain.timeline import Span
from pipeline.errors import UsageError
from pipeline.records.footage import insert_new
from pipeline.records.tables import AnnotationTaskRow, ClipRenditionRow, ClipRow, RecordingRow, RenditionRow


@dataclass(frozen=True, slots=True)
class ShownClip:
    """A clip as annotators see it."""

    clip: Clip
    made: ClipRendition
    """The oldest bytes of it."""
    frame_rate: Fraction
    """Frames a second of its recording."""


def add_clip(session: Session, clip: Clip) -> bool:
    """Record a clip; whether it is new."""
    return insert_new(
        session,
        ClipRow,
        clip_id=clip.clip_id,
        recording_id=clip.recording_id,
        ordinal=clip.ordinal,
        start_num=clip.span.start_s.numerator,
        start_den=clip.span.start_s.denominator,
        end_num=clip.span.end_s.numerator,
        end_den=clip.span.end_s.denominator,
        cut_at=clip.cut_at,
    )


def add_clip_rendition(session: Session, made: ClipRendition) -> bool:
    """Record the bytes of a clip; whether they are new."""
    return insert_new(
        session,
        ClipRenditionRow,
        clip_id=made.clip_id,
        rendition_id=made.rendition_id,
        digest=made.digest.hex,
        bucket=made.at.bucket,
        key=made.at.key,
        version_id=made.at.version_id,
        size_bytes=made.size_bytes,
        frame_count=made.frame_count,
    )


def get_clip(session: Session, clip_id: ClipId) -> Clip:
    """One clip.

    Raises:
        UsageError: there is no clip of this id.
    """
    row = session.get(ClipRow, clip_id)
    if row is None:
        raise UsageError(f"no clip {clip_id}")
    return _clip(row)


def clips_of(session: Session, recording_id: RecordingId) -> list[Clip]:
    """The clips of a recording, in order."""
    rows = session.scalars(
        sa.select(ClipRow).where(ClipRow.recording_id == recording_id).order_by(ClipRow.ordinal, ClipRow.clip_id)
    )
    return [_clip(row) for row in rows]


def all_clips(session: Session, exercise_id: str | None = None) -> list[Clip]:
    """Every clip, of one exercise or of all, in the order of recordings and time."""
    query = sa.select(ClipRow).join(RecordingRow, RecordingRow.recording_id == ClipRow.recording_id)
    if exercise_id is not None:
        query = query.where(RecordingRow.exercise_id == exercise_id)
    rows = session.scalars(query.order_by(RecordingRow.probed_at, ClipRow.recording_id, ClipRow.ordinal))
    return [_clip(row) for row in rows]


def rendition_of_clip(session: Session, clip_id: ClipId) -> ClipRendition:
    """The bytes that annotators see of a clip: the oldest made.

    Raises:
        UsageError: the clip has no bytes.
    """
    row = session.scalar(
        sa.select(ClipRenditionRow)
        .join(RenditionRow, RenditionRow.rendition_id == ClipRenditionRow.rendition_id)
        .where(ClipRenditionRow.clip_id == clip_id)
        .order_by(RenditionRow.rendered_at, RenditionRow.rendition_id)
        .limit(1)
    )
    if row is None:
        raise UsageError(f"clip {clip_id} has no bytes")
    return _clip_rendition(row)


def shown_clips(session: Session, clip_ids: Sequence[ClipId]) -> dict[ClipId, ShownClip]:
    """These clips as annotators see them, in one question; a clip without bytes is left out."""
    query = (
        sa.select(ClipRow, ClipRenditionRow, RecordingRow.frame_rate_num, RecordingRow.frame_rate_den)
        .join(RecordingRow, RecordingRow.recording_id == ClipRow.recording_id)
        .join(ClipRenditionRow, ClipRenditionRow.clip_id == ClipRow.clip_id)
        .join(RenditionRow, RenditionRow.rendition_id == ClipRenditionRow.rendition_id)
        # As one array: thousands of ids as parameters of their own would be more than Postgres takes.
        .where(ClipRow.clip_id == sa.any_(sa.cast(list(clip_ids), ARRAY(sa.Uuid))))
        .ext(distinct_on(ClipRow.clip_id))
        .order_by(ClipRow.clip_id, RenditionRow.rendered_at, RenditionRow.rendition_id)
    )
    return {
        ClipId(row.clip_id): ShownClip(_clip(row), _clip_rendition(made), Fraction(rate_num, rate_den))
        for row, made, rate_num, rate_den in session.execute(query)
    }


def clip_rendition(session: Session, clip_id: ClipId, rendition_id: RenditionId) -> ClipRendition:
    """The bytes of a clip that were cut from one rendition.

    Raises:
        UsageError: there are none.
    """
    row = session.get(ClipRenditionRow, (clip_id, rendition_id))
    if row is None:
        raise UsageError(f"clip {clip_id} has no bytes from rendition {rendition_id}")
    return _clip_rendition(row)


def clip_renditions_of(session: Session, rendition_id: RenditionId) -> list[ClipRendition]:
    """The bytes of all clips that were cut from one rendition, in order."""
    rows = session.scalars(
        sa.select(ClipRenditionRow)
        .join(ClipRow, ClipRow.clip_id == ClipRenditionRow.clip_id)
        .where(ClipRenditionRow.rendition_id == rendition_id)
        .order_by(ClipRow.ordinal)
    )
    return [_clip_rendition(row) for row in rows]


def all_clip_renditions(session: Session) -> list[ClipRendition]:
    """The bytes of every clip."""
    query = sa.select(ClipRenditionRow).order_by(ClipRenditionRow.clip_id)
    return [_clip_rendition(row) for row in session.scalars(query)]


def clips_without_task(session: Session, taxonomy_digest: Sha256) -> list[Clip]:
    """Clips that were not sent out under this taxonomy yet, oldest first."""
    sent = sa.select(AnnotationTaskRow.clip_id).where(AnnotationTaskRow.taxonomy_digest == taxonomy_digest.hex)
    rows = session.scalars(
        sa.select(ClipRow)
        .where(ClipRow.clip_id.not_in(sent))
        .order_by(ClipRow.cut_at, ClipRow.recording_id, ClipRow.ordinal)
    )
    return [_clip(row) for row in rows]


def known_clips(session: Session, clip_ids: Iterable[ClipId]) -> set[ClipId]:
    """Which of these clips there are."""
    asked = sa.any_(sa.cast(list(clip_ids), ARRAY(sa.Uuid)))
    return {ClipId(clip_id) for clip_id in session.scalars(sa.select(ClipRow.clip_id).where(ClipRow.clip_id == asked))}


def origins(session: Session) -> dict[RecordingId, tuple[ExerciseId, CameraSerial]]:
    """The exercise and the camera of every recording."""
    rows = session.execute(sa.select(RecordingRow.recording_id, RecordingRow.exercise_id, RecordingRow.camera_serial))
    return {
        RecordingId(row.recording_id): (ExerciseId(row.exercise_id), CameraSerial(row.camera_serial)) for row in rows
    }


def clips_sent(session: Session, taxonomy_digest: Sha256) -> dict[RecordingId, int]:
    """How many clips of each recording were sent out under a taxonomy."""
    rows = session.execute(
        sa.select(ClipRow.recording_id, sa.func.count())
        .join(AnnotationTaskRow, AnnotationTaskRow.clip_id == ClipRow.clip_id)
        .where(AnnotationTaskRow.taxonomy_digest == taxonomy_digest.hex)
        .group_by(ClipRow.recording_id)
    )
    return {RecordingId(recording_id): count for recording_id, count in rows}


def _clip(row: ClipRow) -> Clip:
    return Clip(
        clip_id=ClipId(row.clip_id),
        recording_id=RecordingId(row.recording_id),
        ordinal=row.ordinal,
        span=Span(Fraction(row.start_num, row.start_den), Fraction(row.end_num, row.end_den)),
        cut_at=row.cut_at,
    )


def _clip_rendition(row: ClipRenditionRow) -> ClipRendition:
    return ClipRendition(
        clip_id=ClipId(row.clip_id),
        rendition_id=RenditionId(row.rendition_id),
        digest=Sha256(row.digest),
        at=Location(row.bucket, row.key, row.version_id),
        size_bytes=row.size_bytes,
        frame_count=row.frame_count,
    )
