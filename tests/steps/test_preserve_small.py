"""Small files come in thousands: batches, one fault is one quarantine, and little is spent on each."""

import gc
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import Duplicate, Verdict
from pipeline.domain.footage import SMALL_BYTES
from pipeline.domain.ids import UploadId
from pipeline.errors import DigestMismatchError, StoreUnavailableError
from pipeline.records import companions, duplicates, footage
from pipeline.steps import preserve
from pipeline.steps.preserve import preserve_small
from pipeline.workbench import Workbench
from tests.bench.many import make_folder, measure
from tests.benches import raw_client
from tests.census import census
from tests.stages import Stages
from tests.stores import PART_BYTES

TIMES_PLAIN_MAX = 7
"""CPU of our process for a small file against that of boto3 alone, which sends it, fetches it and sends it again: 3.6
on an idle machine, 22 ms against 6. In milliseconds it would measure the machine, and who else works on it."""


def keep(bench: Workbench, *upload_ids: UploadId) -> None:
    preserve_small(
        upload_ids,
        originals_bucket=bench.settings.s3_originals_bucket,
        store=bench.store,
        scratch=bench.scratch,
        db=bench.db,
        clock=bench.clock,
        jobs=2,
    )


def stills(folder: Path, *contents: bytes) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"IMG_{number:04}.JPG" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def test_each_is_kept_byte_exact_once_and_one_that_is_refused_stops_no_other(
    stages: Stages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preserve, "BATCH", 2)
    bench, twice = stages.bench, os.urandom(100)
    contents = [os.urandom(100), b"", twice, twice, os.urandom(PART_BYTES)]
    stages.upload(*stills(tmp_path, *contents), exercise="EX-BATCH")
    stages.receive()
    waiting = [line.upload_id for line in _lines(bench, "EX-BATCH")]
    keep(bench, *waiting)
    lines = _lines(bench, "EX-BATCH")
    assert {line.digest for line in lines} == {None, *(Sha256.of(content) for content in contents if content)}
    assert len(lines) == 5
    with bench.db.begin() as session:
        (refused,) = [found for found in footage.quarantined(session) if found.upload.exercise_id == "EX-BATCH"]
        original = footage.get_original(session, Sha256.of(twice))
    assert refused.error_kind == "EmptyUploadError"
    assert bench.store.read(original.at.bucket, original.at.key, limit_bytes=200) == twice
    before = census(bench)
    keep(bench, *waiting)
    assert census(bench) == before


def test_footage_is_kept_as_well_its_copies_are_linked_and_other_bytes_under_a_digest_stop_no_other(
    stages: Stages, tmp_path: Path
) -> None:
    bench, contents = stages.bench, [os.urandom(100), os.urandom(100), os.urandom(SMALL_BYTES + 1)]
    wrong = Sha256.of(contents[0])
    bench.store.put_once(
        bench.settings.s3_originals_bucket,
        keys.original_key(wrong),
        b"other",
        digest=Sha256.of(b"other"),
        media_type="application/octet-stream",
    )
    for number, content in enumerate((*contents, contents[1])):
        (tmp_path / f"{number}.mp4").write_bytes(content)
    paths = sorted(tmp_path.glob("*.mp4"))
    stages.upload(*paths[:3], exercise="EX-FILMS")
    stages.upload(paths[3], exercise="EX-FILMS", camera="OTHER-1")
    received = stages.receive()
    of_these = set(received.new)
    assert len(of_these) == 4
    small = [upload_id for upload_id in received.small if upload_id in of_these]
    assert len(small) == 3  # the long one is kept with the work on it
    with pytest.raises(DigestMismatchError):
        keep(bench, *small)
    with bench.db.begin() as session:
        kept = [footage.content_of(session, upload_id) for upload_id in small]
        copies = footage.uploads_of(session, Sha256.of(contents[1]))
        pair, _ = duplicates.get_duplicate(session, Duplicate.id_for(copies[0].upload_id, copies[1].upload_id))
    assert sorted(filter(None, kept)) == [Sha256.of(contents[1])] * 2
    assert pair.verdict == Verdict.SAME_BYTES
    again = stages.receive()
    assert [upload_id for upload_id in again.small if upload_id in of_these] == [
        upload_id for upload_id, digest in zip(small, kept, strict=True) if digest is None
    ]
    assert of_these <= set(again.waiting)


def test_what_was_kept_before_the_store_went_away_stays_and_the_rest_follows(
    stages: Stages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preserve, "BATCH", 2)
    bench = stages.bench
    stages.upload(*stills(tmp_path, *(os.urandom(50) for _ in range(4))), exercise="EX-AWAY")
    stages.receive()
    waiting = [line.upload_id for line in _lines(bench, "EX-AWAY")]

    def leave(_: int) -> None:
        raise StoreUnavailableError("away")

    with pytest.raises(StoreUnavailableError):
        preserve_small(
            waiting,
            originals_bucket=bench.settings.s3_originals_bucket,
            store=bench.store,
            scratch=bench.scratch,
            db=bench.db,
            clock=bench.clock,
            jobs=1,
            progress=leave,
        )
    assert sum(line.digest is not None for line in _lines(bench, "EX-AWAY")) == 2
    keep(bench, *waiting)
    assert all(line.digest is not None for line in _lines(bench, "EX-AWAY"))


def test_many_small_files_cost_little_each_and_memory_stays_flat(bench: Workbench, tmp_path: Path) -> None:
    card = make_folder(tmp_path / "card", 90)
    gc.collect()
    gc.freeze()  # what other tests left behind is not looked through while we measure
    try:
        plain_s = plain(bench, card)
        stages = measure(bench, card)
        plain_s = max(plain_s, plain(bench, card))
    finally:
        gc.unfreeze()
    assert sum(stage.cpu_s for stage in stages) < TIMES_PLAIN_MAX * plain_s
    assert [stage.name for stage in stages if stage.grown_mb > 8] == []


def plain(bench: Workbench, card: Path) -> float:
    """CPU seconds of three requests for each file of a card, four files at once."""
    s3, bucket = raw_client(bench), bench.settings.s3_working_bucket

    def copy(path: Path) -> None:
        s3.put_object(Bucket=bucket, Key=f"plain/{path.name}", Body=path.read_bytes())
        content = s3.get_object(Bucket=bucket, Key=f"plain/{path.name}")["Body"].read()
        s3.put_object(Bucket=bucket, Key=f"plain/again/{path.name}", Body=content)

    began_s = time.process_time()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(copy, card.rglob("*.*")))
    return time.process_time() - began_s


def _lines(bench: Workbench, exercise: str) -> list[companions.Companion]:
    with bench.db.begin() as session:
        return companions.all_companions(session, exercise)
