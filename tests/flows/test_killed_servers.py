"""Whatever is killed while a command runs: `firsthand up`, the same command again, and nothing is missing or twice."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from infra.local.state import State
from pipeline.domain.clip import ClipPolicy
from pipeline.records import annotations
from pipeline.workbench import Workbench
from tests.benches import Benches
from tests.flows.commands import Firsthand, bench_of, label_studio
from tests.flows.encoding import busy_footage, clips_in, encoders, flow_runs, wait_for
from tests.stack_fixtures import SessionStack
from tests.stages import Stages

EXERCISE, CAMERA = "EX-KILLED", "K1"
UNAVAILABLE = 5
"""The exit code that says: start it, and run the same command again."""


@dataclass(frozen=True)
class Victim:
    """What is killed while a recording is encoded."""

    name: str
    codes: frozenset[int]
    """How the command may end."""
    up: str | None = None
    """When `firsthand up` comes: while the command still waits, or after it ended; where nothing of the stack was
    killed, there is nothing to bring up."""


VICTIMS = (
    Victim("flow", frozenset({UNAVAILABLE})),
    Victim("worker", frozenset({UNAVAILABLE}), up="after"),
    Victim("postgres", frozenset({UNAVAILABLE}), up="after"),
    Victim("prefect", frozenset({0, UNAVAILABLE}), up="meanwhile"),
    Victim("s3", frozenset({0}), up="meanwhile"),
    Victim("ffmpeg", frozenset({0})),
)


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


def test_everything_is_killed_once_while_recordings_are_encoded(
    firsthand: Firsthand, bench: Workbench, benches: Benches, tmp_path: Path
) -> None:
    stack = firsthand.stack
    undisturbed = Stages(benches.make(tmp_path / "scratch"), ClipPolicy())
    for number, victim in enumerate(VICTIMS):
        footage = busy_footage(tmp_path / f"{victim.name}.mp4", seed=number)
        undisturbed.ingest(footage, exercise=EXERCISE, camera=CAMERA)
        firsthand.run("upload", footage, "--exercise", EXERCISE, "--camera", CAMERA)
        command = firsthand.start("ingest")
        encoding = wait_for(lambda: encoders(stack), command)
        kill(stack, victim.name)
        if victim.up == "meanwhile":
            firsthand.run("up")
        said = command.ends()
        assert said.code in victim.codes, (victim, said)
        assert "Traceback" not in said.err
        if victim.name in {"flow", "worker"}:
            assert psutil.wait_procs(encoding, timeout=10)[1] == [], "an ffmpeg outlived its flow"
        if victim.up == "after":
            firsthand.run("up")
        if victim.name == "worker":
            assert secrets_left_by_runs(stack) == []
    firsthand.run("ingest")
    expected = clips_in(undisturbed.bench)
    assert len(expected) == len(VICTIMS)
    assert clips_in(bench, EXERCISE) == expected
    assert len(firsthand.run("recordings", "--exercise", EXERCISE, "--json").items) == len(VICTIMS)


def test_label_studio_is_killed_while_clips_go_out(firsthand: Firsthand, bench: Workbench, tmp_path: Path) -> None:
    """The clips that the test before this one made; or, alone, those of one recording."""
    stack = firsthand.stack
    if not clips_in(bench, EXERCISE):
        firsthand.run(
            "upload", busy_footage(tmp_path / "footage.mp4", seed=99), "--exercise", EXERCISE, "--camera", CAMERA
        )
        firsthand.run("ingest")
    command = firsthand.start("annotate", "--only", "submit")
    wait_for(lambda: flow_runs(stack), command)
    kill(stack, "label-studio")
    firsthand.run("up")
    assert command.ends().code in {0, UNAVAILABLE}
    firsthand.run("annotate", "--only", "submit")
    with bench.db.begin() as session:
        sent = annotations.tasks_under(session, bench.taxonomy.digest)
    (project_id,) = {task.project_id for task in sent.values()}
    with label_studio(stack) as account:
        shown = Counter(task["data"]["clip_id"] for task in account.tasks(project_id))
    assert {clip_id: shown[clip_id] for clip_id in clips_in(bench, EXERCISE)} == dict.fromkeys(
        clips_in(bench, EXERCISE), 1
    )


def secrets_left_by_runs(stack: SessionStack) -> list[Path]:
    """Prefect writes the environment of every run into a temporary file, and a killed run leaves it there."""
    folder = stack.home / "prefect" / "tmp"
    assert folder.stat().st_mode & 0o077 == 0
    return [path for path in folder.rglob("*") if path.is_file()]


def kill(stack: SessionStack, victim: str) -> None:
    recorded = State.load(stack.home).processes
    processes = {"flow": flow_runs, "ffmpeg": encoders}.get(
        victim, lambda _: [psutil.Process(recorded[name].pid) for name in recorded if name.startswith(victim)]
    )(stack)
    assert processes
    for process in processes:
        process.kill()
