"""Whoever reaches the dock can make it keep a little of what he sends, for a while: before he has shown any token."""

import socket
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from pipeline.dock import protocol
from tests.dock.station import Server, Station

PIECE = b"x" * 16_384


def connected(dock: Server) -> socket.socket:
    place = urlsplit(dock.url)
    return socket.create_connection((str(place.hostname), int(place.port or 80)), timeout=10)


def sent_until_refused(connection: socket.socket, first: bytes, piece: bytes) -> tuple[int, bytes]:
    """How many bytes went out before it was closed, and what was answered."""
    connection.sendall(first)
    sent = len(first)
    connection.settimeout(0.02)
    while sent < 1 << 24:
        try:
            answer = connection.recv(4096)
        except TimeoutError:
            connection.sendall(piece)
            sent += len(piece)
        else:
            return sent, answer
    return sent, b""


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"GET /auth/v1.0 HTTP/1.1\r\nHost: dock\r\nX-Auth-User: ", PIECE),
        (b"GET /auth/v1.0 HTTP/1.1\r\n", b"".join(b"X-%d: y\r\n" % number for number in range(2_000))),
        (b"GET /", PIECE),
    ],
    ids=["one header", "many headers", "the path"],
)
def test_a_head_without_end_is_refused_and_the_connection_closed(dock: Server, first: bytes, piece: bytes) -> None:
    with closing(connected(dock)) as connection:
        sent, answer = sent_until_refused(connection, first, piece)
    assert answer.startswith(b"HTTP/1.1 400")
    assert sent < protocol.HEAD_BYTES_MAX + (1 << 19)


@pytest.mark.parametrize("begun", [b"", b"GET /auth/v1.0 HTTP/1.1\r\nHost: do"], ids=["nothing", "half a head"])
def test_a_head_that_does_not_come_is_refused(dock: Server, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    with closing(connected(dock)) as connection:
        connection.sendall(begun)
        began = time.monotonic()
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    assert time.monotonic() - began < 5


def test_a_connection_may_rest_between_requests_and_send_more_in_its_body(
    dock: Server, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    _, token = station.storage
    body = b"y" * (protocol.HEAD_BYTES_MAX * 3)
    asked = f"HEAD /v1/firsthand/System/Capabilities.json HTTP/1.1\r\nHost: dock\r\nX-Auth-Token: {token}\r\n"
    with closing(connected(dock)) as connection:
        for _ in range(2):
            connection.sendall(f"{asked}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            time.sleep(0.5)
