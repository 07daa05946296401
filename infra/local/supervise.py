"""Which processes does a part have, which ports do they hold, and how are they taken down?"""

import psutil

from infra.local.parts.part import Part, Say
from infra.local.process import find, listens_on, marked, stop
from infra.local.site import Site

LAST_LINES = 12
LAST_BYTES = 16_384


def names_of(site: Site, part: Part) -> list[str]:
    """Names of the recorded processes of a part."""
    return [name for name in site.state.processes if name == part.name or name.startswith(f"{part.name}-")]


def processes_of(site: Site, part: Part) -> list[psutil.Process]:
    """The living processes of a part."""
    return [process for name in names_of(site, part) if (process := find(site.state.processes[name])) is not None]


def holds(site: Site, part: Part, port: int) -> bool:
    """Whether a process of the part listens on the port."""
    return any(listens_on(process, port) for process in processes_of(site, part))


def settle_ports(site: Site, part: Part, say: Say) -> None:
    """Choose other ports for those that somebody else took while no process of the part held them."""
    for name in part.ports:
        if not holds(site, part, site.state.port(name)) and site.state.settle_port(name):
            say(f"moved to port {site.state.port(name)}: the old one was taken")


def is_stale(site: Site, part: Part) -> bool:
    """Whether a living process of the part runs with settings that are no longer wanted."""
    names = [name for name in names_of(site, part) if find(site.state.processes[name]) is not None]
    if not names:
        return False
    wanted = {command.name: command.fingerprint for command in part.commands(site)}
    return any(site.state.processes[name].fingerprint != wanted.get(name) for name in names)


def take_down(site: Site, part: Part) -> int:
    """Stop the processes of a part, and what they left behind. Safe to repeat.

    Returns:
        How many processes there were.
    """
    names = names_of(site, part)
    ours = {process.pid: process for process in processes_of(site, part)}
    ours |= {process.pid: process for name, process in marked(site.state.stack_id) if name in names}
    stop(ours.values(), with_signal=part.stop_signal, within_s=part.stop_within_s)
    for name in names:
        site.state.forget(name)
    return len(ours)


def last_lines(site: Site, part: Part) -> str:
    """The end of a part's log."""
    log = site.log(part.name)
    if not log.is_file():
        return "(no log yet)"
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - LAST_BYTES, 0))
        lines = file.read().decode("utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-LAST_LINES:])
