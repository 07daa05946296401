"""How do several parts come up together? Each as soon as what it needs is ready, the others meanwhile.

Parts know settings of parts that they do not wait for (the object store lets in the pages of Label Studio, by its
port). If such a setting changed on the way, the parts that run with the old one are brought up once more.
"""

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial

from infra.local.env_files import write_env_files
from infra.local.parts import PARTS
from infra.local.parts.part import Part
from infra.local.progress import Phase, Teller
from infra.local.raising import Raising
from infra.local.site import Site
from infra.local.supervise import is_stale, processes_of, settle_ports
from pipeline.errors import FirsthandError, StackError, UsageError

ROUNDS = 3
Migrate = Callable[[str], object]
"""Brings the Firsthand database, given by its URL, to the schema of today. Safe to repeat."""


class _NotBegunError(Exception):
    """A part was not begun, because one that it needs did not come up."""


def closure(parts: Collection[str] | None) -> list[str]:
    """The named parts and all that they need, each after what it needs; every part if none is named.

    Raises:
        UsageError: There is no part of such a name.
    """
    unknown = sorted(set(parts or ()) - set(PARTS))
    if unknown:
        raise UsageError(f"expected parts of the stack ({', '.join(PARTS)}), found {', '.join(unknown)}")
    wanted = set(parts or PARTS)
    while more := {need for name in wanted for need in PARTS[name].needs} - wanted:
        wanted |= more
    return [name for name in PARTS if name in wanted]


def raise_parts(site: Site, names: list[str], *, teller: Teller, migrate: Migrate | None) -> None:
    """Bring these parts up, and those that already run along with them. Safe to repeat.

    Raises:
        StackError: Some part did not come up; the others did.
    """
    running = [name for name, part in PARTS.items() if processes_of(site, part)]
    wanted = [name for name in PARTS if name in names or name in running]
    # Before anything starts, so that nothing starts with a port that another part is about to lose.
    for name in wanted:
        settle_ports(site, PARTS[name], partial(teller.tell, name, Phase.WORKING))
    for _ in range(ROUNDS):
        _Round(site, teller, migrate).run(wanted)
        wanted = [name for name, part in PARTS.items() if is_stale(site, part)]
        if not wanted:
            break


@dataclass(frozen=True, slots=True)
class _Round:
    """One pass over some parts, each in a thread of its own."""

    site: Site
    teller: Teller
    migrate: Migrate | None
    stopping: threading.Event = field(default_factory=threading.Event)
    done: dict[str, Future[None]] = field(default_factory=dict)

    def run(self, names: list[str]) -> None:
        with ThreadPoolExecutor(max_workers=len(names)) as pool:
            try:
                for name in names:
                    self.done[name] = pool.submit(self._raise, PARTS[name])
                wait(self.done.values())
            except BaseException:
                self.stopping.set()
                raise
        errors = [error for future in self.done.values() if (error := future.exception()) is not None]
        for error in errors:
            if not isinstance(error, StackError | _NotBegunError):
                raise error
        reasons = [error for error in errors if isinstance(error, StackError)]
        if reasons:
            raise StackError("\n".join(str(error) for error in reasons)) from reasons[0]

    def _raise(self, part: Part) -> None:
        needed = {need: self.done[need] for need in part.needs if need in self.done}
        wait(needed.values())
        failed = [need for need, future in needed.items() if future.exception() is not None]
        if failed:
            self.teller.tell(part.name, Phase.FAILED, f"needs {', '.join(failed)}")
            raise _NotBegunError
        try:
            self._bring_up(part)
        except FirsthandError as exc:
            self.teller.tell(part.name, Phase.FAILED, str(exc).partition("\n")[0])
            raise
        except OSError as exc:
            self.teller.tell(part.name, Phase.FAILED, str(exc))
            raise StackError(f"{part.name}: {exc}") from exc
        self.teller.tell(part.name, Phase.READY, part.url(self.site))

    def _bring_up(self, part: Part) -> None:
        def say(words: str) -> None:
            self.teller.tell(part.name, Phase.WORKING, words)

        write_env_files(self.site)
        say("looking")
        Raising(self.site, part, say, self.stopping.is_set).run()
        if part.name == "postgres" and self.migrate is not None:
            say("migrating the Firsthand database")
            self.migrate(self.site.database_url("firsthand", driver="postgresql+psycopg"))
