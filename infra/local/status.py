"""How is each part now? Looks and asks; starts nothing and changes nothing."""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.parts.part import NotAnsweringError, Part
from infra.local.process import find
from infra.local.site import Site
from infra.local.supervise import names_of

RUNNING = "running"
NOT_ANSWERING = "not answering"
STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How one part is now."""

    name: str
    state: str
    """`running`, `not answering` or `stopped`."""
    pid: int | None
    port: int | None
    url: str
    uptime_s: int | None
    log: Path
    detail: str
    """Why it does not answer; empty otherwise."""


def part_status(site: Site, part: Part) -> PartStatus:
    """Look at the processes of a part, and ask it something real if they all live."""
    names = names_of(site, part)
    alive = {name: process for name in names if (process := find(site.state.processes[name])) is not None}
    port = site.state.ports.get(part.ports[0]) if part.ports else None
    pid, uptime_s = _main(part, alive)
    state, detail = (RUNNING, "") if alive else (STOPPED, "")
    dead = sorted(set(names) - set(alive))
    if alive and dead:
        state, detail = NOT_ANSWERING, f"{', '.join(dead)} ended by itself"
    elif alive:
        try:
            part.check(site)
        except NotAnsweringError as exc:
            state, detail = NOT_ANSWERING, str(exc)
    url = part.url(site) if site.state.ports else ""
    return PartStatus(part.name, state, pid, port, url, uptime_s, site.log(part.name), detail)


def _main(part: Part, alive: dict[str, psutil.Process]) -> tuple[int | None, int | None]:
    """Pid and age in seconds of the process that holds the port which people use."""
    name = part.ports[0] if part.ports else part.name
    process = alive.get(name) or next(iter(alive.values()), None)
    if process is not None:
        with suppress(psutil.Error):
            return process.pid, int(time.time() - process.create_time())
    return None, None
