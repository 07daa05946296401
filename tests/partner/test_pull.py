import json
import os
import signal
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.config import Config

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.errors import (
    AccessDeniedError,
    CustodyError,
    DigestMismatchError,
    MissingObjectError,
    SettingsError,
    StoreUnavailableError,
    UsageError,
)
from pipeline.partner import Pulled, StoreCredentials, pull, verify
from tests.releases import BUCKET, TIER, Draft, a_blob, draft_release
from tests.stores import open_store, partner_credentials, read_env
from tests.wire import wire_to

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOMENT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(s3_stack: Any) -> Path:
    return Path(s3_stack.home)


@pytest.fixture(scope="module")
def store(home: Path) -> ObjectStore:
    return open_store(home)


@pytest.fixture(scope="module")
def credentials(home: Path) -> StoreCredentials:
    return partner_credentials(home)


@pytest.fixture(scope="module")
def raw(home: Path) -> "S3Client":
    env = read_env(home / "firsthand.env")
    return boto3.client(
        "s3",
        endpoint_url=env["FIRSTHAND_S3_ENDPOINT_URL"],
        region_name=env["FIRSTHAND_S3_REGION"],
        aws_access_key_id=env["FIRSTHAND_S3_ACCESS_KEY_ID"],
        aws_secret_access_key=env["FIRSTHAND_S3_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


@pytest.fixture
def name() -> str:
    return f"t{uuid.uuid4().hex}"


def publish(store: ObjectStore, credentials: StoreCredentials) -> Draft:
    """Three clips, two of them with the same bytes."""
    shared = os.urandom(1000)
    draft = draft_release(f"t{uuid.uuid4().hex}", "1.0.0", [shared, os.urandom(2000), shared])
    draft.publish(store, reader=credentials.access_key_id)
    return draft


@pytest.fixture(scope="module")
def published(store: ObjectStore, credentials: StoreCredentials) -> Draft:
    """A release that many tests pull and none changes."""
    return publish(store, credentials)


@pytest.fixture
def own(store: ObjectStore, credentials: StoreCredentials) -> Draft:
    """A release whose objects one test may spoil."""
    return publish(store, credentials)


def pull_it(draft: Draft, dest: Path, credentials: StoreCredentials, **more: Any) -> Pulled:
    source = f"s3://{BUCKET}/{draft.manifest.name}"
    return pull(source, str(draft.manifest.version), dest, credentials=credentials, clock=lambda: MOMENT, **more)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its content and the time it was last changed, our own notes apart."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".firsthand" not in path.parts
    }


def blob_path(dest: Path, content: bytes) -> Path:
    digest = Sha256.of(content)
    return dest / "blobs" / "sha256" / digest.hex[:2] / f"{digest}.mp4"


def flip_a_bit(path: Path, *, keep_time: bool = True) -> None:
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


# What a pull leaves behind


def test_a_pulled_release_is_complete_and_says_so(
    published: Draft, tmp_path: Path, credentials: StoreCredentials
) -> None:
    told: list[tuple[int, int]] = []
    pulled = pull_it(published, tmp_path, credentials, progress=lambda done, total: told.append((done, total)))
    manifest = published.manifest
    folder = f"{manifest.name}/1.0.0"
    total_bytes = 3000 + sum(len(table) for table in published.tables.values())
    assert {path: content for path, (content, _) in snapshot(tmp_path).items() if not path.endswith("PULLED.json")} == {
        f"{folder}/release.json": manifest.to_bytes(),
        **{f"{folder}/{path}": content for path, content in published.tables.items()},
        **{blob_path(Path(), content).as_posix(): content for content in published.clips},
    }
    assert json.loads((pulled.folder / "PULLED.json").read_text()) == {
        "schema_version": 1,
        "name": manifest.name,
        "version": "1.0.0",
        "manifest_sha256": manifest.digest.hex,
        "files": 2,
        "blobs": 2,
        "bytes": total_bytes,
        "pulled_at": "2026-11-22T19:00:00+00:00",
    }
    assert pulled.receipt.manifest_digest == manifest.digest
    assert (pulled.fetched_files, pulled.fetched_bytes) == (4, total_bytes)
    assert told[-1] == (total_bytes, total_bytes)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert pq.read_table(pulled.folder / "tables" / "clips.parquet").num_rows == 3


def test_pulling_again_changes_nothing_and_fetches_only_the_manifest(
    published: Draft, tmp_path: Path, home: Path, credentials: StoreCredentials
) -> None:
    first = pull_it(published, tmp_path, credentials)
    before = snapshot(tmp_path)
    with wire_to(str(credentials.endpoint_url)) as wire:
        second = pull(
            f"s3://{BUCKET}/{published.manifest.name}/",
            "1.0.0",
            tmp_path,
            credentials=partner_credentials(home, endpoint_url=wire.url),
        )
        assert wire.to_client_bytes < len(published.manifest.to_bytes()) + 2000
    assert snapshot(tmp_path) == before
    assert (second.receipt, second.fetched_files) == (first.receipt, 0)


def test_a_newer_version_fetches_only_what_is_new(
    own: Draft, store: ObjectStore, tmp_path: Path, credentials: StoreCredentials
) -> None:
    pull_it(own, tmp_path, credentials)
    newer = draft_release(own.manifest.name, "1.1.0", [*own.clips, os.urandom(500)])
    newer.publish(store, reader=credentials.access_key_id)
    pulled = pull_it(newer, tmp_path, credentials)
    assert pulled.fetched_bytes == 500 + sum(len(table) for table in newer.tables.values())
    assert [str(version) for _, version, _ in verify(tmp_path).releases] == ["1.0.0", "1.1.0"]


@pytest.mark.parametrize("index", ["deleted", "damaged"])
def test_the_index_only_saves_reading(
    published: Draft, tmp_path: Path, credentials: StoreCredentials, index: str
) -> None:
    pull_it(published, tmp_path, credentials)
    before = snapshot(tmp_path)
    path = tmp_path / ".firsthand" / "verified.sqlite"
    path.unlink() if index == "deleted" else path.write_bytes(b"no database" * 1000)
    assert pull_it(published, tmp_path, credentials).fetched_files == 0
    assert snapshot(tmp_path) == before


# Kills, breaks, and going on


PULLER = """
import sys, time
from pathlib import Path
from pipeline.partner import pull
from tests.stores import partner_credentials

home, source, dest, stop_at = sys.argv[1:]

def stall(done, total):
    if done >= int(stop_at):
        print("stalled", flush=True)
        time.sleep(600)

pull(source, "1.0.0", Path(dest), credentials=partner_credentials(Path(home)), jobs=1, progress=stall)
"""


def test_a_pull_that_was_killed_is_gone_on_with_where_it_was(
    store: ObjectStore, home: Path, credentials: StoreCredentials, name: str, tmp_path: Path
) -> None:
    size_bytes = 4_000_000
    draft = draft_release(name, "1.0.0", [os.urandom(size_bytes) for _ in range(3)])
    draft.publish(store, reader=credentials.access_key_id)
    dest = tmp_path / "dest"
    argv = [sys.executable, "-c", PULLER, str(home), f"s3://{BUCKET}/{name}", str(dest), str(int(1.6 * size_bytes))]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=PROJECT) as puller:
        assert puller.stdout is not None
        began = b"stalled\n" in iter(puller.stdout.readline, b"")
        puller.send_signal(signal.SIGKILL)
    assert began
    (whole,) = dest.rglob("*.mp4")
    (part,) = dest.rglob("*.mp4.part")
    kept_bytes = part.stat().st_size
    assert 0 < kept_bytes < size_bytes
    assert not list(dest.rglob("PULLED.json"))
    assert [fault.kind for fault in verify(dest).faults].count("incomplete") == 1
    before = whole.stat().st_mtime_ns

    with wire_to(str(credentials.endpoint_url)) as wire:
        pulled = pull_it(draft, dest, partner_credentials(home, endpoint_url=wire.url))
        missing_bytes = 2 * size_bytes - kept_bytes
        assert missing_bytes <= wire.to_client_bytes < missing_bytes + 100_000

    assert whole.stat().st_mtime_ns == before
    assert pulled.receipt.blobs == 3
    assert not list(dest.rglob("*.part"))
    assert verify(dest).faults == ()


