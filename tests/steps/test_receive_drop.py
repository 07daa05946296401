"""Objects that others put in the intake bucket: taken once, when they are complete, and never guessed at."""

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pipeline.domain import intake_rules
from pipeline.domain.digest import Sha256
from pipeline.domain.drop import SETTLE_S_MAX
from pipeline.domain.footage import Upload
from pipeline.domain.ids import UploadId
from pipeline.errors import ClaimMismatchError
from pipeline.records import footage
from pipeline.workbench import Workbench
from tests.builders import TickingClock
from tests.census import census
from tests.stages import Stages

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SITE = """
[[source]]
id = "whole"
prefix = "whole/"
folders = ["camera"]
settle_s = 0
"""
RULES = intake_rules.parse(SITE, source="site.toml")


@pytest.fixture
def intake(bench: Workbench) -> str:
    return bench.settings.s3_intake_bucket


def upload_of(stages: Stages, upload_id: UploadId) -> Upload:
    with stages.bench.db.begin() as session:
        return footage.get_upload(session, upload_id)


def refusal_of(stages: Stages, upload_id: UploadId) -> str:
    with stages.bench.db.begin() as session:
        return str(footage.quarantine_reason(session, upload_id))


def pass_time(stages: Stages, seconds: float) -> None:
    clock = stages.bench.clock
    assert isinstance(clock, TickingClock)
    clock.now += timedelta(seconds=seconds)


def test_a_drop_is_taken_once_and_only_when_it_has_settled(stages: Stages, raw: "S3Client", intake: str) -> None:
    content = os.urandom(100)
    key = "drops/EX-DROP/X1/DCIM/100GOPRO/GX020123.MP4"
    raw.put_object(Bucket=intake, Key=key, Body=content[:50])
    first = stages.receive()
    assert (first.new, first.arriving) == ((), 1)
    pass_time(stages, 45)
    raw.put_object(Bucket=intake, Key=key, Body=content)  # it has grown meanwhile
    pass_time(stages, 45)
    assert stages.receive().arriving == 1, "the whole was not seen for long enough"
    pass_time(stages, 61)
    taken = stages.receive()
    (upload_id,) = taken.new
    assert taken.arriving == 0
    found = upload_of(stages, upload_id)
    assert (found.exercise_id, found.camera_serial, found.size_bytes) == ("EX-DROP", "X1", 100)
    assert (found.original_name, found.claimed_digest) == ("GX020123.MP4", None)
    assert found.chapter is not None
    assert found.chapter.number == 2
    assert stages.preserve(upload_id) == Sha256.of(content)
    before = census(stages.bench)
    again = stages.receive()
    assert (again.new, again.arriving) == ((), 0)
    assert census(stages.bench) == before


def test_an_event_is_a_hint_that_may_come_twice_or_speak_of_nothing(
    stages: Stages, raw: "S3Client", intake: str
) -> None:
    for name in ("one", "two"):
        raw.put_object(Bucket=intake, Key=f"whole/X1/{name}.mp4", Body=os.urandom(30))
    hinted = stages.receive("whole/X1/one.mp4", "whole/X1/gone.mp4", rules=RULES)
    (upload_id,) = hinted.new
    assert upload_of(stages, upload_id).original_name == "one.mp4"
    assert stages.receive("whole/X1/one.mp4", "whole/X1/one.mp4", rules=RULES).new == ()
    (other,) = stages.receive(rules=RULES).new
    assert upload_of(stages, other).original_name == "two.mp4"


def test_what_lies_together_belongs_together_also_in_a_drop(stages: Stages, raw: "S3Client", intake: str) -> None:
    for folder, name in (("100MEDIA", "DJI_0001.MP4"), ("100MEDIA", "DJI_0001.SRT"), ("101MEDIA", "DJI_0001.SRT")):
        raw.put_object(Bucket=intake, Key=f"whole/X2/DCIM/{folder}/{name}", Body=os.urandom(30))
    video, track, other = (upload_of(stages, upload_id) for upload_id in stages.receive(rules=RULES).new)
    assert (video.companion_kind, track.companion_kind, other.companion_kind) == (None, "track", "track")
    assert video.name_group == track.name_group != other.name_group


