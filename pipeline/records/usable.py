"""Which recordings are worth looking at again: cut, and neither refused nor another one over again?"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.ids import ExerciseId, RecordingId
from pipeline.records.decisions import refused
from pipeline.records.held_back import held_back
from pipeline.records.tables import ClipRow, RecordingRow


def usable(*conditions: sa.ColumnElement[bool]) -> sa.Select[UUID]:
    """The query for their ids; conditions are about recordings.

    One that is not cut is still being ingested, and nothing that is found of it now would stay true.
    """
    return sa.select(RecordingRow.recording_id).where(
        sa.exists().where(ClipRow.recording_id == RecordingRow.recording_id),
        RecordingRow.recording_id.not_in(refused()),
        RecordingRow.recording_id.not_in(held_back()),
        *conditions,
    )


def usable_recordings(session: Session, exercise_id: ExerciseId) -> set[RecordingId]:
    """Those of one exercise."""
    return {RecordingId(found) for found in session.scalars(usable(RecordingRow.exercise_id == exercise_id))}