def test_a_store_that_goes_away_ends_the_pull_and_keeps_what_came(
    store: ObjectStore, home: Path, credentials: StoreCredentials, name: str, tmp_path: Path
) -> None:
    draft = draft_release(name, "1.0.0", [os.urandom(3_000_000)])
    draft.publish(store, reader=credentials.access_key_id)
    with wire_to(str(credentials.endpoint_url)) as wire:
        # Cut in the middle of the clip, and from then on at the first byte of every answer.
        wire.cuts = [2_000_000, *[0] * 1000]
        with pytest.raises(StoreUnavailableError, match="FIRSTHAND_PARTNER_S3_ENDPOINT_URL"):
            pull_it(draft, tmp_path, partner_credentials(home, endpoint_url=wire.url))
    (part,) = tmp_path.rglob("*.mp4.part")
    assert part.stat().st_size > 1_000_000
    assert not list(tmp_path.rglob("PULLED.json"))
    pull_it(draft, tmp_path, credentials)
    assert verify(tmp_path).faults == ()


def test_only_one_pull_works_in_a_folder(published: Draft, tmp_path: Path, credentials: StoreCredentials) -> None:
    refused: list[str] = []

    def intrude(*_: int) -> None:
        if not refused:
            with pytest.raises(UsageError, match="another pull or verify") as error:
                verify(tmp_path)
            refused.append(str(error.value))

    pull_it(published, tmp_path, credentials, progress=intrude)
    assert len(refused) == 1


