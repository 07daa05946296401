"""A dock that is served for a module, on a bench of its own, and a station that speaks to it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from pipeline.dock import Reception, Tokens, build
from pipeline.workbench import Workbench
from tests.dock.station import KEY, USER, Server, Station, station_at


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def reception(bench: Workbench) -> Reception:
    return Reception(bench.settings.s3_intake_bucket, bench.store, bench.db, bench.clock)


@pytest.fixture(scope="module")
def dock(reception: Reception) -> Iterator[Server]:
    with Server(build(reception, Tokens(USER, KEY, now), categories=b'[{"Id": "1", "Name": "Room"}]')) as server:
        yield server


@pytest.fixture(scope="module")
def station(dock: Server) -> Iterator[Station]:
    with station_at(dock.url) as station:
        yield station
