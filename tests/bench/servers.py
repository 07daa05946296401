"""What do the servers of a local stack use? Read from /proc before and after."""

from contextlib import suppress

import psutil

from infra.local.process import find
from infra.local.site import Site

SERVERS = ("postgres", "prefect", "s3-account", "s3-container", "s3-object", "s3-proxy")


def servers_cpu_s(site: Site) -> dict[str, float]:
    """Processor time of each server since it was started, with all that it started itself.

    A process counts what it used and what those of its children used that have ended; the living count for themselves.
    """
    return {name: _tree_cpu_s(record) for name in SERVERS if (record := find(site.state.processes[name]))}


def used_between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What each server used.

    Raises:
        RuntimeError: one was started anew meanwhile, or is gone.
    """
    if before.keys() != after.keys() or any(after[name] < before[name] for name in before):
        raise RuntimeError(f"expected the same servers before and after, found {sorted(before)} and {sorted(after)}")
    return {name: after[name] - before[name] for name in before}


def _tree_cpu_s(root: psutil.Process) -> float:
    used_s = 0.0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            used_s += sum(process.cpu_times()[:4])
    return used_s
