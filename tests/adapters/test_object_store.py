import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config

from pipeline.adapters.object_store import ObjectStore, StoredObject
from pipeline.domain.digest import Sha256
from pipeline.errors import (
    AccessDeniedError,
    DigestMismatchError,
    FirsthandError,
    MissingObjectError,
    SettingsError,
    StoreUnavailableError,
)
from tests.stores import PART_BYTES, open_store, partner_credentials, read_env
from tests.wire import wire_to

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "working"
MEDIA_TYPE = "video/mp4"


@pytest.fixture(scope="module")
def home(s3_stack: Any) -> Path:
    return Path(s3_stack.home)


@pytest.fixture(scope="module")
def store(home: Path) -> ObjectStore:
    return open_store(home)


@pytest.fixture(scope="module")
def raw(home: Path) -> "S3Client":
    """What a writer that is not ours would use, and what the assertions look with."""
    env = read_env(home / "firsthand.env")
    return boto3.client(
        "s3",
        endpoint_url=env["FIRSTHAND_S3_ENDPOINT_URL"],
        region_name=env["FIRSTHAND_S3_REGION"],
        aws_access_key_id=env["FIRSTHAND_S3_ACCESS_KEY_ID"],
        aws_secret_access_key=env["FIRSTHAND_S3_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


def a_key(digest: Sha256 | None = None) -> str:
    return f"tests/{uuid.uuid4().hex}/{digest or 'object'}"


def put(store: ObjectStore, key: str, content: bytes, *, bucket: str = BUCKET) -> StoredObject:
    return store.put_once(bucket, key, content, digest=Sha256.of(content), media_type=MEDIA_TYPE)


def versions(raw: "S3Client", key: str) -> int:
    return len(raw.list_object_versions(Bucket=BUCKET, Prefix=key).get("Versions", []))


def unfinished(raw: "S3Client", key: str) -> list[str]:
    return [upload["UploadId"] for upload in raw.list_multipart_uploads(Bucket=BUCKET, Prefix=key).get("Uploads", [])]


# Writing


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
    assert found == stored
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
    assert (second.outcome, second.sent_bytes, second.stored) == ("present", 0, first.stored)
    assert versions(raw, key) == 1


def test_of_eight_who_put_the_same_at_once_all_get_the_same_object(store: ObjectStore) -> None:
    content, key = os.urandom(1000), a_key()
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: put(store, key, content), range(8)))
    assert all(is_same(one, store.head(BUCKET, key)) for one in stored)


def is_same(one: StoredObject, other: StoredObject | None) -> bool:
    """What the store says of the moment when it is written to and when it is asked may be a second apart."""
    assert other is not None
    assert abs(one.stored_at - other.stored_at) <= timedelta(seconds=1)
    return replace(one, stored_at=other.stored_at) == other


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
    assert all(one == stored[0] for one in stored)
    assert store.head(BUCKET, key) == stored[0]
    assert unfinished(raw, key) == []


@pytest.mark.parametrize("size_bytes", [3, 2 * PART_BYTES + 1])
def test_other_bytes_under_a_key_that_is_taken_are_refused(
    store: ObjectStore, raw: "S3Client", size_bytes: int
) -> None:
    key = a_key()
    before = put(store, key, b"one")
    with pytest.raises(DigestMismatchError, match=f"{Sha256.of(b'one')} of 3 bytes"):
        put(store, key, os.urandom(size_bytes))
    assert store.head(BUCKET, key) == before
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


def test_a_large_file_goes_in_parts_and_comes_back_whole(store: ObjectStore, tmp_path: Path) -> None:
    source, told = tmp_path / "source", [0]
    source.write_bytes(os.urandom(2 * PART_BYTES + 1))
    digest = Sha256.of(source.read_bytes())
    sent = store.send_once(BUCKET, a_key(digest), source, digest=digest, media_type=MEDIA_TYPE, progress=told.append)
    assert (sent.outcome, sent.sent_bytes, sum(told)) == ("sent", source.stat().st_size, source.stat().st_size)
    assert sent.stored.etag.endswith("-3")
    assert sent.stored.digest == digest
    store.fetch(BUCKET, sent.stored.key, tmp_path / "back", version_id=sent.stored.version_id, expect=digest)
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    assert [(one.key, one.etag) for one in store.list(BUCKET, sent.stored.key)] == [(sent.stored.key, sent.stored.etag)]


SENDER = """
import sys, time
from pathlib import Path
from pipeline.domain.digest import Sha256
from tests.stores import open_store

home, key, source, digest = sys.argv[1:]

def stall(more):
    print("part", flush=True)
    time.sleep(600)

open_store(Path(home)).put_once(
    "working", key, Path(source), digest=Sha256(digest), media_type="video/mp4", progress=stall
)
"""


