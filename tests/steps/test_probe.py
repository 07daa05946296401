from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Recording
from pipeline.errors import (
    MissingObjectError,
    NoVideoStreamError,
    RejectedInputError,
    UnreadableMediaError,
)
from pipeline.records import footage
from pipeline.workbench import Workbench
from tests.builders import CAMERA, EXERCISE
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stages import Stages
from tests.steps.conftest import Events, Footage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def preserved(stages: Stages, path: Path, *, exercise: str = EXERCISE) -> Sha256:
    stages.upload(path, exercise=exercise)
    (upload_id,) = stages.receive().new
    return stages.preserve(upload_id)


def test_a_recording_knows_its_exercise_camera_and_media(
    stages: Stages, footage_named: Footage, events: Events
) -> None:
    digest = preserved(stages, footage_named("rate_29_97"))
    recording_id = stages.probe(digest)
    with stages.bench.db.begin() as session:
        recording = footage.get_recording(session, recording_id)
    assert recording_id == Recording.id_for((digest,))
    assert (recording.exercise_id, recording.camera_serial, recording.originals) == (EXERCISE, CAMERA, (digest,))
    assert recording.frame_rate == Fraction(30000, 1001)
    assert recording.duration_s == recording.facts.video.frame_count / recording.frame_rate
    assert recording.facts.audio is not None
    assert recording.tool_identity == stages.bench.media.identity
    assert events(recording_id) == [("probed", {"original": digest.hex, "tool": recording.tool_identity})]


def test_probing_again_changes_nothing_and_reads_nothing(
    stages: Stages, raw: "S3Client", footage_named: Footage
) -> None:
    digest = preserved(stages, footage_named("no_audio"))
    recording_id = stages.probe(digest)
    with stages.bench.db.begin() as session:
        at = footage.get_original(session, digest).at
    stages.bench.scratch.drop(digest)
    raw.delete_object(Bucket=at.bucket, Key=at.key, VersionId=at.version_id)
    before = census(stages.bench)
    assert stages.probe(digest) == recording_id
    assert census(stages.bench) == before


def test_dying_while_recording_and_starting_again_makes_one_recording(
    stages: Stages, databases: Databases, footage_named: Footage
) -> None:
    digest = preserved(stages, footage_named("rate_10"))
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.probe(digest))
    assert census(stages.bench) == before
    assert stages.probe(digest) == Recording.id_for((digest,))
    assert census(stages.bench).new_rows(before) == {"recordings": 1, "recording_originals": 1, "custody_events": 1}


def test_bytes_that_are_not_on_this_machine_are_fetched_and_checked(stages: Stages, footage_named: Footage) -> None:
    digest = preserved(stages, footage_named("portrait"))
    stages.bench.scratch.drop(digest)
    with stages.bench.db.begin() as session:
        recording = footage.get_recording(session, stages.probe(digest))
    assert (recording.facts.video.width_px, recording.facts.video.height_px) == (108, 192)


def test_a_recording_belongs_to_the_exercise_of_its_first_upload(stages: Stages, footage_named: Footage) -> None:
    first = preserved(stages, footage_named("rate_25"), exercise="EX-FIRST")
    assert preserved(stages, footage_named("rate_25"), exercise="EX-SECOND") == first
    with stages.bench.db.begin() as session:
        assert footage.get_recording(session, stages.probe(first)).exercise_id == "EX-FIRST"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("text", UnreadableMediaError),
        ("ffconcat", UnreadableMediaError),
        ("index_missing", UnreadableMediaError),
        ("sound_only", NoVideoStreamError),
    ],
)
def test_footage_that_cannot_be_read_is_refused_and_nothing_recorded(
    stages: Stages, footage_named: Footage, fault: str, error: type[RejectedInputError]
) -> None:
    digest = preserved(stages, footage_named(fault))
    before = census(stages.bench)
    with pytest.raises(error):
        stages.probe(digest)
    assert census(stages.bench) == before


def test_footage_that_is_cut_short_is_a_recording_of_what_is_there(
    bench: Workbench, stages: Stages, footage_named: Footage
) -> None:
    recording_id = stages.probe(preserved(stages, footage_named("truncated")))
    with bench.db.begin() as session:
        recording = footage.get_recording(session, recording_id)
    assert recording.facts.video.frame_count == 36


def test_an_original_that_is_gone_is_a_matter_of_custody(
    bench: Workbench, stages: Stages, raw: "S3Client", footage_named: Footage
) -> None:
    digest = preserved(stages, footage_named("b_frames"))
    bench.scratch.drop(digest)
    with bench.db.begin() as session:
        at = footage.get_original(session, digest).at
    raw.delete_object(Bucket=at.bucket, Key=at.key, VersionId=at.version_id)
    before = census(bench)
    with pytest.raises(MissingObjectError, match=digest.hex):
        stages.probe(digest)
    assert census(bench) == before
