"""One local stack for the whole test session, of which only the parts that some test asks for are ever started.

It lives in a temporary home of its own, never in FIRSTHAND_HOME, and knows nothing of servers that happen to run. It is
gone soon after the session ends: also when pytest is interrupted or killed, because a watchdog outlives it.

    pytest_plugins = ["tests.stack_fixtures"]     # in tests/conftest.py

    def test_something(postgres_s3_stack: SessionStack) -> None:
        url = postgres_s3_stack.settings["FIRSTHAND_DATABASE_URL"]
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dotenv import dotenv_values

from infra.local import Progress, Stack
from pipeline.records.migrate import upgrade

PROJECT = Path(__file__).resolve().parents[1]
WATCHDOG = "tests.stack_watchdog"


@dataclass
class SessionStack:
    """The stack of this test session."""

    stack: Stack
    told: list[Progress] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """Its FIRSTHAND_HOME."""
        return self.stack.home

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the pipeline, as `firsthand.env` has them now."""
        return _read(self.home / "firsthand.env")

    @property
    def partner(self) -> dict[str, str]:
        """What a partner is given."""
        return _read(self.home / "partner.env")

    @property
    def people(self) -> list[dict[str, str]]:
        """The Label Studio accounts: role, email, password, token."""
        found: list[dict[str, str]] = json.loads((self.home / "credentials.json").read_text())["label_studio"]["people"]
        return found

    def ensure(self, *parts: str) -> "SessionStack":
        """Start parts unless they run; bring back those that a test killed. All parts if none is named."""
        self.stack.up(parts or None, self.told.append)
        return self


@pytest.fixture(scope="session")
def session_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionStack]:
    """The stack of this session, nothing of it started yet."""
    home = tmp_path_factory.mktemp("stack") / "home"
    tools = Path(os.environ.get("FIRSTHAND_TOOLS") or PROJECT / ".tools")
    made = SessionStack(Stack(home, tools, PROJECT, migrate=upgrade))
    # Some hundred databases and buckets are a hundred thousand files: nobody waits for their end.
    with watchdog(home, tools, is_awaited=False):
        yield made
        made.stack.down(made.told.append)


@pytest.fixture(scope="session")
def postgres_stack(session_stack: SessionStack) -> SessionStack:
    """Postgres, its Firsthand database at the newest schema."""
    return session_stack.ensure("postgres")


@pytest.fixture(scope="session")
def s3_stack(session_stack: SessionStack) -> SessionStack:
    """The object store, with its buckets."""
    return session_stack.ensure("s3")


@pytest.fixture(scope="session")
def postgres_s3_stack(session_stack: SessionStack) -> SessionStack:
    """Postgres and the object store: about five seconds."""
    return session_stack.ensure("postgres", "s3")


@pytest.fixture(scope="session")
def prefect_stack(session_stack: SessionStack) -> SessionStack:
    """Postgres, the object store, the Prefect server and a worker: about half a minute."""
    return session_stack.ensure("postgres", "s3", "worker")


@pytest.fixture(scope="session")
def label_studio_stack(session_stack: SessionStack) -> SessionStack:
    """Postgres, the object store and Label Studio: about a minute."""
    return session_stack.ensure("postgres", "s3", "label-studio")


@pytest.fixture(scope="session")
def full_stack(session_stack: SessionStack) -> SessionStack:
    """Every part: about a minute."""
    return session_stack.ensure()


class watchdog:  # noqa: N801 - used as a function: `with watchdog(...)`
    """Resets the stack of a home when this process is gone, however it went."""

    def __init__(self, home: Path, tools: Path, *, is_awaited: bool = True) -> None:
        self._is_awaited = is_awaited
        self._argv = [sys.executable, "-m", WATCHDOG, str(home), str(tools), str(PROJECT)]

    def __enter__(self) -> None:
        # It waits for the end of its standard input, which comes when the last holder of the other end is gone: us.
        # As a module, because a script puts its own folder first, where `infra` is the folder of that name in tests.
        # Whoever reads what pytest says would wait for it too, if it held that open.
        out = None if self._is_awaited else subprocess.DEVNULL
        self._process = subprocess.Popen(
            self._argv, stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True, cwd=PROJECT
        )

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._is_awaited:
            self._process.wait()


def _read(path: Path) -> dict[str, str]:
    return {key: value or "" for key, value in dotenv_values(path, interpolate=False).items()}
