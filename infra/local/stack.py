"""The local stack: every server that Firsthand needs, on this machine, started and stopped as one.

`up` is safe to repeat at any time: what runs stays, what is missing or was killed is started, what was half made is
completed. `down` ends only what was started here. One command at a time works on a home; others wait for it.
"""

import shutil
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.local.env_files import write_env_files
from infra.local.files import private_folder
from infra.local.locking import exclusive
from infra.local.parts import PARTS
from infra.local.process import ONCE, adopt, marked, stop
from infra.local.progress import Phase, Report, Teller
from infra.local.site import Site
from infra.local.state import Secrets, State
from infra.local.status import PartStatus, part_status
from infra.local.supervise import take_down
from infra.local.together import Migrate, closure, raise_parts

LOCK_WAIT_S = 1800.0
STOP_WITHIN_S = 5.0
HOME_MARK = "home"
LOCK = "stack.lock"
CONTENTS = ("logs", "postgres", "swift", "prefect", "label-studio", "scratch", "demo", "firsthand.env", "partner.env")
"""What `reset` deletes in a home that held other things before; the files of state come last."""
STATE_FILES = ("credentials.json", "secrets.json", "state.json", LOCK)


@dataclass(frozen=True, slots=True)
class Stack:
    """The local stack of one home."""

    home: Path
    """Everything that the stack keeps: data, settings, secrets, logs, state."""
    tools: Path
    """Cache of tool environments; several homes share it."""
    project: Path
    """Root of the checkout: lock files, deployments and flows are found there."""
    migrate: Migrate | None = None

    def up(self, parts: Collection[str] | None, report: Report) -> None:
        """Bring parts up, with all that they need; every part if none is named. Safe to repeat.

        Raises:
            StackError: A part did not come up; the others did. The next `up` goes on from there.
            UsageError: There is no part of such a name; nothing was started.
        """
        names = closure(parts)
        teller = Teller(report)
        with self._held(teller) as site:
            _end_marked(site, only=ONCE)
            for part in PARTS.values():
                for port in part.ports:
                    site.state.port(port)
            try:
                raise_parts(site, names, teller=teller, migrate=self.migrate)
            finally:
                write_env_files(site)

    def status(self) -> list[PartStatus]:
        """How every part is now; starts nothing and changes nothing."""
        site = self._site()
        site.state.processes |= adopt(site.state.processes, site.state.stack_id)
        return [part_status(site, part) for part in PARTS.values()]

    def down(self, report: Report) -> None:
        """Stop whatever this stack started and nothing else; data stays. Safe to repeat."""
        if not self.home.exists():
            return
        teller = Teller(report)
        with self._held(teller) as site:
            _stop_all(site, teller)

    def reset(self, report: Report) -> None:
        """Stop everything and delete the home: databases, objects, secrets, logs. Safe to repeat.

        A home that held other things before the first `up` keeps them, and itself.
        """
        if not self.home.exists():
            return
        teller = Teller(report)
        with self._held(teller) as site:
            _stop_all(site, teller)
            if HOME_MARK in site.state.marks:
                shutil.rmtree(site.home)
                return
            for name in (*CONTENTS, *STATE_FILES):
                path = site.home / name
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _site(self) -> Site:
        home = self.home.resolve()
        return Site(
            home, self.tools.resolve(), self.project.resolve(), State.load(home), Secrets(home / "secrets.json")
        )

    @contextmanager
    def _held(self, teller: Teller) -> Iterator[Site]:
        """Hold the home against other commands, and know every process of it."""
        was_empty = not self.home.exists() or not any(self.home.iterdir())
        private_folder(self.home)

        def waiting() -> None:
            teller.tell("stack", Phase.WAITING, "another command works on this stack")

        with exclusive(self.home / LOCK, wait_s=LOCK_WAIT_S, waiting=waiting):
            site = self._site()
            if was_empty:
                site.state.mark(HOME_MARK, "made here")
            for name, record in adopt(site.state.processes, site.state.stack_id).items():
                site.state.remember(name, record)
            site.state.save()
            yield site


def _stop_all(site: Site, teller: Teller) -> None:
    for part in reversed(PARTS.values()):
        count = take_down(site, part)
        teller.tell(part.name, Phase.STOPPED, "stopped" if count else "was not running")
    _end_marked(site, only=None)


def _end_marked(site: Site, *, only: str | None) -> None:
    """End what carries our mark and nobody waits for: programs of a killed command, flow runs of a killed worker."""
    left = [process for name, process in marked(site.state.stack_id) if only is None or name == only]
    if left:
        stop(left, with_signal=signal.SIGTERM, within_s=STOP_WITHIN_S)