def test_the_digest_that_a_sender_recorded_is_checked(stages: Stages, raw: "S3Client", intake: str) -> None:
    wrong = Sha256.of(b"other")
    raw.put_object(Bucket=intake, Key="whole/X3/1.mp4", Body=b"bytes", Metadata={"sha256": wrong.hex})
    (upload_id,) = stages.receive(rules=RULES).new
    assert upload_of(stages, upload_id).claimed_digest == wrong


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("elsewhere/1.mp4", "its key names no camera and no source"),
        ("whole/1.mp4", "source whole: expected camera"),
        ("whole/..%2f/1.mp4", "expected a camera serial"),
        ("whole/X4/.DS_Store", "computers and cameras keep for themselves"),
        ("whole/X4/../../../etc/passwd\u202e.mp4", None),
    ],
)
def test_what_cannot_be_placed_is_refused_with_a_reason_and_nothing_is_followed(
    stages: Stages, raw: "S3Client", intake: str, key: str, reason: str | None
) -> None:
    raw.put_object(Bucket=intake, Key=key, Body=os.urandom(20))
    (upload_id,) = stages.receive(rules=RULES).new
    if reason is None:
        assert upload_of(stages, upload_id).original_name == "passwd.mp4"
    else:
        assert reason in refusal_of(stages, upload_id)


def test_what_makes_a_folder_appear_is_no_object(stages: Stages, raw: "S3Client", intake: str) -> None:
    raw.put_object(Bucket=intake, Key="whole/X5/", Body=b"")
    assert stages.receive(rules=RULES).new == ()


def test_a_manifest_completes_what_it_announces_and_what_it_says_is_checked(
    stages: Stages, raw: "S3Client", intake: str
) -> None:
    content, other = os.urandom(60), os.urandom(60)
    folder = "drops/EX-EXPORT/X7"
    entries = [
        {"name": "export/whole.mp4", "size_bytes": 60, "sha256": Sha256.of(content).hex},
        {"name": "short.mp4", "size_bytes": 61},
        {"name": "WRONG.mp4", "size_bytes": 60, "sha256": Sha256.of(content).hex},
    ]
    for name, put in (("whole.mp4", content), ("short.mp4", content), ("wrong.mp4", other), ("unsaid.mp4", content)):
        raw.put_object(Bucket=intake, Key=f"{folder}/{name}", Body=put)
    assert stages.receive().arriving == 4, "nobody has said anything yet"
    raw.put_object(Bucket=intake, Key=f"{folder}/manifest.json", Body=json.dumps({"files": entries}).encode()[:-1])
    assert stages.receive().new == (), "the manifest is not whole"
    raw.put_object(Bucket=intake, Key=f"{folder}/manifest.json", Body=json.dumps({"files": entries}).encode())
    taken = stages.receive()
    found = {upload_of(stages, upload_id).original_name: upload_of(stages, upload_id) for upload_id in taken.new}
    assert set(found) == {"whole.mp4", "wrong.mp4"}
    assert found["whole.mp4"].claimed_digest == Sha256.of(content)
    assert stages.preserve(found["whole.mp4"].upload_id) == Sha256.of(content)
    with pytest.raises(ClaimMismatchError, match="expected the announced SHA-256"):
        stages.preserve(found["wrong.mp4"].upload_id)
    pass_time(stages, 61)
    late = {upload_of(stages, upload_id).original_name: upload_id for upload_id in stages.receive().new}
    assert set(late) == {"unsaid.mp4", "manifest.json"}
    assert upload_of(stages, late["manifest.json"]).companion_kind == "manifest"
    pass_time(stages, SETTLE_S_MAX)
    (short,) = stages.receive().new
    assert "expected the announced 61 bytes, found 60" in refusal_of(stages, short)
