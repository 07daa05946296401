"""Is the process of a flow run still there? It holds a lock in our database, and the lock dies with it.

Prefect hears of a killed process from its worker. When both are gone it hears nothing, and the run counts as running
until heartbeats are missed, where somebody watches for them, or else for ever. Whoever waits for a run asks here.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.exceptions import TerminationSignal
from prefect.runtime import flow_run

from pipeline.workbench import open_workbench


@contextmanager
def present() -> Iterator[None]:
    """Be seen while the block runs. Outside of a flow run there is nobody to be seen by.

    A run that is cancelled, or whose worker is stopped, ends at once, as if it were killed: Prefect would wait for its
    tasks, whose threads know nothing of it, and kill it after half a minute of work that nobody wants.

    Raises:
        DatabaseUnavailableError: Postgres did not answer; the block did not run.
    """
    run_id: str | None = flow_run.get_id()
    if run_id is None:
        yield
        return
    with open_workbench().db.exclusive(_lock_of(run_id)):
        try:
            yield
        except TerminationSignal:
            os.kill(os.getpid(), signal.SIGKILL)


def is_present(run_id: str) -> bool:
    """Whether the process of this run is there and can reach Postgres.

    Raises:
        DatabaseUnavailableError: Postgres did not answer.
    """
    return open_workbench().db.is_held(_lock_of(run_id))


def _lock_of(run_id: str) -> str:
    return f"flow-run:{run_id}"
