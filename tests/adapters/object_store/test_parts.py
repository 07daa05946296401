"""Large files go in parts, and go on where they were."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.digest import Sha256
from pipeline.errors import (
    DigestMismatchError,
)
from tests.adapters.object_store.objects import BUCKET, MEDIA_TYPE, a_key, is_same, put, unfinished
from tests.stores import PART_BYTES, open_store, read_env
from tests.wire import wire_to

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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
