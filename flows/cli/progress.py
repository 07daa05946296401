"""How long work shows that it goes on: a moving bar on a terminal, a line now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from flows.cli.output import err

QUIET_EVERY_S = 15.0
"""Between two lines where there is no terminal: often enough to see life, rarely enough to read."""


@contextmanager
def byte_progress(what: Callable[[], str], *, total_bytes: int | None) -> Iterator[Callable[[int], None]]:
    """Show bytes moving, and what they are; yields a function to tell how many more are done, from any thread."""
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, TimeElapsedColumn(), console=err(), transient=True) as bar:
            task = bar.add_task(what(), total=total_bytes)
            yield lambda more: bar.update(task, advance=more, description=what())
        return
    lock = threading.Lock()
    done, told_at = 0, time.monotonic()

    def advance(more: int) -> None:
        nonlocal done, told_at
        with lock:
            done += more
            if time.monotonic() - told_at >= QUIET_EVERY_S:
                told_at = time.monotonic()
                err().print(f"{what()}: {done} of {total_bytes or '?'} bytes")

    yield advance


@contextmanager
def saying(what: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done; yields a function that says how far it is."""
    if sys.stderr.isatty():
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=err(), transient=True) as bar:
            task = bar.add_task(what)
            yield lambda words: bar.update(task, description=f"{what}: {words}")
        return
    last, told_at = "", time.monotonic()
    err().print(f"{what} …")

    def say(words: str) -> None:
        nonlocal last, told_at
        if words != last and time.monotonic() - told_at >= QUIET_EVERY_S:
            last, told_at = words, time.monotonic()
            err().print(f"{what}: {words}")

    yield say


@contextmanager
def bar_to_total(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show bytes of a total that becomes known on the way; yields a function to tell both."""
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, TimeElapsedColumn(), console=err(), transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    told_at = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= QUIET_EVERY_S:
            told_at = time.monotonic()
            err().print(f"{what}: {done} of {total} bytes")

    yield tell
