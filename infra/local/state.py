"""What does this stack remember between two commands: its ports, its processes, its secrets?

Two files in the home, both private: `state.json` (may be lost: the stack then finds its processes again by their mark
and chooses new ports) and `secrets.json` (must not be lost: the databases and the object store are locked with them).
Every change is on the disk before it is acted upon. Methods may be called from several threads.
"""

import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.local.files import write_private
from infra.local.ports import choose, is_free
from pipeline.errors import StackError

SECRET_BYTES = 20
"""Twenty bytes are forty hex digits, which is exactly the shape of a Label Studio token."""


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One process that the stack started."""

    pid: int
    started_at: float
    """Start time in seconds since the epoch as the kernel tells it: with the pid, the identity of the process."""
    fingerprint: str
    """What it was started with: a process whose fingerprint is no longer wanted is started anew."""


@dataclass
class State:
    """Ports, processes and marks of one home, on disk."""

    path: Path
    stack_id: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, ProcessRecord] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    """Work done once, by the digest of what it was done with."""
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @classmethod
    def load(cls, home: Path) -> "State":
        """Read what a home remembers; a new home remembers nothing.

        Raises:
            StackError: The file is there and is not ours.
        """
        path = home / "state.json"
        if not path.exists():
            return cls(path)
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                path,
                stack_id=str(raw["stack_id"]),
                ports={str(name): int(port) for name, port in raw["ports"].items()},
                processes={str(name): ProcessRecord(**record) for name, record in raw["processes"].items()},
                marks={str(name): str(mark) for name, mark in raw["marks"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            raise StackError(f"expected the state of a local stack in {path}, found something else: {exc}") from exc

    def save(self) -> None:
        """Put everything on disk."""
        with self._lock:
            self.stack_id = self.stack_id or secrets.token_hex(8)
            body = {
                "stack_id": self.stack_id,
                "ports": self.ports,
                "processes": {name: asdict(record) for name, record in self.processes.items()},
                "marks": self.marks,
            }
            write_private(self.path, json.dumps(body, indent=2, sort_keys=True) + "\n")

    def port(self, name: str) -> int:
        """The remembered port of this name; chosen now if there is none yet."""
        with self._lock:
            if name not in self.ports:
                self.ports[name] = choose(self.ports.values())
                self.save()
            return self.ports[name]

    def settle_port(self, name: str) -> bool:
        """Make sure that a port which none of our processes holds can be had; otherwise choose another.

        Returns:
            Whether the port moved.
        """
        with self._lock:
            if is_free(self.port(name)):
                return False
            self.ports[name] = choose(self.ports.values())
            self.save()
            return True

    def remember(self, name: str, record: ProcessRecord) -> None:
        """Remember a process that was just started or found."""
        with self._lock:
            self.processes[name] = record
            self.save()

    def forget(self, name: str) -> None:
        """Forget a process that is gone. Safe to repeat."""
        with self._lock:
            if self.processes.pop(name, None) is not None:
                self.save()

    def mark(self, name: str, digest: str) -> None:
        """Remember that a piece of work was done, and with what."""
        with self._lock:
            self.marks[name] = digest
            self.save()

    def unmark(self, name: str) -> None:
        """The work is to be done again. Safe to repeat."""
        with self._lock:
            if self.marks.pop(name, None) is not None:
                self.save()


@dataclass
class Secrets:
    """Passwords and keys, made on first use and kept for the life of the home."""

    path: Path
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def of(self, name: str) -> str:
        """The secret of this name: forty hex digits, on disk before anybody uses it. Safe to repeat."""
        with self._lock:
            known = self._load()
            if name not in known:
                known = {**known, name: secrets.token_hex(SECRET_BYTES)}
                write_private(self.path, json.dumps(known, indent=2, sort_keys=True) + "\n")
            return known[name]

    def knows(self, name: str) -> bool:
        """Whether there is a secret of this name."""
        with self._lock:
            return name in self._load()

    def keep(self, name: str, value: str) -> None:
        """Keep a secret that a server chose. Safe to repeat."""
        with self._lock:
            write_private(self.path, json.dumps({**self._load(), name: value}, indent=2, sort_keys=True) + "\n")

    def _load(self) -> Mapping[str, str]:
        if not self.path.exists():
            return {}
        try:
            return {str(name): str(value) for name, value in json.loads(self.path.read_text(encoding="utf-8")).items()}
        except (OSError, ValueError, AttributeError) as exc:
            raise StackError(f"expected the secrets of a local stack in {self.path}, found something else") from exc