def test_a_sender_that_was_killed_is_followed_by_one_that_sends_only_what_is_missing(
    store: ObjectStore, raw: "S3Client", home: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(6 * PART_BYTES + 1))
    digest = Sha256.of(source.read_bytes())
    key = a_key(digest)
    other_key = f"{key}-other"
    argv = [sys.executable, "-c", SENDER, str(home), key, str(source), digest.hex]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as sender:
        assert sender.stdout is not None
        began = b"part\n" in iter(sender.stdout.readline, b"")
        sender.send_signal(signal.SIGKILL)
    assert began
    assert store.head(BUCKET, key) is None
    (upload_id,) = unfinished(raw, key)
    abandoned = raw.create_multipart_upload(Bucket=BUCKET, Key=other_key)["UploadId"]
    kept = raw.list_parts(Bucket=BUCKET, Key=key, UploadId=upload_id)["Parts"]
    kept_bytes = sum(part["Size"] for part in kept)
    assert 0 < kept_bytes < source.stat().st_size

    sent = store.send_once(BUCKET, key, source, digest=digest, media_type=MEDIA_TYPE)

    assert (sent.outcome, sent.sent_bytes) == ("resumed", source.stat().st_size - kept_bytes)
    assert store.fetch(BUCKET, key, tmp_path / "back") == digest
    assert unfinished(raw, key) == [abandoned]


def test_a_part_that_is_there_with_other_bytes_is_sent_again(
    store: ObjectStore, raw: "S3Client", tmp_path: Path
) -> None:
    content = os.urandom(2 * PART_BYTES + 1)
    key = a_key(Sha256.of(content))
    metadata = {"sha256": Sha256.of(content).hex}
    upload_id = raw.create_multipart_upload(Bucket=BUCKET, Key=key, Metadata=metadata)["UploadId"]
    for number, part in {1: os.urandom(PART_BYTES), 2: content[PART_BYTES : 2 * PART_BYTES], 9: b"stray"}.items():
        raw.upload_part(Bucket=BUCKET, Key=key, UploadId=upload_id, PartNumber=number, Body=part)
    sent = store.send_once(BUCKET, key, content, digest=Sha256.of(content), media_type=MEDIA_TYPE)
    assert (sent.outcome, sent.sent_bytes) == ("resumed", PART_BYTES + 1)
    assert store.fetch(BUCKET, key, tmp_path / "back") == Sha256.of(content)


def test_an_unfinished_upload_is_not_taken_up_under_a_key_that_names_no_digest(
    store: ObjectStore, raw: "S3Client"
) -> None:
    # It could have begun with the metadata of other bytes.
    content, key = os.urandom(2 * PART_BYTES + 1), a_key()
    begun = raw.create_multipart_upload(Bucket=BUCKET, Key=key, Metadata={"sha256": "0" * 64})["UploadId"]
    assert put(store, key, content).digest == Sha256.of(content)
    assert unfinished(raw, key) == [begun]


def test_what_appears_under_the_key_while_parts_are_sent_is_not_overwritten(
    store: ObjectStore, raw: "S3Client"
) -> None:
    content = os.urandom(2 * PART_BYTES + 1)
    digest = Sha256.of(content)
    key = a_key(digest)

    def intrude(_: int) -> None:
        raw.put_object(Bucket=BUCKET, Key=key, Body=b"intruder")

    with pytest.raises(DigestMismatchError, match="is there already with other bytes"):
        store.put_once(BUCKET, key, content, digest=digest, media_type=MEDIA_TYPE, progress=intrude)
    assert store.read(BUCKET, key, limit_bytes=100) == b"intruder"
    assert unfinished(raw, key) == []


def test_a_connection_that_breaks_while_sending_is_not_noticed(store: ObjectStore, home: Path, tmp_path: Path) -> None:
    content = os.urandom(2 * PART_BYTES + 1)
    key = a_key(Sha256.of(content))
    server = read_env(home / "firsthand.env")["FIRSTHAND_S3_ENDPOINT_URL"]
    with wire_to(server) as wire:
        wire.cuts = [0, 0, 0, 0]
        stored = put(open_store(home, endpoint_url=wire.url), key, content)
        assert wire.cuts_made == 4
    assert is_same(stored, store.head(BUCKET, key))
    assert store.fetch(BUCKET, key, tmp_path / "back") == Sha256.of(content)


# Reading


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


# What goes wrong, and what the operator is told


def test_what_is_not_there_is_none_to_look_at_and_an_error_to_read(store: ObjectStore, tmp_path: Path) -> None:
    key = a_key()
    assert store.head(BUCKET, key) is None
    with pytest.raises(MissingObjectError, match=key):
        store.fetch(BUCKET, key, tmp_path / "target")
    with pytest.raises(MissingObjectError, match=key):
        store.fetch(BUCKET, key, tmp_path / "target", expect=Sha256.of(b""), resume=True)
    with pytest.raises(MissingObjectError, match=key):
        store.read(BUCKET, key, limit_bytes=10)
    assert list(tmp_path.iterdir()) == []


def everything_asked_of(store: ObjectStore, bucket: str, folder: Path) -> Iterator[FirsthandError]:
    """The error of every way to ask something of a bucket."""
    asked = [
        lambda: store.check(bucket),
        lambda: store.head(bucket, "key"),
        lambda: list(store.list(bucket, "")),
        lambda: store.fetch(bucket, "key", folder / "target"),
        lambda: store.read(bucket, "key", limit_bytes=1),
        lambda: put(store, "key", b"content", bucket=bucket),
        lambda: put(store, "key", b"x" * (2 * PART_BYTES + 1), bucket=bucket),
    ]
    for ask in asked:
        with pytest.raises(FirsthandError) as error:
            ask()
        yield error.value


