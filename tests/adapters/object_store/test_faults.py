"""What goes wrong, and what the operator is told."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.digest import Sha256
from pipeline.errors import (
    AccessDeniedError,
    FirsthandError,
    MissingObjectError,
    SettingsError,
    StoreUnavailableError,
)
from tests.adapters.object_store.objects import BUCKET, a_key, put
from tests.stores import PART_BYTES, open_store
from tests.wire import wire_to

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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
