"""Damage, here and there: what is found, and what mends it."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.errors import (
    AccessDeniedError,
    CustodyError,
    DigestMismatchError,
    MissingObjectError,
    UsageError,
)
from pipeline.partner import StoreCredentials, pull, verify
from tests.partner.pulling import MOMENT, blob_path, flip_a_bit, pull_it, snapshot
from tests.releases import BUCKET, TIER, Draft, a_blob, draft_release

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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