# Damage, here and there


@pytest.mark.parametrize("keep_time", [True, False])
def test_a_flipped_bit_is_found_by_verify_and_mended_by_the_next_pull(
    published: Draft, tmp_path: Path, credentials: StoreCredentials, keep_time: bool
) -> None:
    pull_it(published, tmp_path, credentials)
    damaged = blob_path(tmp_path, published.clips[1])
    flip_a_bit(damaged, keep_time=keep_time)

    found = verify(tmp_path)
    assert [(fault.kind, fault.path) for fault in found.faults] == [("altered", damaged)]
    with pytest.raises(CustodyError, match=str(damaged)):
        found.require_intact()

    assert pull_it(published, tmp_path, credentials).fetched_bytes == len(published.clips[1])
    assert damaged.read_bytes() == published.clips[1]
    verify(tmp_path).require_intact()


def test_a_file_that_was_touched_is_read_again_and_mended_without_being_asked(
    published: Draft, tmp_path: Path, credentials: StoreCredentials
) -> None:
    pulled = pull_it(published, tmp_path, credentials)
    flip_a_bit(blob_path(tmp_path, published.clips[1]), keep_time=False)
    (pulled.folder / "tables" / "clips.parquet").unlink()
    (pulled.folder / "release.json").write_bytes(b"{}")
    assert pull_it(published, tmp_path, credentials).fetched_files == 2
    verify(tmp_path).require_intact()


def test_a_full_pull_trusts_no_index(published: Draft, tmp_path: Path, credentials: StoreCredentials) -> None:
    pull_it(published, tmp_path, credentials)
    damaged = blob_path(tmp_path, published.clips[1])
    flip_a_bit(damaged)
    assert pull_it(published, tmp_path, credentials).fetched_files == 0
    assert pull_it(published, tmp_path, credentials, full=True).fetched_files == 1
    assert damaged.read_bytes() == published.clips[1]


