"""Who may change this now? One holder at a time, by a lock that the kernel releases when its holder dies."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.files import PRIVATE_FILE, private_folder
from pipeline.errors import StackError

POLL_INTERVAL_S = 0.2


@contextmanager
def exclusive(path: Path, *, wait_s: float, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file for the length of the block.

    The file may be deleted by a holder (`reset` deletes the whole home): a lock on a file that lost its name is worth
    nothing, so whoever got one tries again.

    Args:
        path: The lock file; made when missing.
        wait_s: How long somebody else may hold it.
        waiting: Called once when somebody else holds it.

    Raises:
        StackError: Somebody else held it all the time; nothing was changed.
    """
    deadline = time.monotonic() + wait_s
    told = False
    while True:
        private_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            if _take(descriptor) and _still_named(descriptor, path):
                yield
                return
        finally:
            os.close(descriptor)
        if not told:
            waiting()
            told = True
        if time.monotonic() > deadline:
            raise StackError(f"expected {path} to be free within {wait_s:.0f} s, another command still holds it")
        time.sleep(POLL_INTERVAL_S)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _still_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
