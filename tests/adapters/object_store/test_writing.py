"""An object is written once, whole, and by whoever came first."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.adapters.object_store import ObjectStore, StoredObject
from pipeline.domain.digest import Sha256
from pipeline.errors import (
    DigestMismatchError,
)
from tests.adapters.object_store.objects import BUCKET, MEDIA_TYPE, a_key, is_same, put, unfinished, versions
from tests.stores import PART_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_what_is_stored_is_found_again_with_all_that_was_said_of_it(store: ObjectStore) -> None:
    content, key = b"footage", a_key()
    stored = store.put_once(
        BUCKET,
        key,
        content,
        digest=Sha256.of(content),
        media_type=MEDIA_TYPE,
        metadata={"original-name": " Übung №1 100%/½.mp4\n", "exercise": "EX-1"},
    )
    found = store.head(BUCKET, key)
    assert is_same(stored, found)
    assert (stored.bucket, stored.key, stored.size_bytes, stored.media_type) == (BUCKET, key, 7, MEDIA_TYPE)
    assert stored.digest == Sha256.of(content)
    assert dict(stored.metadata) == {
        "original-name": " Übung №1 100%/½.mp4\n",
        "exercise": "EX-1",
        "sha256": Sha256.of(content).hex,
    }
    assert abs(stored.stored_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert is_same(stored, store.head(BUCKET, key, stored.version_id))


def test_putting_the_same_twice_writes_once(store: ObjectStore, raw: "S3Client") -> None:
    content, key = os.urandom(100), a_key()
    first = store.send_once(BUCKET, key, content, digest=Sha256.of(content), media_type=MEDIA_TYPE)
    second = store.send_once(BUCKET, key, content, digest=Sha256.of(content), media_type=MEDIA_TYPE)
    assert (first.outcome, first.sent_bytes) == ("sent", 100)
    assert (second.outcome, second.sent_bytes) == ("present", 0)
    assert is_same(second.stored, first.stored)
    assert versions(raw, key) == 1


def test_of_eight_who_put_the_same_at_once_all_get_the_same_object(store: ObjectStore) -> None:
    content, key = os.urandom(1000), a_key()
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: put(store, key, content), range(8)))
    assert all(is_same(one, store.head(BUCKET, key)) for one in stored)


def test_of_eight_who_put_different_bytes_under_one_key_one_wins(store: ObjectStore) -> None:
    key = a_key()

    def attempt(number: int) -> StoredObject | str:
        try:
            return put(store, key, b"content of %d" % number)
        except DigestMismatchError:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert outcomes.count("refused") == 7
    (won,) = [outcome for outcome in outcomes if isinstance(outcome, StoredObject)]
    assert is_same(won, store.head(BUCKET, key))


def test_of_several_who_send_the_same_large_file_at_once_all_get_the_same_object(
    store: ObjectStore, raw: "S3Client"
) -> None:
    content = os.urandom(2 * PART_BYTES + 1)
    key = a_key(Sha256.of(content))
    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(lambda _: put(store, key, content), range(4)))
    assert all(is_same(one, store.head(BUCKET, key)) for one in stored)
    assert unfinished(raw, key) == []


@pytest.mark.parametrize("size_bytes", [3, 2 * PART_BYTES + 1])
def test_other_bytes_under_a_key_that_is_taken_are_refused(
    store: ObjectStore, raw: "S3Client", size_bytes: int
) -> None:
    key = a_key()
    before = put(store, key, b"one")
    with pytest.raises(DigestMismatchError, match=f"{Sha256.of(b'one')} of 3 bytes"):
        put(store, key, os.urandom(size_bytes))
    assert is_same(before, store.head(BUCKET, key))
    assert versions(raw, key) == 1
    assert unfinished(raw, key) == []


def test_an_object_without_a_digest_on_record_is_not_taken_for_ours(store: ObjectStore, raw: "S3Client") -> None:
    key = a_key()
    raw.put_object(Bucket=BUCKET, Key=key, Body=b"footage")
    found = store.head(BUCKET, key)
    assert found is not None
    assert found.digest is None
    with pytest.raises(DigestMismatchError, match="no digest on record"):
        put(store, key, b"footage")


@pytest.mark.parametrize("size_bytes", [10, 2 * PART_BYTES + 1])
def test_a_source_that_is_not_what_was_announced_never_becomes_an_object(
    store: ObjectStore, raw: "S3Client", tmp_path: Path, size_bytes: int
) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(size_bytes))
    announced = Sha256.of(b"something else")
    key = a_key(announced)
    with pytest.raises(DigestMismatchError, match="nothing was stored"):
        store.put_once(BUCKET, key, source, digest=announced, media_type=MEDIA_TYPE)
    assert store.head(BUCKET, key) is None
    assert unfinished(raw, key) == []


def test_an_empty_object_is_an_object(store: ObjectStore, tmp_path: Path) -> None:
    key = a_key()
    assert put(store, key, b"").size_bytes == 0
    assert store.fetch(BUCKET, key, tmp_path / "empty") == Sha256.of(b"")
    assert (tmp_path / "empty").read_bytes() == b""
