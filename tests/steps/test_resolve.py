"""Refusals are decided by somebody, once each, for a reason; released uploads are judged again, rejected ones never."""

import os
from pathlib import Path

import pytest

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import CameraSerial, ExerciseId, UploadId
from pipeline.errors import (
    ClaimMismatchError,
    EmptyUploadError,
    NotPermittedError,
    QuarantinedError,
    UnreadableMediaError,
    UsageError,
)
from pipeline.lookup import listing, refusals
from tests.benches import raw_client
from tests.builders import CAMERA, EXERCISE
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
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
    with pytest.raises(NotPermittedError, match="names no camera"):
        stages.resolve(stray, "released")
    stages.resolve(stray, "rejected")


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
