"""What is told while the stack comes up or goes down?"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """How far a part is."""

    WAITING = "waiting"
    WORKING = "working"
    READY = "ready"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """One thing that just happened to one part."""

    part: str
    phase: Phase
    detail: str
    elapsed_s: float
    """Since the command was begun."""


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells one listener what happens in several threads, one thing at a time."""

    report: Report
    begun: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, part: str, phase: Phase, detail: str) -> None:
        """Report that something happened to a part."""
        with self._lock:
            self.report(Progress(part, phase, detail, time.monotonic() - self.begun))
