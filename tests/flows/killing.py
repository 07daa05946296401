"""Starts processes that die where a test says, on worlds of their own, and tells what the world holds afterwards."""

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from pipeline.workbench import Workbench
from tests.benches import Benches, environment_of
from tests.census import census
from tests.databases import Databases
from tests.flows.mortal import Job
from tests.stack_fixtures import PROJECT

KILLED = -9
ENDED = 0
DEATH_WAIT_S = 5.0


class Mortals:
    """Processes that do the work of one stage each; see `tests.flows.mortal`."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._file = log.open("w")
        self._acts = log.with_suffix(".acts")
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.mortal"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._file,
            cwd=PROJECT,
            text=True,
        )

    def run(self, bench: Workbench, stage: str, *parameters: str, **options: Any) -> tuple[int, list[str]]:
        """Do one stage in a process of its own.

        Returns:
            Its exit code, and what it did that lasts.
        """
        self._acts.write_text("")
        job = Job(stage, environment_of(bench), str(self._acts), parameters=parameters, **options)
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(job.to_line())
        self._parent.stdin.flush()
        code = int(self._parent.stdout.readline())
        return code, self._acts.read_text().splitlines()

    def end(self) -> None:
        """Kill the process that is at work now."""
        for child in psutil.Process(self._parent.pid).children():
            child.kill()

    def said(self) -> str:
        """The last that any of them said."""
        return self.log.read_text()[-4000:]

    def close(self) -> None:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        self._parent.stdout.close()
        self._parent.wait()
        self._file.close()


@dataclass
class Worlds:
    """Databases and buckets in which something was done already, as often as they are wanted."""

    benches: Benches
    databases: Databases
    scratch: Path
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def empty(self, *, intake_of: Workbench) -> Workbench:
        """Nothing was done; the intake bucket is that of another world, which nothing here writes to."""
        return self._make(s3_intake_bucket=intake_of.settings.s3_intake_bucket)

    def copy(self, world: Workbench) -> Workbench:
        """The same records; intake and working bucket shared, originals and releases empty."""
        world.db.close()
        number = next(self._numbers)
        name = f"tests_world_{number}"
        self.databases._create(name, template=str(world.settings.database_url.get_secret_value().rpartition("/")[2]))
        shared = {
            f"s3_{kind}_bucket": getattr(world.settings, f"s3_{kind}_bucket")
            for kind in ("intake", "originals", "working")
        }
        return self._make(**shared, database_url=self.databases.url(name))

    def _make(self, **instead: str) -> Workbench:
        made = self.benches.make(self.scratch / str(next(self._numbers)))
        settings = made.settings.model_validate(made.settings.model_dump() | instead)
        return Workbench(settings, made.clock)


@dataclass(frozen=True)
class World:
    """What a world holds that must not depend on who was killed on the way."""

    rows: dict[str, int]
    keys: frozenset[str]
    """KIND/KEY of every object; those of footage name the digest of what is in them."""

    @classmethod
    def of(cls, bench: Workbench) -> "World":
        found = census(bench)
        keys = [_without_number(version) for version in found.objects]
        assert len(set(keys)) == len(keys), f"something was put twice: {sorted(keys)}"
        return cls(found.rows, frozenset(keys))


def _without_number(version: str) -> str:
    """KIND/KEY of what the census calls KIND-NUMBER/KEY@VERSION."""
    bucket, _, key = version.rpartition("@")[0].partition("/")
    return f"{bucket.partition('-')[0]}/{key}"


def left_behind(scratch: Path) -> list[str]:
    """Processes that still work below this folder, after a moment in which they may end."""
    deadline = time.monotonic() + DEATH_WAIT_S
    while (found := [process.name() for process in _working_below(scratch)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _working_below(scratch: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            # Inside bubblewrap the folder has another name; it is told where it was mounted from.
            places = f"{process.cwd()}\n{Path(f'/proc/{process.pid}/mountinfo').read_text()}"
            if str(scratch) in places and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (OSError, psutil.Error):
            continue