def test_one_bad_object_does_not_keep_the_others_away_and_there_is_no_receipt(
    own: Draft, raw: "S3Client", tmp_path: Path, credentials: StoreCredentials
) -> None:
    bad = own.clips[1]
    grants: Any = {"GrantRead": f'id="{credentials.access_key_id}"', "GrantFullControl": 'id="firsthand:owner"'}
    raw.put_object(Bucket=BUCKET, Key=keys.blob_key(TIER, Sha256.of(bad)), Body=bad[:-1] + b"!", **grants)
    with pytest.raises(DigestMismatchError, match=f"1 of 2 files .* expected SHA-256 {Sha256.of(bad)}"):
        pull_it(own, tmp_path, credentials)
    assert [path for path in snapshot(tmp_path) if path.endswith((".mp4", ".part"))] == [
        blob_path(Path(), own.clips[0]).as_posix()
    ]
    assert not list(tmp_path.rglob("PULLED.json"))
    raw.put_object(Bucket=BUCKET, Key=keys.blob_key(TIER, Sha256.of(bad)), Body=bad, **grants)
    assert pull_it(own, tmp_path, credentials).fetched_bytes == len(bad)


def test_a_release_that_could_not_be_mended_has_no_receipt_any_more(
    own: Draft, raw: "S3Client", tmp_path: Path, credentials: StoreCredentials
) -> None:
    pulled = pull_it(own, tmp_path, credentials)
    blob_path(tmp_path, own.clips[0]).unlink()
    raw.delete_object(Bucket=BUCKET, Key=keys.blob_key(TIER, Sha256.of(own.clips[0])))
    with pytest.raises(MissingObjectError):
        pull_it(own, tmp_path, credentials)
    assert not (pulled.folder / "PULLED.json").exists()


def test_a_disk_that_is_too_small_is_told_before_clips_are_fetched(
    store: ObjectStore, tmp_path: Path, credentials: StoreCredentials, name: str
) -> None:
    content = os.urandom(10)
    draft = draft_release(name, "1.0.0", [content], blobs=[replace(a_blob(0, content), bytes=2**60)])
    draft.publish(store, reader=credentials.access_key_id)
    with pytest.raises(UsageError, match=f"bytes free, {2**60} are still to come"):
        pull_it(draft, tmp_path, credentials)
    assert not list(tmp_path.rglob("*.mp4*"))


def test_a_missing_object_and_one_that_was_not_granted_are_named(
    store: ObjectStore, raw: "S3Client", tmp_path: Path, credentials: StoreCredentials, name: str
) -> None:
    content = os.urandom(100)
    draft = draft_release(name, "1.0.0", [content])
    draft.publish(store, reader=credentials.access_key_id)
    key = keys.blob_key(TIER, Sha256.of(content))
    raw.delete_object(Bucket=BUCKET, Key=key)
    with pytest.raises(MissingObjectError, match=key):
        pull_it(draft, tmp_path, credentials)
    store.put_once(BUCKET, key, content, digest=Sha256.of(content), media_type="video/mp4")
    with pytest.raises(AccessDeniedError, match=key):
        pull_it(draft, tmp_path, credentials)
    assert not list(tmp_path.rglob("*.mp4*"))


def test_a_release_that_changed_since_it_was_pulled_is_an_alarm(
    own: Draft, raw: "S3Client", tmp_path: Path, credentials: StoreCredentials
) -> None:
    pull_it(own, tmp_path, credentials)
    before = snapshot(tmp_path)
    other = replace(own.manifest, created_at=MOMENT).to_bytes()
    key = keys.release_key(own.manifest.name, own.manifest.version, keys.MANIFEST_PATH)
    grants: Any = {"GrantRead": f'id="{credentials.access_key_id}"', "GrantFullControl": 'id="firsthand:owner"'}
    raw.put_object(Bucket=BUCKET, Key=key, Body=other, **grants)
    with pytest.raises(DigestMismatchError, match="a release never changes"):
        pull_it(own, tmp_path, credentials)
    assert snapshot(tmp_path) == before


def test_a_manifest_other_than_the_one_that_was_told_is_refused_before_anything_is_pulled(
    published: Draft, tmp_path: Path, credentials: StoreCredentials
) -> None:
    with pytest.raises(DigestMismatchError, match="nothing was pulled"):
        pull_it(published, tmp_path, credentials, expect_manifest=Sha256.of(b"told"))
    assert snapshot(tmp_path) == {}
    pull_it(published, tmp_path, credentials, expect_manifest=published.manifest.digest)