def test_a_bucket_that_does_not_exist_is_named_with_what_to_do(store: ObjectStore, tmp_path: Path) -> None:
    for error in everything_asked_of(store, "no-such-bucket", tmp_path):
        assert type(error) is SettingsError
        assert "bucket no-such-bucket does not exist" in str(error)
        assert "firsthand up" in str(error)


@pytest.mark.parametrize("wrong", ["access_key_id", "secret_access_key"])
def test_wrong_credentials_are_told_by_the_names_of_the_settings(home: Path, tmp_path: Path, wrong: str) -> None:
    store = open_store(home, **{wrong: "wrong-value"})
    for error in everything_asked_of(store, BUCKET, tmp_path):
        assert type(error) is AccessDeniedError
        assert "FIRSTHAND_S3_ACCESS_KEY_ID" in str(error)
        assert "_SECRET_ACCESS_KEY" in str(error)
        assert "wrong-value" not in str(error)


def test_a_server_that_is_down_is_told_by_its_address_and_setting(home: Path) -> None:
    with wire_to("http://127.0.0.1:9") as wire:
        pass  # nobody listens there any more
    with pytest.raises(StoreUnavailableError, match=f"{wire.url} did not answer .* FIRSTHAND_S3_ENDPOINT_URL"):
        open_store(home, endpoint_url=wire.url).check(BUCKET)


@contextmanager
def web_server(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_web_server_that_is_no_store_is_a_wrong_setting(home: Path) -> None:
    with web_server(404, b"<html>not found") as url, pytest.raises(SettingsError, match="does not exist"):
        open_store(home, endpoint_url=url).check(BUCKET)


def test_a_server_in_trouble_is_one_to_ask_again(home: Path) -> None:
    with web_server(503, b"") as url, pytest.raises(StoreUnavailableError, match="503"):
        open_store(home, endpoint_url=url).check(BUCKET)


def test_an_endpoint_that_is_no_address_fails_before_anything_is_asked(home: Path) -> None:
    with pytest.raises(SettingsError, match="FIRSTHAND_S3_ENDPOINT_URL"):
        open_store(home, endpoint_url="nonsense")


def test_a_bucket_without_versions_is_refused_where_versions_are_needed(store: ObjectStore, raw: "S3Client") -> None:
    bucket = f"plain-{uuid.uuid4().hex}"
    raw.create_bucket(Bucket=bucket)
    try:
        store.check(bucket)
        with pytest.raises(SettingsError, match="enable versioning"):
            store.check(bucket, versioned=True)
    finally:
        raw.delete_bucket(Bucket=bucket)
    store.check(BUCKET, versioned=True)


# Partners


@pytest.mark.parametrize("size_bytes", [10, 2 * PART_BYTES + 1])
def test_a_partner_reads_what_was_granted_and_the_owner_still_does(
    store: ObjectStore, home: Path, tmp_path: Path, size_bytes: int
) -> None:
    content, reader = os.urandom(size_bytes), partner_credentials(home)
    digest = Sha256.of(content)
    stored = store.put_once(
        "releases", a_key(digest), content, digest=digest, media_type=MEDIA_TYPE, reader=reader.access_key_id
    )
    partner = reader.open_store(connections=2)
    assert partner.fetch("releases", stored.key, tmp_path / "theirs", expect=digest) == digest
    assert store.fetch("releases", stored.key, tmp_path / "ours", expect=digest) == digest


def test_a_partner_is_refused_everything_else(store: ObjectStore, home: Path, tmp_path: Path) -> None:
    granted, secret = a_key(), a_key()
    reader = partner_credentials(home)
    store.put_once(
        "releases",
        granted,
        b"granted",
        digest=Sha256.of(b"granted"),
        media_type=MEDIA_TYPE,
        reader=reader.access_key_id,
    )
    put(store, secret, b"secret", bucket="releases")
    put(store, secret, b"secret")
    partner = reader.open_store(connections=2)
    attempts = [
        lambda: partner.fetch("releases", secret, tmp_path / "target"),
        lambda: partner.fetch(BUCKET, secret, tmp_path / "target"),
        lambda: partner.head(BUCKET, secret),
        lambda: partner.check(BUCKET),
        lambda: list(partner.list("originals", "")),
        lambda: put(partner, a_key(), b"mine", bucket="releases"),
        lambda: put(partner, a_key(), b"x" * (16 << 20) + b"x", bucket="releases"),
        lambda: put(partner, a_key(), b"mine"),
    ]
    for attempt in attempts:
        with pytest.raises(AccessDeniedError, match="FIRSTHAND_PARTNER_S3_ACCESS_KEY_ID"):
            attempt()
    with pytest.raises(DigestMismatchError):
        put(partner, granted, b"mine", bucket="releases")
    assert store.read("releases", granted, limit_bytes=100) == b"granted"
    assert list(tmp_path.iterdir()) == []
