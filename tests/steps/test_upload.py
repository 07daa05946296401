import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain import keys, naming
from pipeline.domain.claim import UploadClaim
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ExerciseId
from pipeline.errors import AccessDeniedError, SettingsError, StoreUnavailableError, UsageError
from pipeline.steps.upload import FileResult, plan_upload, send_upload
from tests.stores import PART_BYTES, open_store, read_env
from tests.wire import wire_to

BUCKET = "intake"
TABLE = naming.load()
CAMERA = keys.camera_serial("ACCC8E000001")
MOMENT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
MODIFIED_AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(s3_stack: Any) -> Path:
    return Path(s3_stack.home)


@pytest.fixture(scope="module")
def store(home: Path) -> ObjectStore:
    return open_store(home)


@pytest.fixture
def exercise() -> ExerciseId:
    return keys.exercise_id(f"EX-{uuid.uuid4().hex}")


def send(
    store: ObjectStore,
    exercise: ExerciseId,
    *paths: Path,
    progress: Callable[[int], None] | None = None,
    bucket: str = BUCKET,
) -> list[FileResult]:
    return send_upload(
        plan_upload(paths, TABLE),
        exercise=exercise,
        camera=CAMERA,
        bucket=bucket,
        store=store,
        jobs=4,
        clock=lambda: MOMENT,
        progress=progress,
    )


def a_file(path: Path, content: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(100) if content is None else content)
    os.utime(path, (MODIFIED_AT.timestamp(), MODIFIED_AT.timestamp()))
    return path


def in_intake(store: ObjectStore, exercise: ExerciseId) -> list[str]:
    return [listed.key for listed in store.list(BUCKET, f"uploads/{exercise}/")]


# What is sent


