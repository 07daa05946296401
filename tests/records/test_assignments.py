from datetime import timedelta

import pytest

from pipeline.domain.footage import Upload
from pipeline.domain.ids import ExerciseId
from pipeline.records import Session, assignments, exercises, footage, overview
from tests.builders import EXERCISE, NOON, a_declaration, an_upload

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def unclaimed(session: Session) -> Upload:
    exercises.add_declaration(session, a_declaration(), at=NOON)
    upload = an_upload(exercise_id=None, claimed_start_at=NOON)
    footage.add_upload(session, upload)
    return upload


def test_an_upload_without_an_exercise_waits_for_one_and_not_for_ingest(session: Session, unclaimed: Upload) -> None:
    assert assignments.waiting_for_exercise(session) == [unclaimed]
    assert footage.uploads_waiting(session) == []
    assert [line.uploads for line in overview.exercises(session)] == [0]


def test_once_assigned_it_is_an_upload_of_that_exercise_and_stays_so(session: Session, unclaimed: Upload) -> None:
    assert assignments.assign(session, unclaimed.upload_id, ExerciseId(EXERCISE), because="its day", at=NOON)
    exercises.add_declaration(session, a_declaration(exercise_id=ExerciseId("EX-2")), at=NOON)
    assert not assignments.assign(session, unclaimed.upload_id, ExerciseId("EX-2"), because="other", at=LATER)
    assert assignments.reason_of(session, unclaimed.upload_id) == "its day"
    assert footage.get_upload(session, unclaimed.upload_id).exercise_id == EXERCISE
    assert assignments.waiting_for_exercise(session) == []
    assert footage.uploads_waiting(session) == [unclaimed.upload_id]
    assert {line.exercise_id: line.uploads for line in overview.exercises(session)} == {EXERCISE: 1, "EX-2": 0}


def test_what_was_refused_or_names_no_camera_does_not_wait(session: Session, unclaimed: Upload) -> None:
    footage.add_upload(session, an_upload("stray", exercise_id=None, camera_serial=None))
    footage.quarantine(session, unclaimed.upload_id, error_kind="RejectedInputError", reason="no", at=NOON)
    assert assignments.waiting_for_exercise(session) == []
