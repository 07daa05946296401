"""Run a command and say what it cost, with everything that it started."""

import ctypes
import os
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    cpu_s: float
    """User and system time of the process and all its children."""
    wall_s: float
    peak_mb: float
    """Of the largest single process."""


def cost_of(argv: Sequence[str], *, cwd: Path, env: dict[str, str] | None = None) -> Cost:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; a failed run has no cost worth comparing.
    """
    began = time.monotonic()
    with subprocess.Popen(
        argv, cwd=cwd, env=os.environ | (env or {}), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        if process.stderr is None:
            raise RuntimeError("stderr was asked for")
        words = process.stderr.read()
        used = _reap_all(process)
    if process.returncode != 0:
        raise RuntimeError(f"{argv[0]} ended with {process.returncode}: {words.decode(errors='replace')[-800:]}")
    return Cost(
        sum(usage.ru_utime + usage.ru_stime for usage in used),
        time.monotonic() - began,
        max(_megabytes(usage) for usage in used),
    )


def _reap_all(process: subprocess.Popen[bytes]) -> list[resource.struct_rusage]:
    """What the process and every descendant used, those included that nobody else waited for."""
    used = []
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return used
        used.append(usage)
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends first: nobody else would count a sandbox's."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024  # Linux counts kilobytes
