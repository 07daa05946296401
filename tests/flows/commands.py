"""Runs `firsthand` as a person does, against the stack of the test session."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.local.site import INHERITED
from pipeline.settings import Settings
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account
from tests.builders import TickingClock
from tests.stack_fixtures import SessionStack

WITHIN_S = 300.0


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def items(self) -> list[dict[str, Any]]:
        """What it printed with `--json`."""
        found: list[dict[str, Any]] = json.loads(self.out)["items"]
        return found


@dataclass(frozen=True)
class Running:
    """A command that has not ended yet."""

    process: subprocess.Popen[str]

    def ends(self) -> Said:
        out, err = self.process.communicate(timeout=WITHIN_S)
        return Said(self.process.returncode, out, err)


@dataclass(frozen=True)
class Firsthand:
    """The command line, with the settings of a stack and nothing of this process."""

    stack: SessionStack

    def start(self, *words: str | Path) -> Running:
        return Running(
            subprocess.Popen(
                [str(Path(sys.executable).with_name("firsthand")), *map(str, words)],
                env=environment(self.stack),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )

    def run(self, *words: str | Path) -> Said:
        """Run a command that must succeed."""
        said = self.start(*words).ends()
        assert said.code == 0, said
        return said


def environment(stack: SessionStack) -> dict[str, str]:
    """What a person has in a terminal who uses this stack, the partner's credentials included."""
    own = {name: os.environ[name] for name in (*INHERITED, "FIRSTHAND_TOOLS") if name in os.environ}
    return {**own, "FIRSTHAND_HOME": str(stack.home), **stack.partner}


def bench_of(stack: SessionStack) -> Workbench:
    """A workbench with the settings of the stack, as the command line has it."""
    given = {name.removeprefix("FIRSTHAND_").lower(): value for name, value in stack.settings.items()}
    return Workbench(Settings.model_validate(given), TickingClock())


@contextmanager
def label_studio(stack: SessionStack) -> Iterator[Account]:
    """Label Studio as its administrator sees it."""
    headers = {"Authorization": f"Token {stack.settings['FIRSTHAND_LABEL_STUDIO_TOKEN']}"}
    with httpx.Client(base_url=stack.settings["FIRSTHAND_LABEL_STUDIO_URL"], headers=headers, timeout=60) as http:
        yield Account(http)
