"""A docking station: a real Swift client that sends what body-worn cameras recorded."""

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import uvicorn
from starlette.applications import Starlette
from swiftclient import client as swift

from pipeline.dock.protocol import BoundedHttp

USER, KEY = "firsthand-dock", "a-key-of-a-docking-station"


class Server:
    """The dock, served by a thread of this process."""

    def __init__(self, app: Starlette) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(app, http=BoundedHttp, lifespan="on", log_level="warning", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < until, "the dock did not start"
            time.sleep(0.01)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()


@dataclass
class Station:
    """Speaks to a dock as a system controller does."""

    url: str
    user: str = USER
    key: str = KEY
    cacert: str | None = None
    _connection: Any = field(init=False)

    def __post_init__(self) -> None:
        self._connection = swift.Connection(
            f"{self.url}/auth/v1.0", self.user, self.key, auth_version="1", retries=0, cacert=self.cacert
        )

    def close(self) -> None:
        self._connection.close()

    @property
    def storage(self) -> tuple[str, str]:
        """The storage URL and a token."""
        url, token = self._connection.get_auth()
        return url, token

    def register(self, user: str, serial: str, *, name: str = "Jürgen Müller / 日本") -> None:
        """Tell of a user and a camera."""
        for container in ("System", "Users", "Devices"):
            self.make(container)
        self.put("Users", user, b"", Name=name, Active="True", UserID="")
        self.put("Devices", serial, b"", Name="Kamera №1", Model="W101", Active="True")

    def make(self, container: str, **said: str) -> None:
        self._connection.put_container(container, headers=_meta("X-Container-Meta-", said))

    def say(self, container: str, **said: str) -> None:
        self._connection.post_container(container, headers=_meta("X-Container-Meta-", said))

    def complete(self, container: str) -> None:
        self.say(container, Status="Complete")

    def put(self, container: str, name: str, content: bytes, *, etag: bool = True, **said: str) -> str:
        """Send an object; the ETag of the answer."""
        answered: str = self._connection.put_object(
            container,
            name,
            contents=content,
            content_length=len(content),
            etag=md5_of(content) if etag else None,
            headers=_meta("X-Object-Meta-", said),
        )
        return answered

    def say_of(self, container: str, name: str, **said: str) -> None:
        self._connection.post_object(container, name, headers=_meta("X-Object-Meta-", said))

    def head(self, container: str, name: str) -> Mapping[str, str]:
        found: Mapping[str, str] = self._connection.head_object(container, name)
        return found

    def head_container(self, container: str) -> Mapping[str, str]:
        found: Mapping[str, str] = self._connection.head_container(container)
        return found

    def get(self, container: str, name: str) -> tuple[Mapping[str, str], bytes]:
        headers, content = self._connection.get_object(container, name)
        return headers, content

    def put_partly(self, container: str, name: str, content: bytes, *, announced: int) -> None:
        """Announce more than is sent, and hang up."""
        url, token = self.storage
        place = urlsplit(url)
        head = (
            f"PUT {place.path}/{quote(container)}/{quote(name)} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"X-Auth-Token: {token}\r\nContent-Length: {announced}\r\n\r\n"
        )
        with socket.create_connection((str(place.hostname), int(place.port or 80))) as connection:
            connection.sendall(head.encode() + content)


def md5_of(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def refusal(call: Any, *args: Any, **named: Any) -> int:
    """The status with which a request is refused."""
    try:
        call(*args, **named)
    except swift.ClientException as exc:
        return int(exc.http_status)
    return 200


def container_name(user: str, serial: str, at: datetime) -> str:
    return f"{user}_{serial}_{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def epoch(at: datetime) -> str:
    return str(int(at.timestamp()))


def trail(at: datetime) -> bytes:
    """A GNSS trail as a camera makes it."""
    entry = {"LocationWKT": "POINT(13.2 55.7)", "SecondsFromStart": 1.0, "Timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps({"CoordinateEntries": [entry]}).encode()


@contextmanager
def station_at(url: str, **instead: str) -> Iterator[Station]:
    station = Station(url, **instead)
    try:
        yield station
    finally:
        station.close()


def _meta(prefix: str, said: Mapping[str, str]) -> dict[str, str]:
    return {prefix + name: quote(value) for name, value in said.items()}
