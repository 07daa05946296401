from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from pipeline.domain import keys
from pipeline.domain.claim import UploadClaim
from pipeline.domain.digest import Sha256
from pipeline.domain.exercise import WornCamera
from pipeline.domain.ids import CameraSerial, ExerciseId, UploadId
from pipeline.records import exercises, footage
from pipeline.steps.assign import assign_uploads
from pipeline.workbench import Workbench
from tests.builders import a_declaration
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stages import Stages
from tests.steps.conftest import Events

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def send(stages: Stages) -> Callable[[str, datetime | None], UploadId]:
    def put(camera: str, started_at: datetime | None) -> UploadId:
        bench, body = stages.bench, camera.encode()
        bench.store.put_once(
            bench.settings.s3_intake_bucket,
            keys.upload_key(None, CameraSerial(camera), Sha256.of(body)),
            body,
            digest=Sha256.of(body),
            media_type="video/mp4",
            metadata=UploadClaim(started_at=started_at).to_metadata(),
        )
        (new,) = stages.receive().new
        return new

    return put


def declare(bench: Workbench, name: str, camera: str) -> None:
    said = a_declaration(
        exercise_id=ExerciseId(name), held_on=date(2026, 3, 2), cameras=(WornCamera(CameraSerial(camera), "AFO-1"),)
    )
    with bench.db.begin() as session:
        exercises.add_declaration(session, said, at=bench.clock())


def test_an_upload_is_taken_up_when_its_exercise_is_declared(
    bench: Workbench, stages: Stages, send: Callable[..., UploadId], events: Events, databases: Databases
) -> None:
    upload_id, timeless = send("TAKEN-UP", AT), send("TIMELESS", None)
    assert assign_uploads(db=bench.db, clock=bench.clock) == []
    assert upload_id not in stages.receive().waiting
    declare(bench, "EX-TAKEN-UP", "TAKEN-UP")
    declare(bench, "EX-TIMELESS", "TIMELESS")
    before = census(bench)
    dies_while_recording(bench, databases, lambda: assign_uploads(db=bench.db, clock=bench.clock))
    assert census(bench) == before
    assert assign_uploads(db=bench.db, clock=bench.clock) == [upload_id]
    assigned = census(bench)
    assert assigned.new_rows(before) == {"upload_assignments": 1, "custody_events": 1}
    assert events(upload_id)[-1] == ("assigned", {"exercise": "EX-TAKEN-UP"})
    with bench.db.begin() as session:
        assert footage.get_upload(session, upload_id).exercise_id == "EX-TAKEN-UP"
    waiting = stages.receive().waiting
    assert upload_id in waiting
    assert timeless not in waiting
    assert assign_uploads(db=bench.db, clock=bench.clock) == []
    assert census(bench) == assigned