def test_a_manifest_of_another_release_is_refused(
    own: Draft, store: ObjectStore, tmp_path: Path, credentials: StoreCredentials
) -> None:
    content = own.manifest.to_bytes()
    key = keys.release_key(own.manifest.name, replace(own.manifest.version, major=2), keys.MANIFEST_PATH)
    store.put_once(
        BUCKET,
        key,
        content,
        digest=Sha256.of(content),
        media_type="application/json",
        reader=credentials.access_key_id,
    )
    with pytest.raises(CustodyError, match=r"says that it is .* 1\.0\.0"):
        pull(f"s3://{BUCKET}/{own.manifest.name}", "2.0.0", tmp_path, credentials=credentials)


@pytest.mark.parametrize(
    "change",
    [
        {"blob_key": "blobs/standard/../../../etc/passwd"},
        {"blob_key": "blobs/other/sha256/00/0.mp4"},
        {"tier": "../x"},
        {"bytes": -1},
        {"bytes": 1},
    ],
)
def test_a_list_of_files_that_leads_elsewhere_is_refused(
    store: ObjectStore, tmp_path: Path, credentials: StoreCredentials, name: str, change: dict[str, Any]
) -> None:
    content = os.urandom(10)
    draft = draft_release(name, "1.0.0", [content], blobs=[replace(a_blob(0, content), **change)])
    draft.publish(store, reader=credentials.access_key_id)
    with pytest.raises(CustodyError):
        pull_it(draft, tmp_path / "dest", credentials)
    assert not list(tmp_path.rglob("*.mp4*"))
    assert [path.name for path in tmp_path.iterdir()] == ["dest"]


# What goes wrong before it begins


def test_a_version_that_does_not_exist_is_told_with_those_that_do(
    published: Draft, tmp_path: Path, credentials: StoreCredentials
) -> None:
    with pytest.raises(UsageError, match=r"has no release 9\.9\.9; there are: 1\.0\.0"):
        pull(f"s3://{BUCKET}/{published.manifest.name}", "9.9.9", tmp_path, credentials=credentials)


@pytest.mark.parametrize("source", ["firsthand", "s3://releases", "s3://releases/a/b", "https://x/y", "s3://-/x", ""])
def test_a_source_that_is_not_one_is_told_what_one_looks_like(
    source: str, tmp_path: Path, credentials: StoreCredentials
) -> None:
    with pytest.raises(UsageError, match="s3://BUCKET/NAME"):
        pull(source, "1.0.0", tmp_path, credentials=credentials)


def test_wrong_credentials_are_told_by_the_partner_s_settings(published: Draft, tmp_path: Path, home: Path) -> None:
    with pytest.raises(AccessDeniedError, match="FIRSTHAND_PARTNER_S3_ACCESS_KEY_ID") as error:
        pull_it(published, tmp_path, partner_credentials(home, secret_access_key="wrong-secret"))
    assert "wrong-secret" not in str(error.value)


def test_a_bucket_that_does_not_exist_is_named(tmp_path: Path, credentials: StoreCredentials) -> None:
    with pytest.raises(SettingsError, match="no-such-bucket does not exist"):
        pull("s3://no-such-bucket/firsthand", "1.0.0", tmp_path, credentials=credentials)


def test_a_folder_that_is_a_file_is_told(published: Draft, tmp_path: Path, credentials: StoreCredentials) -> None:
    (tmp_path / "dest").write_bytes(b"")
    with pytest.raises(UsageError, match="dest cannot be used: File exists"):
        pull_it(published, tmp_path / "dest", credentials)


def test_missing_settings_are_all_named() -> None:
    with pytest.raises(SettingsError) as error:
        StoreCredentials.from_environment({"FIRSTHAND_PARTNER_S3_REGION": "eu-west-2"})
    assert "FIRSTHAND_PARTNER_S3_ACCESS_KEY_ID, FIRSTHAND_PARTNER_S3_SECRET_ACCESS_KEY" in str(error.value)


def test_secrets_do_not_show_when_credentials_are_printed() -> None:
    assert "hush" not in repr(StoreCredentials("eu-west-2", "id", "hush", session_token="hush"))
