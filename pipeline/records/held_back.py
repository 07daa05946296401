"""Which recordings are another one over again, and are therefore neither rendered nor cut?"""

from uuid import UUID

import sqlalchemy as sa

from pipeline.records.tables import RecordingOriginalRow, UploadContentRow

_HELD_BACK = sa.text("""
    SELECT held.later_recording_id FROM duplicates AS held
    WHERE held.later_recording_id IS NOT NULL
    AND COALESCE(
        (SELECT said.is_same FROM duplicate_decisions AS said WHERE said.duplicate_id = held.duplicate_id
         ORDER BY said.decided_at DESC LIMIT 1),
        held.verdict <> 'review'
    )
    AND EXISTS (
        SELECT FROM recording_originals AS kept
        JOIN upload_contents AS sent ON sent.digest = kept.digest
        LEFT JOIN quarantines AS refused ON refused.upload_id = sent.upload_id
        WHERE kept.recording_id = held.earlier_recording_id AND refused.upload_id IS NULL
    )
""")


def held_back() -> sa.Select[UUID]:
    """The query for their ids: by what a person decided last, else by the verdict.

    Only while the recording that stands for them is not refused itself: footage is never left out for the sake of
    footage that cannot be used.
    """
    found = _HELD_BACK.columns(sa.column("later_recording_id", sa.Uuid)).subquery("held_back")
    return sa.select(found.c.later_recording_id)


def uploads_held_back() -> sa.Select[UUID]:
    """The query for the uploads that such recordings came with."""
    return (
        sa.select(UploadContentRow.upload_id)
        .join(RecordingOriginalRow, RecordingOriginalRow.digest == UploadContentRow.digest)
        .where(RecordingOriginalRow.recording_id.in_(held_back()))
    )
