"""A flow that somebody cancels stops at once, leaves nothing running, and loses nothing."""

from pathlib import Path

import httpx
import psutil

from infra.local.parts.prefect import api_url
from tests.flows.commands import Firsthand, bench_of
from tests.flows.encoding import busy_footage, clips_in, encoders, flow_runs, wait_for
from tests.stack_fixtures import SessionStack

EXERCISE, CAMERA = "EX-CANCELLED", "C1"
AT_ONCE_S = 10
CANCELLED = {5, 6, 130}
"""How the waiting command may end: nothing is wrong with it, and the same command again goes on."""


def test_a_cancelled_ingest_leaves_no_encoder_and_goes_on_when_started_again(
    full_stack: SessionStack, tmp_path: Path
) -> None:
    firsthand = Firsthand(full_stack)
    footage = busy_footage(tmp_path / "footage.mp4", seed=7, seconds=20)
    firsthand.run("upload", footage, "--exercise", EXERCISE, "--camera", CAMERA)
    command = firsthand.start("ingest")
    encoding = wait_for(lambda: encoders(full_stack), command)
    runs = flow_runs(full_stack)
    cancel_what_runs(full_stack)
    assert psutil.wait_procs([*runs, *encoding], timeout=AT_ONCE_S)[1] == [], "something outlived its cancelled flow"
    said = command.ends()
    assert said.code in CANCELLED, said
    assert "Traceback" not in said.err
    bench = bench_of(full_stack)
    assert clips_in(bench, EXERCISE) == {}, "it came to its end before it was cancelled"
    firsthand.run("ingest")
    assert len(clips_in(bench, EXERCISE)) == 2
    bench.db.close()


def cancel_what_runs(stack: SessionStack) -> None:
    """As the button in Prefect's page does."""
    api = api_url(stack.stack._site())
    wanted = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
    found = httpx.post(f"{api}/flow_runs/filter", json=wanted, timeout=60).raise_for_status().json()
    assert found
    for run in found:
        state = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
        httpx.post(f"{api}/flow_runs/{run['id']}/set_state", json=state, timeout=60).raise_for_status()
