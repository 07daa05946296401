import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Upload
from pipeline.domain.ids import UploadId
from pipeline.errors import SettingsError
from pipeline.records import companions, footage
from pipeline.records.footage import Refusal
from pipeline.steps.receive import receive_uploads
from pipeline.workbench import Workbench
from tests.builders import CAMERA, EXERCISE
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stages import Stages
from tests.steps.conftest import Events

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def intake(bench: Workbench) -> str:
    return bench.settings.s3_intake_bucket


@pytest.fixture
def camera_file(tmp_path: Path) -> Path:
    path = tmp_path / "Übung 1.mp4"
    path.write_bytes(os.urandom(1000))
    return path


def refusal_of(bench: Workbench, upload_id: UploadId) -> Refusal:
    with bench.db.begin() as session:
        return next(found for found in footage.quarantined(session) if found.upload.upload_id == upload_id)


def test_an_upload_is_registered_with_all_that_was_said_of_it(
    stages: Stages, camera_file: Path, intake: str, events: Events
) -> None:
    (sent,) = stages.upload(camera_file)
    received = stages.receive()
    (upload_id,) = received.new
    assert upload_id in received.waiting
    with stages.bench.db.begin() as session:
        upload = footage.get_upload(session, upload_id)
    assert (upload.at.bucket, upload.at.key) == (intake, sent.key)
    assert (upload.exercise_id, upload.camera_serial) == (EXERCISE, CAMERA)
    assert (upload.original_name, upload.size_bytes) == ("Übung 1.mp4", 1000)
    assert upload.claimed_digest == sent.digest
    assert upload.received_at.utcoffset() == timedelta(0)
    details = {"size_bytes": "1000", "version_id": upload.at.version_id, "claimed_digest": str(sent.digest)}
    assert events(upload_id) == [("received", details)]


def test_looking_again_finds_the_same_and_changes_nothing(stages: Stages, camera_file: Path) -> None:
    stages.upload(camera_file)
    first = stages.receive()
    before = census(stages.bench)
    second = stages.receive()
    assert len(first.new) == 1
    assert second.new == ()
    assert second.waiting == first.waiting
    assert census(stages.bench) == before


def test_what_was_received_while_nobody_looked_is_found_later_oldest_first(stages: Stages, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.mp4").write_bytes(os.urandom(100))
    stages.upload(tmp_path)
    received = stages.receive()
    assert len(received.new) == 3
    assert received.waiting[-3:] == received.new


@pytest.mark.parametrize(
    "key",
    [
        "loose.mp4",
        f"uploads/{EXERCISE}/{CAMERA}/not-a-digest",
        f"uploads/{EXERCISE}/{'0' * 64}",
        f"uploads/..hidden/{CAMERA}/{'0' * 64}",
        f"uploads/{EXERCISE}/{CAMERA}/{'0' * 64}/more",
    ],
)
def test_a_key_that_names_no_exercise_is_quarantined_at_once(
    stages: Stages, raw: "S3Client", intake: str, events: Events, key: str
) -> None:
    raw.put_object(Bucket=intake, Key=key, Body=b"footage")
    received = stages.receive()
    (upload_id,) = received.new
    assert upload_id not in received.waiting
    refused = refusal_of(stages.bench, upload_id)
    assert refused.error_kind == "RejectedInputError"
    assert "its key names no camera" in refused.reason
    assert (refused.upload.exercise_id, refused.upload.camera_serial) == (None, None)
    assert [kind for kind, _ in events(upload_id)] == ["received", "quarantined"]
    before = census(stages.bench)
    assert stages.receive().new == ()
    assert census(stages.bench) == before


def test_a_key_and_metadata_that_announce_different_digests_are_quarantined(
    stages: Stages, raw: "S3Client", intake: str, events: Events
) -> None:
    in_key, beside = Sha256.of(os.urandom(8)), Sha256.of(b"footage")
    key = f"uploads/{EXERCISE}/{CAMERA}/{in_key}"
    raw.put_object(Bucket=intake, Key=key, Body=b"footage", Metadata={"sha256": beside.hex})
    (upload_id,) = stages.receive().new
    refused = refusal_of(stages.bench, upload_id)
    assert refused.error_kind == "ClaimMismatchError"
    assert str(in_key) in refused.reason
    assert str(beside) in refused.reason
    assert events(upload_id)[-1] == ("quarantined", {"kind": "ClaimMismatchError"})


def test_an_announced_size_that_did_not_arrive_is_quarantined(stages: Stages, raw: "S3Client", intake: str) -> None:
    content = os.urandom(70)
    key = f"uploads/{EXERCISE}/{CAMERA}/{Sha256.of(content)}"
    raw.put_object(Bucket=intake, Key=key, Body=content, Metadata={"size-bytes": "700"})
    (upload_id,) = stages.receive().new
    assert "expected the announced 700 bytes, found 70" in refusal_of(stages.bench, upload_id).reason


def test_an_upload_by_hand_without_metadata_is_taken_by_its_key(stages: Stages, raw: "S3Client", intake: str) -> None:
    content = os.urandom(70)
    raw.put_object(Bucket=intake, Key=f"uploads/{EXERCISE}/{CAMERA}/{Sha256.of(content)}", Body=content)
    received = stages.receive()
    (upload_id,) = received.new
    assert upload_id in received.waiting
    with stages.bench.db.begin() as session:
        upload = footage.get_upload(session, upload_id)
    assert (upload.original_name, upload.claimed_digest) == (None, Sha256.of(content))


def test_other_bytes_under_the_same_key_are_another_upload(stages: Stages, raw: "S3Client", intake: str) -> None:
    key = f"uploads/{EXERCISE}/{CAMERA}/{Sha256.of(os.urandom(8))}"
    raw.put_object(Bucket=intake, Key=key, Body=os.urandom(10))
    (first,) = stages.receive().new
    raw.put_object(Bucket=intake, Key=key, Body=os.urandom(10))
    (second,) = stages.receive().new
    with stages.bench.db.begin() as session:
        versions = [footage.get_upload(session, upload_id).at.version_id for upload_id in (first, second)]
    assert first != second
    assert versions[0] != versions[1]
    assert stages.receive().new == ()


def test_the_same_file_for_another_exercise_is_another_upload(stages: Stages, camera_file: Path) -> None:
    stages.upload(camera_file)
    stages.upload(camera_file, exercise="EX-OTHER")
    assert len(stages.receive().new) == 2


def test_dying_while_recording_leaves_nothing_and_looking_again_finds_it(
    stages: Stages, databases: Databases, camera_file: Path
) -> None:
    (sent,) = stages.upload(camera_file, exercise="EX-KILLED")
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, stages.receive)
    assert census(stages.bench) == before
    (upload_id,) = stages.receive().new
    with stages.bench.db.begin() as session:
        assert footage.get_upload(session, upload_id).at.key == sent.key
    assert census(stages.bench).new_rows(before) == {
        "exercises": 1,
        "uploads": 1,
        "upload_names": 1,
        "clock_readings": 3,
        "custody_events": 1,
    }


