"""Uploads, originals, recordings and renditions: add one, get one, list what still waits.

Every `add_*` answers whether the row is new. Adding a thing that is there changes nothing, so that a step can be
repeated after a kill.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.companion import companion_kind
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location, Original, Recording, Rendition, Upload
from pipeline.domain.ids import CameraSerial, ExerciseId, RecordingId, RenditionId, UploadId
from pipeline.domain.media import MediaFacts
from pipeline.errors import UsageError
from pipeline.records.held_back import uploads_held_back
from pipeline.records.tables import (
    ExerciseRow,
    OriginalRow,
    QuarantineRow,
    RecordingOriginalRow,
    RecordingRow,
    RenditionRow,
    Row,
    UploadAssignmentRow,
    UploadContentRow,
    UploadNameRow,
    UploadRow,
)
from pipeline.records.tables_intake import QuarantineDecisionRow, StandingQuarantine, UploadCameraRow

exercise_of_upload: sa.ColumnElement[str | None] = sa.func.coalesce(
    UploadRow.exercise_id, UploadAssignmentRow.exercise_id
)
camera_of_upload: sa.ColumnElement[str | None] = sa.func.coalesce(
    UploadRow.camera_serial, UploadCameraRow.camera_serial
)
"""What an upload names itself, else what it was found or said to be of; for conditions of `uploads_where`."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An upload in quarantine, with why."""

    upload: Upload
    error_kind: str
    reason: str
    quarantined_at: datetime


def insert_new(session: Session, table: type[Row], **values: Any) -> bool:
    """Insert a row unless one with its key is there; whether it was new."""
    result = session.execute(insert(table).values(**values).on_conflict_do_nothing().returning(sa.literal(1)))
    return result.first() is not None


def add_upload(session: Session, upload: Upload) -> bool:
    """Register an upload, and its exercise if this is the first of it."""
    if upload.exercise_id is not None:
        insert_new(session, ExerciseRow, exercise_id=upload.exercise_id, first_seen_at=upload.received_at)
    new = insert_new(
        session,
        UploadRow,
        upload_id=upload.upload_id,
        bucket=upload.at.bucket,
        key=upload.at.key,
        version_id=upload.at.version_id,
        etag=upload.etag,
        size_bytes=upload.size_bytes,
        exercise_id=upload.exercise_id,
        camera_serial=upload.camera_serial,
        claimed_digest=upload.claimed_digest.hex if upload.claimed_digest else None,
        received_at=upload.received_at,
        chapter_series=upload.chapter.series if upload.chapter else None,
        chapter_number=upload.chapter.number if upload.chapter else None,
        claimed_start_at=upload.claimed_start_at,
        companion_kind=upload.companion_kind,
        name_group=upload.name_group,
        name_pattern=upload.name_pattern,
        named_start=upload.named_start,
    )
    if new and upload.original_name is not None:
        insert_new(session, UploadNameRow, upload_id=upload.upload_id, original_name=upload.original_name)
    return new


def get_upload(session: Session, upload_id: UploadId) -> Upload:
    """One upload.

    Raises:
        UsageError: there is no upload of this id.
    """
    found = uploads_where(session, UploadRow.upload_id == upload_id)
    if not found:
        raise UsageError(f"no upload {upload_id}")
    return found[0]


def uploads_where(session: Session, *conditions: sa.ColumnElement[bool]) -> list[Upload]:
    """The uploads that meet these conditions, oldest first."""
    query = _UPLOADS.where(*conditions).order_by(UploadRow.received_at, UploadRow.upload_id)
    return [_upload(*row) for row in session.execute(query)]


def uploads_waiting(session: Session) -> list[UploadId]:
    """Footage of an exercise that is neither clips, nor in quarantine, nor other footage over again; oldest first."""
    refused = sa.select(StandingQuarantine.upload_id)
    cut = (
        sa.select(UploadContentRow.upload_id)
        .join(RecordingOriginalRow, RecordingOriginalRow.digest == UploadContentRow.digest)
        .where(sa.text("EXISTS (SELECT 1 FROM clips WHERE clips.recording_id = recording_originals.recording_id)"))
    )
    rows = session.scalars(
        sa.select(UploadRow.upload_id)
        .join(UploadAssignmentRow, UploadAssignmentRow.upload_id == UploadRow.upload_id, isouter=True)
        .where(
            exercise_of_upload.is_not(None),
            UploadRow.companion_kind.is_(None),
            UploadRow.upload_id.not_in(refused),
            UploadRow.upload_id.not_in(cut),
            UploadRow.upload_id.not_in(uploads_held_back()),
        )
        .order_by(UploadRow.received_at, UploadRow.upload_id)
    )
    return [UploadId(upload_id) for upload_id in rows]


