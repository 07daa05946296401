import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import UploadId
from pipeline.errors import (
    ClaimMismatchError,
    DigestMismatchError,
    EmptyUploadError,
    MissingObjectError,
    QuarantinedError,
)
from pipeline.records import footage
from pipeline.workbench import Workbench
from tests.benches import raw_client
from tests.builders import CAMERA, EXERCISE
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stages import Stages
from tests.steps.conftest import Events

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def camera_file(tmp_path: Path) -> Path:
    path = tmp_path / "footage.mp4"
    path.write_bytes(os.urandom(100_000))
    return path


def received(stages: Stages, path: Path, *, exercise: str = EXERCISE) -> UploadId:
    stages.upload(path, exercise=exercise)
    (upload_id,) = stages.receive().new
    return upload_id


def received_raw(stages: Stages, raw: "S3Client", content: bytes, *, announced: Sha256) -> UploadId:
    """As sent by somebody who does not know our rules."""
    stages.receive()
    key = f"uploads/{EXERCISE}/{CAMERA}/{announced}"
    raw.put_object(Bucket=stages.bench.settings.s3_intake_bucket, Key=key, Body=content)
    (upload_id,) = stages.receive().new
    return upload_id


def test_the_bytes_are_kept_exactly_under_their_digest(stages: Stages, camera_file: Path, events: Events) -> None:
    upload_id = received(stages, camera_file)
    digest = stages.preserve(upload_id)
    assert digest == Sha256.of(camera_file.read_bytes())
    bench = stages.bench
    with bench.db.begin() as session:
        original = footage.get_original(session, digest)
        assert footage.content_of(session, upload_id) == digest
    assert (original.at.bucket, original.at.key) == (bench.settings.s3_originals_bucket, keys.original_key(digest))
    assert original.size_bytes == 100_000
    fetched = camera_file.with_name("fetched")
    bench.store.fetch(original.at.bucket, original.at.key, fetched, version_id=original.at.version_id, expect=digest)
    assert fetched.read_bytes() == camera_file.read_bytes()
    details = {"upload_id": str(upload_id), "size_bytes": "100000", "version_id": original.at.version_id}
    assert events(digest) == [("preserved", details)]
    assert bench.scratch.file_for(digest).read_bytes() == camera_file.read_bytes()


def test_preserving_again_changes_nothing_and_reads_nothing(stages: Stages, raw: "S3Client", camera_file: Path) -> None:
    upload_id = received(stages, camera_file)
    digest = stages.preserve(upload_id)
    with stages.bench.db.begin() as session:
        at = footage.get_upload(session, upload_id).at
    raw.delete_object(Bucket=at.bucket, Key=at.key, VersionId=at.version_id)
    before = census(stages.bench)
    assert stages.preserve(upload_id) == digest
    assert census(stages.bench) == before


def test_the_same_bytes_twice_are_one_original_and_the_second_is_known_as_a_duplicate(
    stages: Stages, camera_file: Path, events: Events
) -> None:
    first = received(stages, camera_file)
    digest = stages.preserve(first)
    second = received(stages, camera_file, exercise="EX-OTHER")
    before = census(stages.bench)
    assert stages.preserve(second) == digest
    after = census(stages.bench)
    assert after.new_rows(before) == {"upload_contents": 1, "duplicates": 1, "custody_events": 1}
    assert after.objects == before.objects
    assert [(kind, details["upload_id"]) for kind, details in events(digest)] == [
        ("preserved", str(first)),
        ("duplicate_found", str(second)),
    ]


def test_dying_while_recording_and_starting_again_keeps_one_object(
    stages: Stages, databases: Databases, camera_file: Path
) -> None:
    upload_id = received(stages, camera_file)
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.preserve(upload_id))
    killed = census(stages.bench)
    assert killed.rows == before.rows
    assert len(killed.objects - before.objects) == 1
    digest = stages.preserve(upload_id)
    after = census(stages.bench)
    assert digest == Sha256.of(camera_file.read_bytes())
    assert after.objects == killed.objects
    assert after.new_rows(before) == {"originals": 1, "upload_contents": 1, "custody_events": 1}


def test_what_is_in_quarantine_goes_no_further(stages: Stages, camera_file: Path) -> None:
    upload_id = received(stages, camera_file)
    stages.quarantine(upload_id, EmptyUploadError("refused before"))
    before = census(stages.bench)
    with pytest.raises(QuarantinedError, match=f"upload {upload_id} is in quarantine: refused before"):
        stages.preserve(upload_id)
    assert census(stages.bench) == before


def test_an_empty_upload_is_refused_and_nothing_kept(stages: Stages, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    upload_id = received(stages, tmp_path / "empty.mp4")
    before = census(stages.bench)
    with pytest.raises(EmptyUploadError, match=f"upload {upload_id} is empty: expected footage, found 0 bytes"):
        stages.preserve(upload_id)
    assert census(stages.bench) == before


def test_bytes_that_were_not_announced_are_refused_and_nothing_kept(stages: Stages, raw: "S3Client") -> None:
    content, announced = os.urandom(50), Sha256.of(os.urandom(8))
    upload_id = received_raw(stages, raw, content, announced=announced)
    before = census(stages.bench)
    with pytest.raises(ClaimMismatchError, match=f"expected the announced SHA-256 {announced}, found") as refused:
        stages.preserve(upload_id)
    assert str(Sha256.of(content)) in str(refused.value)
    assert census(stages.bench) == before


def test_the_version_that_was_received_is_kept_whatever_was_put_there_since(own_bench: Workbench) -> None:
    # Buckets of its own: the other object is an upload too, and a store may list it only while a later test looks.
    stages, raw = Stages(own_bench), raw_client(own_bench)
    content = os.urandom(50)
    upload_id = received_raw(stages, raw, content, announced=Sha256.of(content))
    key = f"uploads/{EXERCISE}/{CAMERA}/{Sha256.of(content)}"
    raw.put_object(Bucket=stages.bench.settings.s3_intake_bucket, Key=key, Body=b"something else")
    assert stages.preserve(upload_id) == Sha256.of(content)


def test_an_upload_whose_bytes_are_gone_is_a_matter_of_custody(stages: Stages, raw: "S3Client") -> None:
    content = os.urandom(50)
    upload_id = received_raw(stages, raw, content, announced=Sha256.of(content))
    with stages.bench.db.begin() as session:
        at = footage.get_upload(session, upload_id).at
    raw.delete_object(Bucket=at.bucket, Key=at.key, VersionId=at.version_id)
    with pytest.raises(MissingObjectError, match=at.key):
        stages.preserve(upload_id)


def test_other_bytes_where_the_original_belongs_are_not_covered_up(
    bench: Workbench, stages: Stages, raw: "S3Client", camera_file: Path
) -> None:
    digest = Sha256.of(camera_file.read_bytes())
    raw.put_object(Bucket=bench.settings.s3_originals_bucket, Key=keys.original_key(digest), Body=b"planted")
    upload_id = received(stages, camera_file)
    before = census(bench)
    with pytest.raises(DigestMismatchError, match=f"expected SHA-256 {digest}"):
        stages.preserve(upload_id)
    assert census(bench) == before
