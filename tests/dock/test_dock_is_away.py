"""What a station is told when we cannot take its footage now: soon, or out of space, and never that it is refused."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.dock import Reception, Tokens, build
from pipeline.records import Database
from pipeline.workbench import Workbench
from tests.builders import NOON
from tests.dock.conftest import now
from tests.dock.station import KEY, USER, Server, Station, container_name, refusal, station_at

USER_ID, SERIAL = "5f0c2a9b-8f8e-4a39-9d6c-0123456789ab", "B8A44F0000DD"


class _Full(BaseHTTPRequestHandler):
    """An object store whose disk is full."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._answer(507)

    def do_HEAD(self) -> None:
        self._answer(404)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def full_store() -> Iterator[ObjectStore]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Full)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    yield ObjectStore(endpoint_url=url, region="here", access_key_id="a", secret_access_key="b")
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_full_store_is_507(station: Station, bench: Workbench, full_store: ObjectStore) -> None:
    container = container_name(USER_ID, SERIAL, NOON - timedelta(hours=1))
    station.register(USER_ID, SERIAL)
    station.make(container)
    reception = Reception(bench.settings.s3_intake_bucket, full_store, bench.db, bench.clock)
    with Server(build(reception, Tokens(USER, KEY, now))) as dock, station_at(dock.url) as other:
        assert refusal(other.put, container, "a.mp4", b"a") == 507
    assert refusal(station.head, container, "a.mp4") == 404


def test_a_database_that_is_away_is_503(bench: Workbench) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    reception = Reception(bench.settings.s3_intake_bucket, bench.store, away, bench.clock)
    with Server(build(reception, Tokens(USER, KEY, now))) as dock, station_at(dock.url) as other:
        assert refusal(other.make, "Users") == 503
        assert refusal(other.put, "Users", "a", b"") == 503
    away.close()
