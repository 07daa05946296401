"""What belongs to footage: found by the base name that it shares with footage of the same exercise and camera."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from pipeline.domain.companion import CompanionKind
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Upload
from pipeline.domain.ids import CameraSerial, ExerciseId, RecordingId, UploadId
from pipeline.records import footage
from pipeline.records.tables import QuarantineRow, RecordingOriginalRow, UploadContentRow, UploadRow
from pipeline.records.tables_intake import StandingQuarantine


@dataclass(frozen=True, slots=True)
class Companion:
    """One file that belongs to footage."""

    upload_id: UploadId
    kind: CompanionKind
    exercise_id: ExerciseId | None
    camera_serial: CameraSerial | None
    original_name: str | None
    size_bytes: int
    digest: Sha256 | None
    """`None` until it is preserved."""
    recording_id: RecordingId | None
    """`None` while there is no recording that it belongs to; that is no fault."""


_FOOTAGE = aliased(UploadRow)
_GROUPS = (
    sa.select(_FOOTAGE.name_group, RecordingOriginalRow.recording_id)
    .join(UploadContentRow, UploadContentRow.upload_id == _FOOTAGE.upload_id)
    .join(RecordingOriginalRow, RecordingOriginalRow.digest == UploadContentRow.digest)
    .where(_FOOTAGE.companion_kind.is_(None), _FOOTAGE.name_group.is_not(None))
    .distinct()
)
"""The groups that the footage of each recording is in."""


def companions_waiting(session: Session) -> list[UploadId]:
    """What belongs to footage and is neither preserved nor quarantined, oldest first."""
    refused = sa.select(StandingQuarantine.upload_id)
    kept = sa.select(UploadContentRow.upload_id)
    rows = session.scalars(
        sa.select(UploadRow.upload_id)
        .where(UploadRow.companion_kind.is_not(None))
        .where(UploadRow.upload_id.not_in(refused), UploadRow.upload_id.not_in(kept))
        .order_by(UploadRow.received_at, UploadRow.upload_id)
    )
    return [UploadId(upload_id) for upload_id in rows]


def still_waiting(
    session: Session, upload_ids: Sequence[UploadId], *, size_max_bytes: int | None = None
) -> list[Upload]:
    """Those of these uploads, at most so large, that are neither preserved nor quarantined, oldest first."""
    return footage.uploads_where(
        session,
        # As one value: ten thousand of them are more than Postgres takes as single ones.
        UploadRow.upload_id == sa.any_(sa.cast(list(upload_ids), sa.ARRAY(sa.Uuid))),
        *([] if size_max_bytes is None else [UploadRow.size_bytes <= size_max_bytes]),
        UploadRow.upload_id.not_in(sa.select(StandingQuarantine.upload_id)),
        UploadRow.upload_id.not_in(sa.select(UploadContentRow.upload_id)),
    )


def refused_before(session: Session, upload_ids: Sequence[UploadId]) -> set[UploadId]:
    """Those of these uploads that were ever refused, also when somebody has released them since."""
    rows = session.scalars(sa.select(QuarantineRow.upload_id).where(QuarantineRow.upload_id.in_(upload_ids)))
    return {UploadId(upload_id) for upload_id in rows}


def companions_of(session: Session, recording_id: RecordingId) -> list[Companion]:
    """What belongs to a recording, in the order of arrival."""
    groups = _GROUPS.where(RecordingOriginalRow.recording_id == recording_id).with_only_columns(_FOOTAGE.name_group)
    found = footage.uploads_where(session, UploadRow.companion_kind.is_not(None), UploadRow.name_group.in_(groups))
    contents = _contents(session)
    return [_companion(upload, contents.get(upload.upload_id), recording_id) for upload in found]


def all_companions(session: Session, exercise_id: str | None = None) -> list[Companion]:
    """Every companion of one exercise or of all, in the order of arrival, each with a recording if it has one."""
    owners: dict[UUID, UUID] = {row.name_group: row.recording_id for row in session.execute(_GROUPS)}
    contents = _contents(session)
    return [
        _companion(upload, contents.get(upload.upload_id), owners.get(upload.name_group) if upload.name_group else None)
        for upload in footage.uploads_where(session, UploadRow.companion_kind.is_not(None))
        if exercise_id in {None, upload.exercise_id}
    ]


def _contents(session: Session) -> dict[UploadId, str]:
    """Which original each companion is."""
    rows = session.execute(
        sa.select(UploadContentRow.upload_id, UploadContentRow.digest)
        .join(UploadRow, UploadRow.upload_id == UploadContentRow.upload_id)
        .where(UploadRow.companion_kind.is_not(None))
    )
    return {UploadId(row.upload_id): row.digest for row in rows}


def _companion(upload: Upload, digest: str | None, recording_id: UUID | None) -> Companion:
    return Companion(
        upload_id=upload.upload_id,
        kind=cast("CompanionKind", upload.companion_kind),
        exercise_id=upload.exercise_id,
        camera_serial=upload.camera_serial,
        original_name=upload.original_name,
        size_bytes=upload.size_bytes,
        digest=Sha256(digest) if digest else None,
        recording_id=RecordingId(recording_id) if recording_id else None,
    )
