"""What is read is what was written."""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.digest import Sha256
from pipeline.errors import (
    DigestMismatchError,
    SettingsError,
)
from tests.adapters.object_store.objects import BUCKET, a_key, is_same, put
from tests.stores import PART_BYTES, open_store, read_env
from tests.wire import wire_to

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_a_version_is_read_as_it_was_whatever_came_later(store: ObjectStore, raw: "S3Client", tmp_path: Path) -> None:
    key = a_key()
    first = put(store, key, b"original")
    raw.put_object(Bucket=BUCKET, Key=key, Body=b"overwritten")
    assert store.fetch(BUCKET, key, tmp_path / "first", version_id=first.version_id) == Sha256.of(b"original")
    assert store.fetch(BUCKET, key, tmp_path / "newest") == Sha256.of(b"overwritten")
    assert is_same(first, store.head(BUCKET, key, first.version_id))


def test_altered_bytes_are_found_and_no_file_is_left(store: ObjectStore, raw: "S3Client", tmp_path: Path) -> None:
    content, key = b"footage", a_key()
    put(store, key, content)
    raw.put_object(Bucket=BUCKET, Key=key, Body=b"f00tage", Metadata={"sha256": Sha256.of(content).hex})
    for resume in (False, True):
        with pytest.raises(DigestMismatchError, match=f"expected SHA-256 {Sha256.of(content)}"):
            store.fetch(BUCKET, key, tmp_path / "target", expect=Sha256.of(content), resume=resume)
    assert list(tmp_path.iterdir()) == []


def test_a_fetch_that_fails_leaves_an_existing_target_as_it_was(store: ObjectStore, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"good")
    key = a_key()
    put(store, key, b"other")
    with pytest.raises(DigestMismatchError):
        store.fetch(BUCKET, key, target, expect=Sha256.of(b"expected"))
    assert target.read_bytes() == b"good"
    assert list(tmp_path.iterdir()) == [target]


def test_a_broken_file_is_gone_on_with_from_its_last_byte(store: ObjectStore, home: Path, tmp_path: Path) -> None:
    content, key, told = os.urandom(3_000_000), a_key(), list[int]()
    put(store, key, content)
    (tmp_path / "target.part").write_bytes(content[:2_500_000])
    server = read_env(home / "firsthand.env")["FIRSTHAND_S3_ENDPOINT_URL"]
    with wire_to(server) as wire:
        reader = open_store(home, endpoint_url=wire.url)
        reader.fetch(BUCKET, key, tmp_path / "target", expect=Sha256.of(content), resume=True, progress=told.append)
        assert 500_000 < wire.to_client_bytes < 600_000
    assert (tmp_path / "target").read_bytes() == content
    assert told[0] == 2_500_000
    assert sum(told) == len(content)
    assert not (tmp_path / "target.part").exists()


@pytest.mark.parametrize(
    "kept", [b"x" * 1000, b"x" * 5000, b""], ids=["of other bytes", "longer than the object", "empty"]
)
def test_a_broken_file_that_was_wrong_is_fetched_anew(store: ObjectStore, tmp_path: Path, kept: bytes) -> None:
    content, key, told = os.urandom(3000), a_key(), list[int]()
    put(store, key, content)
    (tmp_path / "target.part").write_bytes(kept)
    store.fetch(BUCKET, key, tmp_path / "target", expect=Sha256.of(content), resume=True, progress=told.append)
    assert (tmp_path / "target").read_bytes() == content
    assert sum(told) == len(content)


def test_a_whole_file_that_only_lacks_its_name_gets_it_without_being_fetched(
    store: ObjectStore, tmp_path: Path
) -> None:
    content, key = os.urandom(3000), a_key()
    put(store, key, content)
    (tmp_path / "target.part").write_bytes(content)
    store.fetch(BUCKET, key, tmp_path / "target", expect=Sha256.of(content), resume=True)
    assert (tmp_path / "target").read_bytes() == content


def test_a_connection_that_breaks_while_reading_is_opened_again_where_it_broke(
    store: ObjectStore, home: Path, tmp_path: Path
) -> None:
    content = os.urandom(2 * PART_BYTES + 1)
    key = a_key(Sha256.of(content))
    stored = put(store, key, content)
    server = read_env(home / "firsthand.env")["FIRSTHAND_S3_ENDPOINT_URL"]
    with wire_to(server) as wire:
        wire.cuts = [3_000_000, 4_000_000]
        reader = open_store(home, endpoint_url=wire.url)
        assert reader.fetch(BUCKET, key, tmp_path / "target", version_id=stored.version_id) == Sha256.of(content)
        assert wire.cuts_made == 2
        # What was cut off in mid-flight may be lost; all of it twice would be 21 MB.
        assert wire.to_client_bytes < len(content) + 3_000_000
    assert (tmp_path / "target").read_bytes() == content


def test_a_small_object_is_read_and_a_large_one_is_not_mistaken_for_it(store: ObjectStore) -> None:
    key = a_key()
    put(store, key, b"manifest")
    assert store.read(BUCKET, key, limit_bytes=8) == b"manifest"
    with pytest.raises(SettingsError, match="at most 7 bytes"):
        store.read(BUCKET, key, limit_bytes=7)


def test_a_listing_holds_the_keys_below_a_prefix_in_order(store: ObjectStore) -> None:
    prefix = a_key()
    for name in ("b", "a", "c/d"):
        put(store, f"{prefix}/{name}", name.encode())
    assert [(one.key.removeprefix(prefix), one.size_bytes) for one in store.list(BUCKET, f"{prefix}/")] == [
        ("/a", 1),
        ("/b", 1),
        ("/c/d", 3),
    ]
    assert list(store.list(BUCKET, f"{prefix}/x")) == []


def test_a_listing_goes_on_past_its_first_page(store: ObjectStore, home: Path) -> None:
    prefix = a_key()
    for number in range(5):
        put(store, f"{prefix}/{number}", b"")
    small_pages = open_store(home)
    # Real pages hold a thousand keys.
    small_pages._door.client.meta.events.register(
        "provide-client-params.s3.ListObjectsV2", lambda params, **_: {**params, "MaxKeys": 2}
    )
    assert [one.key[-1] for one in small_pages.list(BUCKET, prefix)] == list("01234")


def test_a_presigned_address_gives_one_object_in_pieces_and_no_other(store: ObjectStore) -> None:
    key = a_key()
    stored = put(store, key, b"0123456789")
    address = store.presign(BUCKET, key, expires_s=60, version_id=stored.version_id)
    with urlopen(Request(address, headers={"Range": "bytes=3-5"})) as answer:  # noqa: S310  # our own server
        assert (answer.status, answer.read()) == (206, b"345")
    with pytest.raises(HTTPError) as refused:
        urlopen(address.replace(key, f"{key}x"))  # noqa: S310  # our own server
    assert refused.value.code == 403
    refused.value.close()
