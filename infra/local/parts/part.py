"""What is a part of the local stack?

A part is a few processes that are prepared, started, checked and furnished together. Every method but the check is
safe to repeat, and a kill between any two leaves something that the next `up` completes.
"""

import hashlib
import json
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from infra.local.process import Command
from infra.local.site import INHERITED, Site

Say = Callable[[str], None]
"""Told in a few words what is being done."""


class NotAnsweringError(Exception):
    """A server does not answer (yet); never leaves this package."""


class Part:
    """One part of the local stack. It says what its processes are and how to ask them; the rest it may leave out."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    """Parts that must be ready before this one is prepared."""
    ports: ClassVar[tuple[str, ...]] = ()
    """Names of the ports it listens on; the first is the one that people use."""
    start_within_s: ClassVar[float] = 60.0
    stop_within_s: ClassVar[float] = 15.0
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def install(self, site: Site, say: Say) -> None:
        """Install what the part needs on this machine."""

    def prepare(self, site: Site, say: Say) -> None:
        """Lay out folders and settings files; its ports are settled and what it needs is ready."""

    def commands(self, site: Site) -> tuple[Command, ...]:
        """Its processes, in the order in which they are started."""
        raise NotImplementedError

    def check(self, site: Site) -> None:
        """Ask the servers something real.

        Raises:
            NotAnsweringError: They do not answer, or not rightly.
        """
        raise NotImplementedError

    def furnish(self, site: Site, say: Say) -> None:
        """Put in what the project expects to find: databases, buckets, accounts."""

    def clear(self, site: Site) -> None:
        """Throw away what a first start left behind that was killed half way; called only if the part never was ready.

        The migrations of Prefect and Label Studio build indexes outside of transactions: one that was killed in
        between cannot be gone on with.
        """

    def url(self, site: Site) -> str:
        """The address to open or to give to a client, without secrets; empty if it has none."""
        return site.url(self.ports[0]) if self.ports else ""


def command(
    name: str,
    *,
    argv: Sequence[str | Path],
    env: Mapping[str, str],
    cwd: Path,
    settings: tuple[str, ...] = (),
) -> Command:
    """Describe one process.

    Args:
        name: Its name within the stack.
        argv: Program and arguments.
        env: Its whole environment.
        cwd: Its working folder.
        settings: All else that it reads at start; when any of it changes, the process must be started anew.
    """
    words = tuple(str(word) for word in argv)
    # Another terminal may have another PATH or language: that is no reason to start a server anew.
    own = {key: value for key, value in sorted(env.items()) if key not in INHERITED}
    basis = json.dumps([words, own, str(cwd), settings])
    return Command(name, words, env, cwd, hashlib.sha256(basis.encode()).hexdigest())
