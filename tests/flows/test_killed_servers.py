"""Whatever is killed while a command runs: `firsthand up`, the same command again, and nothing is missing or twice."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from infra.local.process import marked
from infra.local.state import State
from pipeline.domain.clip import ClipPolicy
from pipeline.records import clips
from pipeline.workbench import Workbench
from tests.benches import Benches
from tests.flows.commands import Firsthand, Running, bench_of
from tests.footage import make_clip
from tests.stack_fixtures import SessionStack
from tests.stages import Stages

EXERCISE, CAMERA = "EX-KILLED", "K1"
WITHIN_S = 120.0
FLOW = "prefect.engine"
"""In the command line of the process of a flow run."""

SOMETHING_WENT_AWAY = 5


@pytest.fixture(scope="module")
def firsthand(full_stack: SessionStack) -> Iterator[Firsthand]:
    yield Firsthand(full_stack)
    full_stack.ensure()


@pytest.fixture(scope="module")
def bench(full_stack: SessionStack) -> Iterator[Workbench]:
    """The records that the command line writes to."""
    made = bench_of(full_stack)
    yield made
    made.db.close()


def flow_runs(stack: SessionStack) -> list[psutil.Process]:
    return [process for _, process in marked(State.load(stack.home).stack_id) if FLOW in process.cmdline()]


def encoders(stack: SessionStack) -> list[psutil.Process]:
    """The ffmpeg that encode for a flow run now."""
    found = []
    for run in flow_runs(stack):
        found += [child for child in run.children(recursive=True) if child.name() == "ffmpeg"]
    return found


def wait_for(seen: Callable[[], object], command: Running) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not seen():
        assert command.process.poll() is None, command.ends()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill(stack: SessionStack, victim: str) -> None:
    if victim == "flow":
        processes = flow_runs(stack)
    elif victim == "ffmpeg":
        processes = encoders(stack)
    else:
        recorded = State.load(stack.home).processes
        processes = [psutil.Process(recorded[name].pid) for name in recorded if name.startswith(victim)]
    assert processes
    for process in processes:
        process.kill()


@pytest.mark.parametrize("victim", ["flow", "ffmpeg", "worker", "prefect", "postgres", "s3"])
def test_killed_while_a_recording_is_encoded(
    victim: str, firsthand: Firsthand, bench: Workbench, benches: Benches, tmp_path: Path
) -> None:
    stack = firsthand.stack
    mark = sum(victim.encode())
    footage = make_clip(
        tmp_path / "footage.mp4", seconds=8, size="1280x720", video_filter=f"noise=alls=9:allf=t:all_seed={mark}"
    )
    expected = clips_of(benches.make(tmp_path / "scratch"), footage)
    firsthand.run("upload", footage, "--exercise", EXERCISE, "--camera", CAMERA)
    command = firsthand.start("ingest")
    wait_for(lambda: encoders(stack), command)
    kill(stack, victim)
    first = command.ends()
    firsthand.run("up")
    firsthand.run("ingest")
    assert {clip_id: digest for clip_id, digest in recorded_clips(bench).items() if clip_id in expected} == expected


def clips_of(bench: Workbench, footage: Path) -> dict[str, str]:
    """The clips that this footage becomes when nobody is killed: id and digest."""
    Stages(bench, ClipPolicy()).ingest(footage, exercise=EXERCISE, camera=CAMERA)
    return recorded_clips(bench)


def recorded_clips(bench: Workbench) -> dict[str, str]:
    with bench.db.begin() as session:
        return {str(made.clip_id): made.digest.hex for made in clips.all_clip_renditions(session)}