def quarantine(session: Session, upload_id: UploadId, *, error_kind: str, reason: str, at: datetime) -> bool:
    """Refuse an upload; its bytes stay in the intake bucket. Whether it was not refused already."""
    released = sa.select(sa.func.count()).where(
        QuarantineDecisionRow.upload_id == upload_id, QuarantineDecisionRow.decision == "released"
    )
    return insert_new(
        session,
        QuarantineRow,
        upload_id=upload_id,
        attempt=released.scalar_subquery(),
        error_kind=error_kind,
        reason=reason,
        quarantined_at=at,
    )


def quarantine_reason(session: Session, upload_id: UploadId) -> str | None:
    """Why an upload is in quarantine; `None` when it is not."""
    return session.scalar(sa.select(StandingQuarantine.reason).where(StandingQuarantine.upload_id == upload_id))


def quarantined(session: Session) -> list[Refusal]:
    """Everything in quarantine, oldest first."""
    rows = session.execute(
        _UPLOADS.add_columns(StandingQuarantine)
        .join(StandingQuarantine, StandingQuarantine.upload_id == UploadRow.upload_id)
        .order_by(StandingQuarantine.quarantined_at, UploadRow.upload_id)
    )
    return [
        Refusal(_upload(*upload), refused.error_kind, refused.reason, refused.quarantined_at)
        for *upload, refused in rows
    ]


def add_original(session: Session, original: Original) -> bool:
    """Record preserved bytes."""
    return insert_new(
        session,
        OriginalRow,
        digest=original.digest.hex,
        bucket=original.at.bucket,
        key=original.at.key,
        version_id=original.at.version_id,
        size_bytes=original.size_bytes,
        preserved_at=original.preserved_at,
    )


def link_content(session: Session, upload_id: UploadId, digest: Sha256) -> bool:
    """Record which original an upload turned out to be."""
    return insert_new(session, UploadContentRow, upload_id=upload_id, digest=digest.hex)


def content_of(session: Session, upload_id: UploadId) -> Sha256 | None:
    """The original that an upload turned out to be; `None` before it was preserved."""
    row = session.get(UploadContentRow, upload_id)
    return Sha256(row.digest) if row else None


def uploads_of(session: Session, digest: Sha256) -> list[Upload]:
    """Every upload of these bytes, oldest first."""
    of_these = sa.select(UploadContentRow.upload_id).where(UploadContentRow.digest == digest.hex)
    return uploads_where(session, UploadRow.upload_id.in_(of_these))


def get_original(session: Session, digest: Sha256) -> Original:
    """One original.

    Raises:
        UsageError: there is no original of this digest.
    """
    row = session.get(OriginalRow, digest.hex)
    if row is None:
        raise UsageError(f"no original {digest}")
    return _original(row)


def all_originals(session: Session) -> list[Original]:
    """Every original, oldest first."""
    return [_original(row) for row in session.scalars(sa.select(OriginalRow).order_by(OriginalRow.preserved_at))]


def add_recording(session: Session, recording: Recording) -> bool:
    """Record a recording and the originals it consists of."""
    new = insert_new(
        session,
        RecordingRow,
        recording_id=recording.recording_id,
        exercise_id=recording.exercise_id,
        camera_serial=recording.camera_serial,
        duration_num=recording.duration_s.numerator,
        duration_den=recording.duration_s.denominator,
        frame_rate_num=recording.frame_rate.numerator,
        frame_rate_den=recording.frame_rate.denominator,
        media_facts=recording.facts.to_json(),
        tool_identity=recording.tool_identity,
        probed_at=recording.probed_at,
    )
    for ordinal, digest in enumerate(recording.originals):
        insert_new(
            session, RecordingOriginalRow, recording_id=recording.recording_id, ordinal=ordinal, digest=digest.hex
        )
    return new


def find_recording(session: Session, digest: Sha256) -> Recording | None:
    """The recording that an original belongs to; `None` before it was probed."""
    row = session.scalar(
        sa.select(RecordingRow)
        .join(RecordingOriginalRow, RecordingOriginalRow.recording_id == RecordingRow.recording_id)
        .where(RecordingOriginalRow.digest == digest.hex)
    )
    return _recording(session, row) if row else None


def get_recording(session: Session, recording_id: RecordingId) -> Recording:
    """One recording.

    Raises:
        UsageError: there is no recording of this id.
    """
    row = session.get(RecordingRow, recording_id)
    if row is None:
        raise UsageError(f"no recording {recording_id}")
    return _recording(session, row)


def all_recordings(session: Session, exercise_id: str | None = None) -> list[Recording]:
    """Every recording, of one exercise or of all, oldest first."""
    query = sa.select(RecordingRow).order_by(RecordingRow.probed_at, RecordingRow.recording_id)
    if exercise_id is not None:
        query = query.where(RecordingRow.exercise_id == exercise_id)
    return [_recording(session, row) for row in session.scalars(query)]


