"""firsthand up | status | down | reset, as a person or a script runs them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import PART_NAMES, Stack
from infra.local.state import State
from tests.stack_fixtures import PROJECT, watchdog

TOOLS = Path(os.environ.get("FIRSTHAND_TOOLS") or PROJECT / ".tools")


@pytest.fixture
def bare_home(tmp_path: Path) -> Path:
    """For commands that start nothing: nobody need watch over it."""
    return tmp_path / "home"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "home"
    with watchdog(made, TOOLS):
        yield made
        Stack(made, TOOLS, PROJECT).reset(lambda _: None)


def firsthand(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "FIRSTHAND_HOME": str(home), "FIRSTHAND_TOOLS": str(TOOLS)}
    argv = [sys.executable, "-c", "from flows.cli import main; main()", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=env, stdin=subprocess.DEVNULL)


def test_status_of_a_stack_that_never_was_up_is_stopped_and_makes_nothing(bare_home: Path) -> None:
    done = firsthand(bare_home, "status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["schema"], document["kind"]) == ("firsthand/1", "parts")
    assert [(part["name"], part["state"]) for part in document["items"]] == [(name, "stopped") for name in PART_NAMES]
    assert not bare_home.exists()


def test_up_status_kill_status_up_down(home: Path) -> None:
    up = firsthand(home, "up", "postgres", "--json")
    assert up.returncode == 0, up.stderr
    parts = {part["name"]: part for part in json.loads(up.stdout)["items"]}
    assert parts["postgres"]["state"] == "running"
    assert parts["s3"]["state"] == "stopped"
    assert "postgres: ready" in up.stderr
    assert len(up.stderr.splitlines()) == 1, "quiet where there is no terminal"

    os.kill(parts["postgres"]["pid"], signal.SIGSTOP)
    try:
        silent = firsthand(home, "status")
        assert silent.returncode == 8
        assert "postgres does not answer" in silent.stderr
        assert str(home / "logs" / "postgres.log") in silent.stderr
        assert "Traceback" not in silent.stderr
    finally:
        os.kill(parts["postgres"]["pid"], signal.SIGCONT)

    assert firsthand(home, "down").returncode == 0
    assert State.load(home).processes == {}
    assert firsthand(home, "down").returncode == 0


def test_an_unknown_part_is_a_usage_error_and_starts_nothing(home: Path) -> None:
    done = firsthand(home, "up", "minio")
    assert done.returncode == 2
    assert "minio" in done.stderr
    assert "postgres" in done.stderr
    assert not (home / "logs").exists()


def test_a_part_that_cannot_start_ends_with_its_own_code_and_names_its_log(home: Path) -> None:
    home.mkdir()
    (home / "postgres").write_text("in the way")
    done = firsthand(home, "up", "postgres")
    assert done.returncode == 8
    assert "postgres" in done.stderr
    assert "Traceback" not in done.stderr


def test_reset_does_nothing_unless_it_may(home: Path) -> None:
    home.mkdir()
    (home / "state.json").write_text('{"stack_id": "a", "ports": {}, "processes": {}, "marks": {}}')
    refused = firsthand(home, "reset")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert (home / "state.json").exists()
    assert firsthand(home, "reset", "--yes").returncode == 0
    assert not (home / "state.json").exists()


@pytest.mark.parametrize("command", ["up", "status", "down", "reset"])
def test_every_command_explains_itself_with_an_example(bare_home: Path, command: str) -> None:
    done = firsthand(bare_home, command, "--help")
    assert done.returncode == 0
    assert f"Example: firsthand {command}" in done.stdout
