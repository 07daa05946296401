"""`firsthand dock`, as it is run: over TLS, with what the connection file says, and killed in the middle."""

import base64
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline.domain import keys
from pipeline.workbench import Workbench
from tests.benches import environment_of, raw_client
from tests.dock.station import Station, container_name, md5_of, station_at

FIRSTHAND = str(Path(sys.executable).with_name("firsthand"))
USER_ID, SERIAL = "5f0c2a9b-8f8e-4a39-9d6c-0123456789ab", "B8A44F0000CC"
LARGE = os.urandom(1 << 20) * 20


@dataclass(frozen=True)
class Place:
    """Where the command runs, and what it was told."""

    environment: dict[str, str]
    port: int

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [FIRSTHAND, "dock", *words]
        return subprocess.run(argv, env=self.environment, capture_output=True, text=True, check=False, timeout=60)

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        argv = [FIRSTHAND, "dock", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        with subprocess.Popen(argv, env=self.environment, stdout=subprocess.DEVNULL) as process:
            try:
                self._wait(process)
                yield process
            finally:
                process.kill()

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert process.poll() is None, "the dock ended"
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the dock does not answer")


@pytest.fixture(scope="module")
def place(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Place:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = str(tmp_path_factory.mktemp("home"))
    return Place({**os.environ, **environment_of(bench), "FIRSTHAND_HOME": home}, port)


@pytest.fixture(scope="module")
def connection(place: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a camera manager is given, after a key pair was made."""
    assert place.run("key").returncode == 0
    file = tmp_path_factory.mktemp("manager") / "connection.json"
    done = place.run("connection-file", "--output", str(file), "--url", f"https://127.0.0.1:{place.port}")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_size <= 64 * 1024
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@pytest.fixture(scope="module")
def station_options(connection: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """User, key and trust, from the connection file alone."""
    certificate = tmp_path_factory.mktemp("trust") / "dock.pem"
    certificate.write_bytes(base64.b64decode(connection["HTTPSCertificate"][0]))
    said = {"user": connection["BlobAPIUserName"], "key": connection["BlobAPIKey"]}
    return {
        **said,
        "url": connection["AuthenticationTokenURI"][0].removesuffix("/auth/v1.0"),
        "cacert": str(certificate),
    }


def test_the_connection_file_says_all_that_a_camera_manager_asks_for(connection: dict[str, Any]) -> None:
    assert connection["ConnectionFileVersion"] == "1.0"
    assert connection["FullStoreAndReadSupport"] is False
    assert connection["WantEncryption"] is True
    assert base64.b64decode(connection["PublicKey"]).startswith(b"-----BEGIN PUBLIC KEY-----")
    assert b"PRIVATE" not in base64.b64decode(connection["HTTPSCertificate"][0])
    assert 0 < len(connection["PublicKeyId"]) <= 128
    assert len(connection["BlobAPIKey"]) <= 64


def test_a_content_key_is_made_once_and_secrets_are_their_owners_alone(
    place: Place, connection: dict[str, Any]
) -> None:
    assert connection
    again = place.run("key")
    assert again.returncode == 2
    assert "never replaced" in again.stderr
    folder = Path(place.environment["FIRSTHAND_HOME"]) / "dock"
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_in_the_clear_it_speaks_to_this_machine_alone(place: Place) -> None:
    done = place.run("serve", "--no-tls", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - that is what is refused
    assert done.returncode == 6
    assert "without TLS" in done.stderr


def test_killed_in_the_middle_of_a_transfer_the_repeat_ends_right(
    place: Place, station_options: dict[str, str], bench: Workbench
) -> None:
    container = container_name(USER_ID, SERIAL, datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    s3, bucket, key = raw_client(bench), bench.settings.s3_intake_bucket, keys.dock_key(container, "a.mp4")
    with station_at(**station_options) as station:
        with place.serving() as process:
            station.register(USER_ID, SERIAL)
            station.make(container)
            with half_sent(station, container, "a.mp4", cacert=station_options["cacert"]):
                _until(lambda: bool(s3.list_multipart_uploads(Bucket=bucket).get("Uploads")))
                process.send_signal(signal.SIGKILL)
                process.wait(20)
        with place.serving():
            for _ in range(2):  # with the token of before
                assert station.put(container, "a.mp4", LARGE) == md5_of(LARGE)
                station.complete(container)
    versions = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    assert [one["Size"] for one in versions] == [len(LARGE)]
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == LARGE
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


@contextmanager
def half_sent(station: Station, container: str, name: str, *, cacert: str) -> Iterator[None]:
    """Half of an object is on its way, and the connection stays open."""
    url, token = station.storage
    to = urlsplit(url)
    head = (
        f"PUT {to.path}/{container}/{name} HTTP/1.1\r\nHost: {to.netloc}\r\n"
        f"X-Auth-Token: {token}\r\nContent-Length: {len(LARGE)}\r\n\r\n"
    )
    trust = ssl.create_default_context(cafile=cacert)
    with (
        socket.create_connection((str(to.hostname), int(to.port or 443))) as plain,
        trust.wrap_socket(plain, server_hostname=to.hostname) as connection,
    ):
        connection.sendall(head.encode() + LARGE[: len(LARGE) // 2])
        yield


def _until(is_so: Any) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)