def add_rendition(session: Session, rendition: Rendition) -> bool:
    """Record a rendition."""
    return insert_new(
        session,
        RenditionRow,
        rendition_id=rendition.rendition_id,
        recording_id=rendition.recording_id,
        recipe_name=rendition.recipe_name,
        recipe_digest=rendition.recipe_digest.hex,
        tool_identity=rendition.tool_identity,
        digest=rendition.digest.hex,
        bucket=rendition.at.bucket,
        key=rendition.at.key,
        version_id=rendition.at.version_id,
        size_bytes=rendition.size_bytes,
        frame_count=rendition.frame_count,
        width_px=rendition.width_px,
        height_px=rendition.height_px,
        cut_frames=list(rendition.cut_frames),
        cut_reason=rendition.cut_reason,
        rendered_at=rendition.rendered_at,
    )


def find_rendition(session: Session, recording_id: RecordingId, recipe_digest: Sha256) -> Rendition | None:
    """The oldest rendition of a recording by a recipe, whatever tool made it; `None` when there is none.

    The oldest, because clips were cut from it: a newer ffmpeg must not silently make other clips.
    """
    row = session.scalar(
        sa.select(RenditionRow)
        .where(RenditionRow.recording_id == recording_id, RenditionRow.recipe_digest == recipe_digest.hex)
        .order_by(RenditionRow.rendered_at)
        .limit(1)
    )
    return _rendition(row) if row else None


def get_rendition(session: Session, rendition_id: RenditionId) -> Rendition:
    """One rendition.

    Raises:
        UsageError: there is no rendition of this id.
    """
    row = session.get(RenditionRow, rendition_id)
    if row is None:
        raise UsageError(f"no rendition {rendition_id}")
    return _rendition(row)


def all_renditions(session: Session, recording_id: RecordingId | None = None) -> list[Rendition]:
    """Every rendition, of one recording or of all, oldest first."""
    query = sa.select(RenditionRow).order_by(RenditionRow.rendered_at)
    if recording_id is not None:
        query = query.where(RenditionRow.recording_id == recording_id)
    return [_rendition(row) for row in session.scalars(query)]


_UPLOADS = (
    sa.select(UploadRow, UploadNameRow.original_name, exercise_of_upload, camera_of_upload)
    .join(UploadNameRow, UploadNameRow.upload_id == UploadRow.upload_id, isouter=True)
    .join(UploadAssignmentRow, UploadAssignmentRow.upload_id == UploadRow.upload_id, isouter=True)
    .join(UploadCameraRow, UploadCameraRow.upload_id == UploadRow.upload_id, isouter=True)
)
"""Uploads with what lies beside them: the arguments of `_upload`."""


def _upload(row: UploadRow, original_name: str | None, exercise_id: str | None, camera: str | None) -> Upload:
    return Upload(
        upload_id=UploadId(row.upload_id),
        at=Location(row.bucket, row.key, row.version_id),
        etag=row.etag,
        size_bytes=row.size_bytes,
        exercise_id=ExerciseId(exercise_id) if exercise_id is not None else None,
        camera_serial=CameraSerial(camera) if camera is not None else None,
        original_name=original_name,
        claimed_digest=Sha256(row.claimed_digest) if row.claimed_digest else None,
        received_at=row.received_at,
        chapter=ChapterPlace(row.chapter_series, row.chapter_number or 0) if row.chapter_series else None,
        claimed_start_at=row.claimed_start_at,
        companion_kind=companion_kind(row.companion_kind or ""),
        name_group=row.name_group,
        name_pattern=row.name_pattern,
        named_start=row.named_start,
    )


def _original(row: OriginalRow) -> Original:
    return Original(Sha256(row.digest), Location(row.bucket, row.key, row.version_id), row.size_bytes, row.preserved_at)


def _recording(session: Session, row: RecordingRow) -> Recording:
    originals = session.scalars(
        sa.select(RecordingOriginalRow.digest)
        .where(RecordingOriginalRow.recording_id == row.recording_id)
        .order_by(RecordingOriginalRow.ordinal)
    )
    return Recording(
        recording_id=RecordingId(row.recording_id),
        exercise_id=ExerciseId(row.exercise_id),
        camera_serial=CameraSerial(row.camera_serial),
        originals=tuple(Sha256(digest) for digest in originals),
        facts=MediaFacts.from_json(row.media_facts),
        duration_s=Fraction(row.duration_num, row.duration_den),
        frame_rate=Fraction(row.frame_rate_num, row.frame_rate_den),
        tool_identity=row.tool_identity,
        probed_at=row.probed_at,
    )


def _rendition(row: RenditionRow) -> Rendition:
    return Rendition(
        rendition_id=RenditionId(row.rendition_id),
        recording_id=RecordingId(row.recording_id),
        recipe_name=row.recipe_name,
        recipe_digest=Sha256(row.recipe_digest),
        tool_identity=row.tool_identity,
        digest=Sha256(row.digest),
        at=Location(row.bucket, row.key, row.version_id),
        size_bytes=row.size_bytes,
        frame_count=row.frame_count,
        width_px=row.width_px,
        height_px=row.height_px,
        cut_frames=tuple(row.cut_frames),
        cut_reason=row.cut_reason,
        rendered_at=row.rendered_at,
    )
