"""Nobody waits for a run that nobody works on. A pool where nobody works stands for one whose worker was killed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.states import Completed

from flows.cli import runs
from pipeline.workbench import Workbench
from tests.flows.commands import bench_of, environment
from tests.flows.impatient import LIMIT_S
from tests.stack_fixtures import PROJECT, SessionStack

WITHIN_S = 60.0


@dataclass(frozen=True)
class Nobody:
    """A deployment in a pool where nobody works, and somebody who waits for a run of it."""

    stack: SessionStack
    http: httpx.Client
    pool: str
    deployment_id: str

    def claims_to_live(self) -> None:
        """Let a worker say that it lives; it will never take anything."""
        body = {"name": "nobody", "heartbeat_interval_seconds": 600}
        self.http.post(f"/work_pools/{self.pool}/workers/heartbeat", json=body).raise_for_status()

    def wait(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.flows.impatient", f"nothing/{self.pool}"],
            cwd=PROJECT,
            env=environment(self.stack),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> dict[str, Any]:
        """The newest run, as soon as there is one that has not ended."""
        wanted = {
            "deployments": {"id": {"any_": [self.deployment_id]}},
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        }
        deadline = time.monotonic() + WITHIN_S
        while True:
            found = self.http.post("/flow_runs/filter", json=wanted).raise_for_status().json()
            if found:
                run: dict[str, Any] = found[0]
                return run
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def state_of(self, run: dict[str, Any]) -> str:
        return str(self.http.get(f"/flow_runs/{run['id']}").raise_for_status().json()["state_type"])

    def set_state(self, run: dict[str, Any], state: str) -> None:
        body = {"state": {"type": state}, "force": True}
        self.http.post(f"/flow_runs/{run['id']}/set_state", json=body).raise_for_status()


@pytest.fixture
def nobody(prefect_stack: SessionStack) -> Iterator[Nobody]:
    with httpx.Client(base_url=prefect_stack.settings["FIRSTHAND_PREFECT_API_URL"], timeout=30) as http:
        pool = f"nobody-{uuid4().hex[:8]}"
        http.post("/work_pools/", json={"name": pool, "type": "process"}).raise_for_status()
        flow = http.post("/flows/", json={"name": "nothing"}).raise_for_status().json()
        body = {"name": pool, "flow_id": flow["id"], "work_pool_name": pool}
        made = http.post("/deployments/", json=body).raise_for_status().json()
        yield Nobody(prefect_stack, http, pool, made["id"])
        http.delete(f"/work_pools/{pool}").raise_for_status()


def ended(waiting: "subprocess.Popen[str]") -> str:
    _, said = waiting.communicate(timeout=WITHIN_S)
    assert waiting.returncode == 1
    return said.splitlines()[-1]


def test_a_run_that_no_worker_takes_is_given_up_and_never_begins(nobody: Nobody) -> None:
    waiting = nobody.wait()
    run = nobody.run()
    said = ended(waiting)
    assert said.startswith("OrchestratorUnavailableError: the work did not begin: no worker is running.")
    assert "firsthand up" in said
    assert nobody.state_of(run) == "CANCELLED"


def test_a_run_that_was_taken_and_never_began_is_given_up(nobody: Nobody) -> None:
    """As when its worker was killed while it started the process, and another worker came."""
    nobody.claims_to_live()
    waiting = nobody.wait()
    run = nobody.run()
    nobody.set_state(run, "PENDING")
    said = ended(waiting)
    assert said.startswith("UnavailableError: the work did not begin: a worker took run")
    assert nobody.state_of(run) == "CANCELLED"


def test_a_run_is_waited_for_as_long_as_its_process_is_there(nobody: Nobody, bench: Workbench) -> None:
    nobody.claims_to_live()
    waiting = nobody.wait()
    run = nobody.run()
    with bench.db.exclusive(f"flow-run:{run['id']}"):
        nobody.set_state(run, "RUNNING")
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(3 * LIMIT_S)
        assert nobody.state_of(run) == "RUNNING"
    said = ended(waiting)
    assert said.startswith("UnavailableError: the work was killed: the process of run")
    assert nobody.state_of(run) == "CRASHED"


def test_a_run_that_ended_is_no_error(nobody: Nobody) -> None:
    nobody.claims_to_live()
    waiting = nobody.wait()
    nobody.set_state(nobody.run(), "COMPLETED")
    assert waiting.wait(WITHIN_S) == 0
    assert waiting.stderr is not None
    waiting.stderr.close()


class FailingClient:
    """What stands for Prefect's client: its server fails as often as that, and then tells that the run is complete."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def read_flow_run(self, _: UUID) -> SimpleNamespace:
        if self.failures:
            self.failures -= 1
            request = httpx.Request("GET", "http://127.0.0.1/api")
            httpx.Response(500, request=request).raise_for_status()
        return SimpleNamespace(state=Completed())


@pytest.mark.parametrize(("failing_s", "gives_up"), [(60.0, False), (0.0, True)])
def test_a_prefect_server_that_fails_is_asked_again_for_a_while(
    monkeypatch: pytest.MonkeyPatch, failing_s: float, gives_up: bool
) -> None:
    monkeypatch.setattr(runs, "POLL_S", 0.01)
    monkeypatch.setattr(runs, "FAILING_S", failing_s)
    run: Any = SimpleNamespace(id=uuid4(), name="a-run", work_pool_name=None)
    client: Any = FailingClient(3)
    waiting = runs._Waiting(client, run, "the work")
    with pytest.raises(httpx.HTTPStatusError) if gives_up else nullcontext():
        assert waiting.to_its_end(lambda _: None, lambda: "").is_completed()
    assert client.failures == (1 if gives_up else 0)


@pytest.fixture(scope="module")
def bench(prefect_stack: SessionStack) -> Iterator[Workbench]:
    made = bench_of(prefect_stack)
    yield made
    made.db.close()
