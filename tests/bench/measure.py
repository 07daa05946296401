"""Run a command and say what it cost, with everything that it started.

The command runs below a process of its own (`tests.bench.gauge`), which waits for every descendant: servers that the
bench itself has started are not among them, and nothing of the gauge's own work is counted.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_S = 1800.0
"""A contender that takes longer has hung."""
LAST_WORDS = 800


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    cpu_s: float
    """User and system time of the process and all its descendants, as the kernel counted them."""
    wall_s: float
    alone_s: float
    """What it would have taken had nobody else used the machine: an estimate from how long its threads waited for a
    processor."""
    peak_mb: float
    """Most memory of all its processes together, as sampled; pages that they share count once for each."""
    encoding_s: float = 0.0
    """For how long at least one x264 was running as a program. What follows is of that time, on average."""
    encoding_cores: float = 0.0
    """Processors that it used."""
    encoding_wanted_cores: float = 0.0
    """Processors that it used or waited for: what it would use if there were so many and nobody else."""
    encoding_idle_cores: float = 0.0
    """Processors of this machine that nobody used."""


def cost_of(argv: Sequence[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed, or did not end; a failed run has no cost worth comparing. Nothing of it runs any more.
    """
    gauge = [sys.executable, "-m", "tests.bench.gauge", str(cwd), *argv]
    with subprocess.Popen(
        gauge,
        cwd=ROOT,
        env=os.environ | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            out, words = process.communicate(timeout=LONGEST_S)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)[:200]} ended with {process.returncode}: {words.strip()[-LAST_WORDS:]}")
    return Cost(**json.loads(out))
