"""Refusals are decided by somebody, once each, for a reason; released uploads are judged again, rejected ones never."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import CameraSerial, ExerciseId, UploadId
from pipeline.domain.origin import Origin
from pipeline.errors import (
    ClaimMismatchError,
    EmptyUploadError,
    NotPermittedError,
    QuarantinedError,
    UnreadableMediaError,
    UsageError,
)
from pipeline.lookup import listing, refusals
from pipeline.lookup.lineage import show
from pipeline.records import exercises, footage
from tests.benches import raw_client
from tests.builders import CAMERA, EXERCISE, NOON, a_declaration
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip
from tests.stages import Stages
from tests.steps.conftest import Events

TEXT = b"no footage at all"


def refused(stages: Stages, folder: Path, words: bytes = TEXT) -> UploadId:
    (folder / "footage.mp4").write_bytes(words + str(folder).encode())
    stages.upload(folder / "footage.mp4")
    (found,) = stages.receive().new
    with pytest.raises(UnreadableMediaError) as caught:
        stages.probe(stages.preserve(found))
    stages.quarantine(found, caught.value)
    return found


def test_a_released_upload_is_judged_again_and_may_be_refused_again(
    stages: Stages, events: Events, tmp_path: Path
) -> None:
    upload_id = refused(stages, tmp_path)
    assert upload_id not in stages.receive().waiting
    first = stages.resolve(upload_id, "released", because="the reader was mended")
    before = census(stages.bench)
    assert stages.resolve(upload_id, "released", by="other", because="again") == first
    assert census(stages.bench) == before
    assert upload_id in stages.receive().waiting
    assert upload_id not in {line.upload_id for line in listing.list_quarantine(stages.bench.db)}
    with pytest.raises(UnreadableMediaError) as caught:
        stages.probe(stages.preserve(upload_id))
    stages.quarantine(upload_id, caught.value)
    stages.quarantine(upload_id, EmptyUploadError("the first reason stays"))
    assert upload_id not in stages.receive().waiting
    stages.resolve(upload_id, "rejected", because="it is a text")
    story = refusals.explain(stages.bench.db, upload_id)
    assert (story.state, story.error_kind) == ("rejected", "UnreadableMediaError")
    assert [(event.what, event.by) for event in story.history] == [
        ("refused", None),
        ("released", "j.doe"),
        ("refused", None),
        ("rejected", "j.doe"),
    ]
    decided = [(kind, details) for kind, details in events(upload_id) if kind in {"released", "rejected"}]
    digest = Sha256.of(b"it is a text").hex
    assert decided[1] == (
        "rejected",
        {"kind": "UnreadableMediaError", "attempt": "1", "by": "j.doe", "because": digest},
    )
    assert [kind for kind, _ in decided] == ["released", "rejected"]


def test_a_rejected_upload_stays_for_good(stages: Stages, tmp_path: Path) -> None:
    upload_id = refused(stages, tmp_path)
    stages.resolve(upload_id, "rejected", because="a holiday film")
    before = census(stages.bench)
    stages.resolve(upload_id, "rejected", because="still one")
    with pytest.raises(NotPermittedError, match=r"rejected by j\.doe because: a holiday film"):
        stages.resolve(upload_id, "released")
    assert upload_id not in stages.receive().waiting
    with pytest.raises(QuarantinedError):
        stages.preserve(upload_id)
    assert census(stages.bench) == before
    line = next(one for one in listing.list_quarantine(stages.bench.db) if one.upload_id == upload_id)
    assert line.rejected_by == "j.doe"


def test_a_release_accepts_bytes_that_are_not_what_was_announced(stages: Stages) -> None:
    bench = stages.bench
    content, announced = os.urandom(50), Sha256.of(os.urandom(8))
    key = keys.upload_key(ExerciseId(EXERCISE), CameraSerial(CAMERA), announced)
    raw_client(bench).put_object(Bucket=bench.settings.s3_intake_bucket, Key=key, Body=content)
    (upload_id,) = stages.receive().new
    with pytest.raises(ClaimMismatchError) as caught:
        stages.preserve(upload_id)
    stages.quarantine(upload_id, caught.value)
    assert refusals.explain(bench.db, upload_id).release_overrules
    stages.resolve(upload_id, "released", because="the sender mistyped it")
    assert stages.preserve(upload_id) == Sha256.of(content)


def test_what_names_no_camera_cannot_be_released(stages: Stages) -> None:
    bench = stages.bench
    raw_client(bench).put_object(Bucket=bench.settings.s3_intake_bucket, Key="stray.mp4", Body=b"stray")
    (stray,) = stages.receive().new
    with pytest.raises(NotPermittedError, match=r"names no camera.* say which it comes from with --camera"):
        stages.resolve(stray, "released")
    stages.resolve(stray, "rejected")


def test_who_releases_may_say_which_camera_and_exercise_it_is_of(
    stages: Stages, events: Events, databases: Databases, tmp_path: Path
) -> None:
    bench = stages.bench
    film = make_clip(tmp_path / "desk.mp4", seconds=0.4, size="64x64", rate="10").read_bytes()
    raw_client(bench).put_object(Bucket=bench.settings.s3_intake_bucket, Key="found-on-a-desk.mp4", Body=film)
    (stray,) = stages.receive().new
    said = Origin(CameraSerial("BWC-DESK"), ExerciseId("EX-DESK"))
    with pytest.raises(UsageError, match="expected an exercise that was declared, found EX-DESK"):
        stages.resolve(stray, "released", origin=said)
    with bench.db.begin() as session:
        exercises.add_declaration(session, a_declaration(exercise_id=ExerciseId("EX-DESK")), at=NOON)
    with pytest.raises(NotPermittedError, match=rf"declared with \({CAMERA}\), found BWC-DESK"):
        stages.resolve(stray, "released", origin=said)
    worn = replace(said, camera_serial=CameraSerial(CAMERA))
    before = census(bench)
    dies_while_recording(bench, databases, lambda: stages.resolve(stray, "released", origin=worn))
    assert census(bench) == before
    for _ in range(2):
        stages.resolve(stray, "released", because="its owner was asked", origin=worn)
    after = census(bench)
    assert after.new_rows(before) == {
        "quarantine_decisions": 1,
        "upload_cameras": 1,
        "upload_assignments": 1,
        "custody_events": 2,
    }
    assert [kind for kind, _ in events(stray)] == ["received", "quarantined", "released", "assigned"]
    assert worn.camera_serial not in str(events(stray))
    assert stray in stages.receive().waiting
    with bench.db.begin() as session:
        recording = footage.get_recording(session, stages.probe(stages.preserve(stray)))
        assert (recording.camera_serial, recording.exercise_id) == (worn.camera_serial, worn.exercise_id)
    told = show(bench.db, str(stray)).facts
    assert (told["camera"], told["camera_because"]) == (worn.camera_serial, "said by j.doe: its owner was asked")
    with pytest.raises(NotPermittedError, match="expected that or no --camera, found BWC-DESK"):
        stages.resolve(stray, "released", origin=said)


def test_what_is_not_in_quarantine_cannot_be_decided(stages: Stages, tmp_path: Path) -> None:
    (tmp_path / "waiting.mp4").write_bytes(b"waiting")
    stages.upload(tmp_path / "waiting.mp4")
    (waiting,) = stages.receive().new
    before = census(stages.bench)
    with pytest.raises(UsageError, match="nothing to decide"):
        stages.resolve(waiting, "rejected")
    with pytest.raises(UsageError, match="never in quarantine"):
        refusals.explain(stages.bench.db, waiting)
    assert census(stages.bench) == before


def test_dying_while_deciding_leaves_it_undecided(stages: Stages, databases: Databases, tmp_path: Path) -> None:
    upload_id = refused(stages, tmp_path)
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.resolve(upload_id, "released"))
    assert census(stages.bench) == before
    stages.resolve(upload_id, "released")
    assert census(stages.bench).new_rows(before) == {"quarantine_decisions": 1, "custody_events": 1}
