import os
from pathlib import Path

import pytest

from pipeline.domain.ids import UploadId
from pipeline.errors import EmptyUploadError, UnreadableMediaError
from pipeline.records import footage
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stages import Stages
from tests.steps.conftest import Events

FAULT = UnreadableMediaError("expected media, found text")


@pytest.fixture
def upload_id(stages: Stages, tmp_path: Path) -> UploadId:
    (tmp_path / "footage.mp4").write_bytes(os.urandom(100))
    stages.upload(tmp_path)
    (found,) = stages.receive().new
    return found


def test_a_refused_upload_keeps_its_reason_and_its_bytes_and_waits_no_more(
    stages: Stages, upload_id: UploadId, events: Events
) -> None:
    before = census(stages.bench)
    stages.quarantine(upload_id, FAULT)
    with stages.bench.db.begin() as session:
        refused = next(found for found in footage.quarantined(session) if found.upload.upload_id == upload_id)
        assert upload_id not in footage.uploads_waiting(session)
    assert (refused.error_kind, refused.reason) == ("UnreadableMediaError", "expected media, found text")
    assert events(upload_id)[1:] == [("quarantined", {"kind": "UnreadableMediaError"})]
    after = census(stages.bench)
    assert after.objects == before.objects
    assert after.new_rows(before) == {"quarantines": 1, "custody_events": 1}


def test_refusing_again_changes_nothing_and_the_first_reason_stays(stages: Stages, upload_id: UploadId) -> None:
    stages.quarantine(upload_id, FAULT)
    before = census(stages.bench)
    stages.quarantine(upload_id, EmptyUploadError("another reason"))
    assert census(stages.bench) == before
    with stages.bench.db.begin() as session:
        kinds = {found.upload.upload_id: found.error_kind for found in footage.quarantined(session)}
    assert kinds[upload_id] == "UnreadableMediaError"


def test_dying_while_recording_leaves_it_waiting_and_starting_again_refuses_it(
    stages: Stages, databases: Databases, upload_id: UploadId
) -> None:
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.quarantine(upload_id, FAULT))
    assert census(stages.bench) == before
    assert upload_id in stages.receive().waiting
    stages.quarantine(upload_id, FAULT)
    assert census(stages.bench).new_rows(before) == {"quarantines": 1, "custody_events": 1}


def test_bytes_that_were_fetched_to_be_looked_at_are_forgotten(stages: Stages, upload_id: UploadId) -> None:
    digest = stages.preserve(upload_id)
    assert stages.bench.scratch.file_for(digest).exists()
    stages.quarantine(upload_id, FAULT)
    assert not stages.bench.scratch.file_for(digest).exists()