def test_a_bucket_that_is_not_there_is_a_wrong_setting(bench: Workbench) -> None:
    with pytest.raises(SettingsError, match="bucket nowhere does not exist"):
        receive_uploads(
            bucket="nowhere",
            rules=bench.rules,
            manifests=bench.manifests,
            store=bench.store,
            db=bench.db,
            clock=bench.clock,
        )


# What names say


def kept(stages: Stages, *names: str, exercise: str) -> dict[str, Upload]:
    """Put objects in the intake bucket as `firsthand upload` does, and say what was registered of them."""
    for name in names:
        content = os.urandom(50)
        digest = Sha256.of(content)
        stages.bench.store.put_once(
            stages.bench.settings.s3_intake_bucket,
            f"uploads/{exercise}/{CAMERA}/{digest}",
            content,
            digest=digest,
            media_type="application/octet-stream",
            metadata={"original-name": name},
        )
    found = {}
    new = stages.receive().new
    with stages.bench.db.begin() as session:
        for upload_id in new:
            upload = footage.get_upload(session, upload_id)
            found[upload.original_name or ""] = upload
    return found


def test_a_name_tells_the_chapter_the_kind_and_what_belongs_together(stages: Stages) -> None:
    names = ("GX010123.MP4", "GX020123.MP4", "GL010123.LRV", "GX010124.THM")
    found = kept(stages, *names, exercise="EX-NAMES")
    video, second, proxy, thumbnail = (found[name] for name in names)
    assert video.chapter == ChapterPlace("gopro-0123", 1)
    assert second.chapter == ChapterPlace("gopro-0123", 2)
    assert (video.companion_kind, proxy.companion_kind, thumbnail.companion_kind) == (None, "proxy", "thumbnail")
    assert video.name_group == proxy.name_group
    assert len({video.name_group, second.name_group, thumbnail.name_group}) == 3
    assert video.name_pattern == "gopro"
    waiting, companions = stages.receive().waiting, stages.receive().companions
    assert {video.upload_id, second.upload_id} <= set(waiting)
    assert {proxy.upload_id, thumbnail.upload_id} <= set(companions)
    assert not set(waiting) & set(companions)


def test_a_companion_that_was_kept_waits_no_more(stages: Stages) -> None:
    found = kept(stages, "IMG_0007.JPG", exercise="EX-NAMES-2")
    (still,) = found.values()
    stages.preserve(still.upload_id)
    assert still.upload_id not in stages.receive().companions
    with stages.bench.db.begin() as session:
        (line,) = companions.all_companions(session, "EX-NAMES-2")
    assert (line.kind, line.recording_id, line.original_name) == ("still", None, "IMG_0007.JPG")
    assert line.digest == still.claimed_digest
