"""The doorbell: whoever knows the word may ring; many rings start one reading, and none is forgotten."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.doorbell import TAG, build, start_collecting
from pipeline.domain.doorbell import HEADER
from tests.stack_fixtures import SessionStack

SECRET = "0123456789abcdef"
WITHIN_S = 30.0


@dataclass
class Readings:
    """What was started, and how often starting shall fail first."""

    failures: int = 0
    started: list[float] = field(default_factory=list)

    async def start(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the orchestrator is away")
        self.started.append(time.monotonic())


@contextmanager
def a_door(readings: Readings, *, quiet_s: float = 0.3, again_s: float = 0.1) -> Iterator[str]:
    app = build(SECRET, start=readings.start, quiet_s=quiet_s, again_s=again_s)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(timeout=WITHIN_S)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ring(url: str, secret: str = SECRET, body: bytes = b"{}", times: int = 1) -> int:
    with httpx.Client(headers={HEADER: secret}) as bell:
        (code,) = {bell.post(url, content=body).status_code for _ in range(times)}
    return code


def test_a_ring_starts_a_reading_and_many_at_once_start_one_other() -> None:
    readings, quiet_s = Readings(), 2.0
    with a_door(readings, quiet_s=quiet_s) as url:
        assert ring(url) == 204
        wait_for(lambda: len(readings.started) == 1)
        assert ring(url, times=20) == 204
        rung_at = time.monotonic()
        wait_for(lambda: len(readings.started) == 2)
    assert readings.started[1] - readings.started[0] >= quiet_s
    assert rung_at < readings.started[1], "this machine was too slow to ring twenty times while the door was quiet"


def test_who_does_not_know_the_word_starts_nothing_and_nothing_else_is_there() -> None:
    readings = Readings()
    with a_door(readings) as url:
        assert ring(url, "another") == 403
        assert httpx.post(url).status_code == 403
        assert httpx.get(url).status_code == 405
        assert httpx.post(f"{url}more", headers={HEADER: SECRET}).status_code == 404
    assert readings.started == []


def test_what_is_sent_with_a_ring_is_not_read() -> None:
    readings = Readings()
    with a_door(readings) as url:
        assert ring(url, body=b"\xff" * 1_000_000) == 204
        wait_for(lambda: len(readings.started) == 1)


def test_a_ring_is_not_forgotten_while_the_orchestrator_is_away() -> None:
    readings = Readings(failures=3)
    with a_door(readings) as url:
        assert ring(url) == 204
        wait_for(lambda: len(readings.started) == 1)


def test_a_reading_that_waits_to_begin_is_enough(prefect_stack: SessionStack) -> None:
    async def twice() -> list[dict[str, object]]:
        async with get_client() as client:
            # A worker that takes nothing: what is asked for waits.
            await client.update_work_pool("firsthand", WorkPoolUpdate(is_paused=True))
            await start_collecting()
            await start_collecting()
            runs = await client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[TAG])))
            for run in runs:
                await client.delete_flow_run(run.id)
            await client.update_work_pool("firsthand", WorkPoolUpdate(is_paused=False))
            return [run.parameters for run in runs]

    with temporary_settings({PREFECT_API_URL: prefect_stack.settings["FIRSTHAND_PREFECT_API_URL"]}):
        assert asyncio.run(twice()) == [{"only": "collect", "thorough": False}]
