"""The command line as people and scripts meet it: arguments and environment in, two streams and a code out."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from flows.cli import main
from pipeline.workbench import open_workbench
from tests.benches import environment_of
from tests.furnished import Furnished

FIRSTHAND = Path(sys.executable).with_name("firsthand")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def items(self, kind: str) -> list[dict[str, Any]]:
        """What `--json` printed: one document of this kind, and nothing else."""
        assert (self.code, self.err) == (0, "")
        document = json.loads(self.out)
        assert list(document) == ["schema", "kind", "items"]
        assert (document["schema"], document["kind"]) == ("firsthand/1", kind)
        items: list[dict[str, Any]] = document["items"]
        return items

    def failed(self, code: int, *said: str) -> None:
        """One message on standard error, nothing on standard output, no trace."""
        assert self.code == code, self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        for words in said:
            assert words in self.err


Run = Callable[..., Ended]
"""Runs one command: `run("clips", "--json")`; keywords are the environment instead of the given one."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """In this process, with settings as keywords."""

    def run_here(*words: object, **settings: str) -> Ended:
        with monkeypatch.context() as here:
            for name, value in settings.items():
                here.setenv(name, value)
            here.setattr(sys, "argv", ["firsthand", *map(str, words)])
            open_workbench.cache_clear()
            structlog.reset_defaults()
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
            if open_workbench.cache_info().currsize:
                open_workbench().db.close()
            open_workbench.cache_clear()
            structlog.reset_defaults()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, out, err)

    return run_here


@pytest.fixture
def look(run: Run, furnished: Furnished) -> Run:
    """On the bench with one of everything."""
    return lambda *words, **instead: run(*words, **{**environment_of(furnished.bench), **instead})


def run_process(words: list[str], settings: Mapping[str, str], *, before: list[str] | None = None) -> Ended:
    """As a process of its own, with nothing of ours in its environment but these settings."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "FIRSTHAND_HOME") if name in os.environ}
    done = subprocess.run(
        [*(before or []), str(FIRSTHAND), *words],
        env={**environment, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
