"""A door before a real HTTP server that a test can shut, slow down, or make answer for the server: made of sockets."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

CHUNK_BYTES = 64 * 1024
_REQUEST = re.compile(rb"(GET|POST|PATCH|PUT|DELETE) (\S+) HTTP/1\.1\r\n")

_SIGNED = re.compile(r"X-Amz-Date=(\d{8}T\d{6}Z)")

Mood = Literal["open", "shut", "deaf", "500", "401", "403"]
"""Open passes on; shut ends every connection at once; deaf passes a request on and loses its answer; a number is what
it answers itself, without asking the server."""


@dataclass
class FaultyDoor:
    """How the door is now; may change at any time, and counts from the next request on."""

    url: str
    mood: Mood = "open"
    pause_s: float = 0.0
    """Before each request is passed on."""
    links_last_s: float | None = None
    """A link that was signed longer ago is answered as AWS does it: 403, the request has expired."""
    only: str = ""
    """The mood counts for requests to paths with this in them; the others pass."""
    asked: list[str] = field(default_factory=list)
    """Method and path of every request that came, whatever became of it."""

    refused: list[str] = field(default_factory=list)
    """What was answered 403."""

    def mood_for(self, request: str) -> Mood:
        signed = _SIGNED.search(request)
        if self.links_last_s is not None and signed:
            signed_at = datetime.strptime(signed[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if (datetime.now(UTC) - signed_at).total_seconds() > self.links_last_s:
                self.refused.append(request)
                return "403"
        return self.mood if self.only in request else "open"


@contextlib.contextmanager
def faulty_door_to(server_url: str) -> Iterator[FaultyDoor]:
    server = urlsplit(server_url)
    listener = socket.create_server(("127.0.0.1", 0))
    door = FaultyDoor(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_attend, args=(door, client, (server.hostname, server.port)), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield door
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def _attend(door: FaultyDoor, client: socket.socket, address: tuple[str, int]) -> None:
    """One connection. What comes from the client begins with a request or goes on with one."""
    with client, contextlib.suppress(OSError), socket.create_connection(address) as server:
        lost = threading.Event()
        threading.Thread(target=_answers, args=(server, client, lost), daemon=True).start()
        while chunk := client.recv(CHUNK_BYTES):
            if found := _REQUEST.match(chunk):
                request = f"{found[1].decode()} {found[2].decode()}"
                door.asked.append(request)
                time.sleep(door.pause_s)
                mood = door.mood_for(request)
                if mood == "shut":
                    break
                if mood in {"500", "401", "403"}:
                    body = b'{"detail": "not now"}'
                    head = f"HTTP/1.1 {mood} Not Now\r\nContent-Type: application/json\r\nConnection: close\r\n"
                    head += "Access-Control-Allow-Origin: *\r\n"
                    client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                    break
                if mood == "deaf":
                    lost.set()
            server.sendall(chunk)
        client.shutdown(socket.SHUT_RDWR)


def _answers(server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while chunk := server.recv(CHUNK_BYTES):
            if lost.is_set():
                break
            client.sendall(chunk)
        client.shutdown(socket.SHUT_RDWR)
