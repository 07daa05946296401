"""Which recordings are another one over again, and are therefore neither rendered nor cut?"""

from uuid import UUID

import sqlalchemy as sa

from pipeline.records.tables import RecordingOriginalRow, UploadContentRow
from pipeline.records.tables_duplicates import DuplicateDecisionRow, DuplicateRow
from pipeline.records.tables_intake import StandingQuarantine

_said_last = (
    sa.select(DuplicateDecisionRow.is_same)
    .where(DuplicateDecisionRow.duplicate_id == DuplicateRow.duplicate_id)
    .order_by(DuplicateDecisionRow.decided_at.desc())
    .limit(1)
    .correlate(DuplicateRow)
    .scalar_subquery()
)
_earlier_is_usable = (
    sa.select(sa.literal(1))
    .select_from(RecordingOriginalRow)
    .join(UploadContentRow, UploadContentRow.digest == RecordingOriginalRow.digest)
    .join(StandingQuarantine, StandingQuarantine.upload_id == UploadContentRow.upload_id, isouter=True)
    .where(
        RecordingOriginalRow.recording_id == DuplicateRow.earlier_recording_id,
        StandingQuarantine.upload_id.is_(None),
    )
    .correlate(DuplicateRow)
    .exists()
)


def held_back() -> sa.Select[UUID | None]:
    """The query for their ids: by what a person decided last, else by the verdict.

    Only while the recording that stands for them is not refused itself: footage is never left out for the sake of
    footage that cannot be used.
    """
    return sa.select(DuplicateRow.later_recording_id).where(
        DuplicateRow.later_recording_id.is_not(None),
        sa.func.coalesce(_said_last, DuplicateRow.verdict != "review"),
        _earlier_is_usable,
    )


def uploads_held_back() -> sa.Select[UUID]:
    """The query for the uploads that such recordings came with."""
    return (
        sa.select(UploadContentRow.upload_id)
        .join(RecordingOriginalRow, RecordingOriginalRow.digest == UploadContentRow.digest)
        .where(RecordingOriginalRow.recording_id.in_(held_back()))
    )