def test_a_file_arrives_under_its_digest_with_what_was_said_of_it(
    store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    path = a_file(tmp_path / "Übung №1.mp4")
    digest, told = Sha256.of(path.read_bytes()), list[int]()
    (result,) = send(store, exercise, path, progress=told.append)
    key = f"uploads/{exercise}/{CAMERA}/{digest}"
    assert result == FileResult(path, 100, "sent", digest=digest, key=key, sent_bytes=100)
    found = store.head(BUCKET, key)
    assert found is not None
    assert (found.size_bytes, found.digest) == (100, digest)
    assert UploadClaim.from_metadata(found.metadata) == UploadClaim(
        "Übung №1.mp4", 100, MODIFIED_AT, sent_at=MOMENT, base_name="ÜBUNG №1"
    )
    assert (found.metadata["exercise"], found.metadata["camera"]) == (exercise, CAMERA)
    assert store.read(BUCKET, key, limit_bytes=1000) == path.read_bytes()
    assert sum(told) == 100


def test_the_same_bytes_are_sent_once_under_any_name_and_in_any_run(
    store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    content, told = os.urandom(2 * PART_BYTES + 1), list[int]()
    paths = [a_file(tmp_path / f"{number}.mp4", content) for number in range(4)]
    results = send(store, exercise, *paths, progress=told.append)
    assert sorted(result.outcome for result in results) == ["present", "present", "present", "sent"]
    assert sum(result.sent_bytes for result in results) == len(content)
    assert sum(told) == 4 * len(content)
    again = send(store, exercise, a_file(tmp_path / "renamed.mp4", content))
    assert [(result.outcome, result.sent_bytes) for result in again] == [("present", 0)]
    assert len(in_intake(store, exercise)) == 1


def test_a_folder_is_sent_in_order_without_what_is_hidden_linked_or_unfinished(
    store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    card, elsewhere = tmp_path / "card", tmp_path / "elsewhere"
    wanted = [a_file(card / name) for name in ("b/2.mp4", "b/10.mp4", "a.mp4", "c.MP4")]
    for name in (".hidden.mp4", ".Trashes/old.mp4", "b/half.mp4.part"):
        a_file(card / name)
    a_file(elsewhere / "secret.mp4")
    (card / "link.mp4").symlink_to(elsewhere / "secret.mp4")
    (card / "linked").symlink_to(elsewhere)
    (card / "loop").symlink_to(card)
    os.mkfifo(card / "pipe.mp4")
    plan = plan_upload([card, card / "a.mp4", card / "b"], TABLE)
    assert [file.path.relative_to(card).as_posix() for file in plan.files] == ["a.mp4", "b/10.mp4", "b/2.mp4", "c.MP4"]
    assert plan.total_bytes == 400
    results = send(store, exercise, card)
    assert [result.path for result in results if result.outcome == "sent"] == sorted(wanted)
    assert {result.path.name for result in results if result.outcome == "left behind"} == {
        ".hidden.mp4",
        ".Trashes",
        "half.mp4.part",
        "link.mp4",
        "linked",
        "loop",
        "pipe.mp4",
    }
    assert len(in_intake(store, exercise)) == 4


def test_a_card_is_sent_footage_first_with_what_belongs_to_it(
    store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    folder = tmp_path / "DCIM" / "100GOPRO"
    black = b"the same black picture"
    for name in ("GX010123.MP4", "GX020123.MP4", "GL010123.LRV", "GX010124.MP4", "GOPR0056.JPG"):
        a_file(folder / name)
    for name in ("GX010123.THM", "GX010124.THM"):
        a_file(folder / name, black)
    for name in ("DCIM/.DS_Store", "MISC/leinfo.sav", "MISC/version.bin"):
        a_file(tmp_path / name)
    assert str(plan_upload([tmp_path], TABLE).summary) == ("2 recordings in 3 files, 4 companions, 3 files left behind")
    results = send(store, exercise, tmp_path)
    assert [result.kind for result in results] == (
        ["footage"] * 3 + ["proxy", "still", "thumbnail", "thumbnail"] + ["ignored"] * 3
    )
    sent = [result for result in results if result.outcome == "sent"]
    assert len(sent) == len(in_intake(store, exercise)) == 7, "the same picture of two recordings is two companions"
    video, thumbnail = (
        store.head(BUCKET, str(next(result.key for result in sent if result.path.name == name)))
        for name in ("GX010123.MP4", "GX010123.THM")
    )
    assert video is not None
    assert thumbnail is not None
    said, said_beside = UploadClaim.from_metadata(video.metadata), UploadClaim.from_metadata(thumbnail.metadata)
    assert (said.companion_kind, said_beside.companion_kind) == (None, "thumbnail")
    assert (said.base_name, said.folder) == (said_beside.base_name, said_beside.folder) == ("010123", "100GOPRO")
    assert [result.outcome for result in send(store, exercise, tmp_path)] == ["present"] * 7 + ["left behind"] * 3


def test_a_file_that_is_asked_for_by_its_name_is_sent_whatever_it_is(
    store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    (result,) = send(store, exercise, a_file(tmp_path / "Thumbs.db"))
    assert (result.outcome, result.kind) == ("sent", "footage")


def test_an_empty_file_is_footage_and_is_sent(store: ObjectStore, exercise: ExerciseId, tmp_path: Path) -> None:
    (result,) = send(store, exercise, a_file(tmp_path / "empty.mp4", b""))
    assert (result.outcome, result.size_bytes) == ("sent", 0)
    assert in_intake(store, exercise) == [result.key]


# Kills and changes


SENDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from pipeline.domain import keys, naming
from pipeline.steps.upload import plan_upload, send_upload
from tests.stores import open_store

home, exercise, camera, source = sys.argv[1:]

def stall(more):
    print("part", flush=True)
    time.sleep(600)

send_upload(
    plan_upload([Path(source)], naming.load()), exercise=keys.exercise_id(exercise), camera=keys.camera_serial(camera),
    bucket="intake", store=open_store(Path(home)), jobs=4, clock=lambda: datetime.now(UTC), progress=stall,
)
"""


def test_an_upload_that_was_killed_goes_on_where_it_was(
    store: ObjectStore, exercise: ExerciseId, home: Path, tmp_path: Path
) -> None:
    path = a_file(tmp_path / "long.mp4", os.urandom(6 * PART_BYTES + 1))
    argv = [sys.executable, "-c", SENDER, str(home), exercise, CAMERA, str(path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=PROJECT) as sender:
        assert sender.stdout is not None
        began = b"part\n" in iter(sender.stdout.readline, b"")
        sender.send_signal(signal.SIGKILL)
    assert began
    assert in_intake(store, exercise) == []
    (result,) = send(store, exercise, path)
    assert result.outcome == "resumed"
    assert 0 < result.sent_bytes < path.stat().st_size
    (again,) = send(store, exercise, path)
    assert (again.outcome, again.sent_bytes) == ("present", 0)
    assert store.fetch(BUCKET, str(result.key), tmp_path / "back") == result.digest


def test_a_file_that_changes_while_it_is_sent_fails_and_the_others_are_sent(
    store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    before = os.urandom(6 * PART_BYTES) + b"a"
    changing = a_file(tmp_path / "a.mp4", before)
    steady = a_file(tmp_path / "b.mp4")

    def change(more_bytes: int) -> None:
        # Told when the first part is there; the last one is read only then, for no more than five wait in memory. The
        # other file is small, and may be there before anybody has looked at this one.
        if more_bytes != PART_BYTES:
            return
        with changing.open("r+b") as stream:
            stream.seek(-1, os.SEEK_END)
            stream.write(b"b")

    results = send(store, exercise, changing, steady, progress=change)
    assert [result.outcome for result in results] == ["failed", "sent"]
    assert "a.mp4 changed while it was sent" in str(results[0].problem)
    assert in_intake(store, exercise) == [results[1].key]
    changing.write_bytes(before)
    assert [result.outcome for result in send(store, exercise, changing)] == ["sent"]


def test_a_file_that_is_gone_before_its_turn_fails_and_the_others_are_sent(
    store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    gone, steady = a_file(tmp_path / "a.mp4"), a_file(tmp_path / "b.mp4")
    plan = plan_upload([tmp_path], TABLE)
    gone.unlink()
    results = send_upload(
        plan, exercise=exercise, camera=CAMERA, bucket=BUCKET, store=store, jobs=1, clock=lambda: MOMENT
    )
    assert [(result.path, result.outcome) for result in results] == [(gone, "failed"), (steady, "sent")]
    assert "a.mp4 cannot be read: No such file" in str(results[0].problem)


def test_other_bytes_under_our_key_are_told_and_never_overwritten(
    store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    path = a_file(tmp_path / "a.mp4")
    key = keys.upload_key(exercise, CAMERA, Sha256.of(path.read_bytes()))
    forged = store.put_once(BUCKET, key, b"forged", digest=Sha256.of(b"forged"), media_type="video/mp4")
    (result,) = send(store, exercise, path)
    assert (result.outcome, result.key) == ("failed", key)
    assert "is there already with other bytes" in str(result.problem)
    assert store.head(BUCKET, key) == forged


# What goes wrong before it begins


@contextmanager
def not_as_root() -> Iterator[None]:
    """Root may read everything; everybody else is stopped by permissions."""
    as_root = os.geteuid() == 0
    if as_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if as_root:
            os.seteuid(0)


def test_a_folder_that_cannot_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        a_file(root / "fine.mp4")
        locked = root / "inner" / "locked"
        a_file(locked / "1.mp4")
        locked.chmod(0)
        with not_as_root(), pytest.raises(UsageError, match=f"{locked} cannot be read: Permission denied"):
            plan_upload([root], TABLE)
        locked.chmod(0o700)


def test_a_file_that_cannot_be_read_fails_by_its_name(store: ObjectStore, exercise: ExerciseId) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        locked = a_file(root / "a.mp4")
        locked.chmod(0)
        fine = a_file(root / "b.mp4")
        with not_as_root():
            results = send(store, exercise, root)
    assert [(result.path, result.outcome) for result in results] == [(locked, "failed"), (fine, "sent")]
    assert f"{locked} cannot be read: Permission denied" in str(results[0].problem)


def test_a_path_that_is_not_there_or_holds_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.mp4 cannot be read: No such file"):
        plan_upload([tmp_path / "absent.mp4"], TABLE)
    with pytest.raises(UsageError, match="holds no file to send"):
        plan_upload([tmp_path], TABLE)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        plan_upload([tmp_path / "pipe"], TABLE)


def test_a_fault_of_settings_or_store_ends_the_run_with_one_error(
    home: Path, store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    path = a_file(tmp_path / "a.mp4")
    with pytest.raises(SettingsError, match="bucket no-such-bucket does not exist"):
        send(store, exercise, path, bucket="no-such-bucket")
    with pytest.raises(AccessDeniedError, match="FIRSTHAND_S3_ACCESS_KEY_ID"):
        send(open_store(home, secret_access_key="wrong"), exercise, path)
    assert in_intake(store, exercise) == []


def test_a_store_that_goes_away_midway_ends_the_run_and_the_next_goes_on(
    home: Path, store: ObjectStore, exercise: ExerciseId, tmp_path: Path
) -> None:
    paths = [a_file(tmp_path / f"{number}.mp4") for number in range(3)]
    large = a_file(tmp_path / "9.mp4", os.urandom(6 * PART_BYTES))
    server = read_env(home / "firsthand.env")["FIRSTHAND_S3_ENDPOINT_URL"]
    with wire_to(server) as wire:

        def leave(more: int) -> None:
            if more == PART_BYTES:
                wire.cuts = [0] * 10_000

        with pytest.raises(StoreUnavailableError, match="did not answer"):
            send(open_store(home, endpoint_url=wire.url), exercise, *paths, large, progress=leave)
    results = send(store, exercise, *paths, large)
    assert [result.outcome for result in results[:3]] == ["present"] * 3
    assert results[3].outcome == "resumed"
    assert len(in_intake(store, exercise)) == 4
