"""How is one part brought up?

Settle its ports, prepare, start what is not running as wanted, wait until it answers, furnish. A process that runs as
wanted is left alone. One that runs with other settings (a port moved, the code changed) is started anew.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from infra.local.parts.part import NotAnsweringError, Part, Say
from infra.local.ports import is_answered
from infra.local.process import Command, find, marked, spawn, stop
from infra.local.site import Site
from infra.local.supervise import holds, last_lines, names_of, settle_ports, take_down
from pipeline.errors import StackError

STARTS = 3
"""How often a part is started before we give up: a port can be lost to somebody else at the last moment."""
POLL_INTERVAL_S = 0.2
PATIENCE_S = 20.0
"""How long a part that answered before may be silent until it is started anew."""


class _EndedError(Exception):
    """A process ended before its part was ready."""


@dataclass(frozen=True, slots=True)
class Raising:
    """One part on its way up."""

    site: Site
    part: Part
    say: Say
    stopping: Callable[[], bool]
    """Whether the whole `up` was told to stop."""

    def run(self) -> None:
        """Bring the part up. Safe to repeat.

        Raises:
            StackError: It does not come up; what runs is recorded, and the next `up` goes on from there.
        """
        self.part.install(self.site, self.say)
        for attempt in range(1, STARTS + 1):
            settle_ports(self.site, self.part, self.say)
            self.part.prepare(self.site, self.say)
            started = self._start_missing()
            try:
                self._wait_until_ready()
                self._furnish()
            except (_EndedError, NotAnsweringError) as exc:
                # One that was just started and is silent for all its time will not do better a second time.
                if attempt == STARTS or (started and isinstance(exc, NotAnsweringError)):
                    raise StackError(self._why(str(exc))) from exc
                self._begin_again(str(exc), attempt)
            else:
                break
        self.site.state.mark(self.part.name, self._pids())

    def _begin_again(self, reason: str, attempt: int) -> None:
        first_line, _, _ = reason.partition("\n")
        self.say(f"starting again: {first_line}")
        take_down(self.site, self.part)
        if attempt == STARTS - 1 and self.part.name not in self.site.state.marks:
            self.say("starting from nothing: it never was ready")
            self.part.clear(self.site)

    def _start_missing(self) -> bool:
        started = False
        for command in self.part.commands(self.site):
            record = self.site.state.processes.get(command.name)
            process = find(record) if record is not None else None
            if process is not None and record is not None and record.fingerprint == command.fingerprint:
                continue
            self._end(command, process)
            if not started:
                self.say("starting")
            new = spawn(command, stack_id=self.site.state.stack_id, log=self.site.log(self.part.name))
            self.site.state.remember(command.name, new)
            started = True
        return started

    def _end(self, command: Command, process: psutil.Process | None) -> None:
        """End the old process of this name, and whatever a killed one left behind."""
        left = [other for name, other in marked(self.site.state.stack_id) if name == command.name]
        together = [process, *left] if process is not None else left
        if together:
            stop(together, with_signal=self.part.stop_signal, within_s=self.part.stop_within_s)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._patience_s()
        while True:
            self._require_alive()
            try:
                self._require_own_ports()
                self.part.check(self.site)
            except NotAnsweringError:
                if time.monotonic() > deadline:
                    raise
            else:
                return
            if self.stopping():
                raise StackError(f"{self.part.name}: stopped while it was starting; `up` again goes on from there")
            time.sleep(POLL_INTERVAL_S)

    def _patience_s(self) -> float:
        """How long to wait for an answer: short if these same processes have answered before."""
        if self.site.state.marks.get(self.part.name) == self._pids():
            return PATIENCE_S
        records = [self.site.state.processes[command.name] for command in self.part.commands(self.site)]
        youngest_s = time.time() - max(record.started_at for record in records)
        return max(self.part.start_within_s - youngest_s, PATIENCE_S)

    def _pids(self) -> str:
        """Which processes the part has; kept as its mark when it is ready."""
        return " ".join(f"{name}={self.site.state.processes[name].pid}" for name in names_of(self.site, self.part))

    def _require_own_ports(self) -> None:
        """An answer counts only if it comes from our own processes.

        Label Studio moves to another port by itself if its own is taken, and would never be found there.
        """
        for name in self.part.ports:
            port = self.site.state.port(name)
            answered = is_answered(port)
            if not holds(self.site, self.part, port):
                if answered:
                    raise _EndedError(f"port {port} was taken by another program")
                raise NotAnsweringError(f"nothing listens on port {port}")

    def _furnish(self) -> None:
        try:
            self.part.furnish(self.site, self.say)
        except (NotAnsweringError, StackError) as exc:
            self._require_alive()
            if isinstance(exc, StackError):
                raise
            raise StackError(self._why(str(exc))) from exc

    def _require_alive(self) -> None:
        for command in self.part.commands(self.site):
            if find(self.site.state.processes[command.name]) is None:
                raise _EndedError(f"{command.name} ended by itself")

    def _why(self, reason: str) -> str:
        log = self.site.log(self.part.name)
        return f"{self.part.name} did not come up: {reason}\n{last_lines(self.site, self.part)}\nlog: {log}"
