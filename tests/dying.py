"""Lets a step do its work and lose Postgres in the middle of recording it, as when a machine is switched off then."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from pipeline.errors import DatabaseUnavailableError
from pipeline.workbench import Workbench
from tests.databases import Databases

WAITING = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'custody_events'::regclass"
WITHIN_S = 60.0


def dies_while_recording(bench: Workbench, databases: Databases, step: Callable[[], object]) -> None:
    """Run a step until it writes its custody event, and cut its connection there: rows are written, not committed."""
    with (
        databases.superuser(bench.settings.database_url.get_secret_value()) as superuser,
        superuser.transaction(),
        ThreadPoolExecutor(1) as pool,
    ):
        superuser.execute("LOCK TABLE custody_events IN EXCLUSIVE MODE")
        running = pool.submit(step)
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", (_pid_at_the_lock(superuser, running),))
        with pytest.raises(DatabaseUnavailableError):
            running.result(timeout=WITHIN_S)


def _pid_at_the_lock(superuser: "psycopg.Connection[Any]", running: "Future[object]") -> int:
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        found = superuser.execute(WAITING).fetchone()
        if found:
            return int(found[0])
        assert not running.done(), f"it ended without recording an event: {running.result()!r}"
        time.sleep(0.02)
    raise AssertionError("it never came to record")
