"""`python -m tests.bench.gauge FOLDER COMMAND...`: runs a command and prints what it cost as JSON.

* What the kernel counted for each process that ended is added up, those included that nobody else waited for: this
  process is the parent of descendants whose own parent ended first (a sandbox's).
* Five times a second it looks at what is alive: memory, and what of the machine is used while an x264 runs.

Ends as the command does, with the last of its words on standard error.
"""

import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h."""
TICK_S = 0.2
LEFT_BEHIND_S = 30.0
"""How long descendants may outlive the command."""
ENCODER = b"libx264"
"""In the arguments of a program that encodes."""
LAST_BYTES = 4000
NANO = 10**9

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
_UTIME, _RSS = 11, 21
"""Fields of /proc/PID/stat after the name (proc(5)), counted from 0; user, system, and both of waited-for children."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """What is so at one moment, counted from some beginning."""

    at_s: float
    cpu_s: float
    """Used by all descendants that there are and were."""
    idle_s: float
    """Of all processors of this machine."""
    threads: dict[int, tuple[int, int]]
    """Of each thread of ours that lives: nanoseconds that it ran, and that it waited for a processor."""


@dataclass
class Watch:
    """What was seen while the command ran."""

    peak_mb: float = 0.0
    watched_s: float = 0.0
    alone_s: float = 0.0
    """Of what was watched."""
    encoding_s: float = 0.0
    encoding_cpu_s: float = 0.0
    encoding_idle_s: float = 0.0
    encoding_wanted_s: float = 0.0
    _last: _Sight | None = None
    _was_encoding: bool = False
    _encoders: dict[int, bool] = field(default_factory=dict)

    def look(self) -> None:
        """Once more."""
        cpu_s, now_mb, is_encoding, threads = children_cpu_s(), 0.0, False, {}
        for pid in descendants(os.getpid()):
            with suppress(OSError, ValueError, IndexError):
                used_s, held_mb = _used(pid)
                cpu_s, now_mb = cpu_s + used_s, now_mb + held_mb
                is_encoding |= self._encodes(pid)
                threads |= _threads(pid)
        self.peak_mb = max(self.peak_mb, now_mb)
        seen = _Sight(time.monotonic(), cpu_s, idle_s(), threads)
        if self._last is not None:
            self._between(self._last, seen, is_encoding=is_encoding and self._was_encoding)
        self._last, self._was_encoding = seen, is_encoding

    def _between(self, before: _Sight, after: _Sight, *, is_encoding: bool) -> None:
        took_s, cpu_s = after.at_s - before.at_s, max(0.0, after.cpu_s - before.cpu_s)
        shared = before.threads.keys() & after.threads.keys()
        waited_s = sum(after.threads[tid][1] - before.threads[tid][1] for tid in shared) / NANO
        self.watched_s += took_s
        self.alone_s += alone_s(took_s, cpu_s, waited_s)
        if is_encoding:
            self.encoding_s += took_s
            self.encoding_cpu_s += cpu_s
            self.encoding_idle_s += max(0.0, after.idle_s - before.idle_s)
            self.encoding_wanted_s += cpu_s + waited_s

    def _encodes(self, pid: int) -> bool:
        if not self._encoders.get(pid):
            # Asked again until it is one: a process has its parent's arguments until it has its own.
            self._encoders[pid] = ENCODER in Path(f"/proc/{pid}/cmdline").read_bytes()
        return self._encoders[pid]


def alone_s(took_s: float, cpu_s: float, waited_s: float, processors: int = os.cpu_count() or 1) -> float:
    """How long it would have taken if nobody else had used the processors: an estimate.

    Args:
        took_s: what it took.
        cpu_s: processor time that it got.
        waited_s: time that its threads, added up, could have run and waited for a processor.
        processors: how many there are.
    """
    wanted_s = cpu_s + waited_s
    if wanted_s <= 0 or took_s <= 0:
        return took_s
    # While it wanted anything at all, it would have got what it wanted, up to what there is; the rest is sleep.
    awake_s = min(took_s, wanted_s)
    return took_s - awake_s + awake_s * min(1.0, cpu_s / min(wanted_s, processors * took_s))


def descendants(pid: int) -> Iterator[int]:
    """Every living descendant of a process."""
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                for child in (task / "children").read_text().split():
                    yield int(child)
                    yield from descendants(int(child))


def children_cpu_s() -> float:
    """What our children used that have ended, with all that they waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def idle_s() -> float:
    """Seconds that the processors of this machine had nothing to do, all together, since it was started."""
    first = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return (int(first[4]) + int(first[5])) / _TICKS


def _used(pid: int) -> tuple[float, float]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[_UTIME : _UTIME + 4])) / _TICKS, int(fields[_RSS]) * _PAGE_MB


def _threads(pid: int) -> dict[int, tuple[int, int]]:
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError, ValueError):
            ran_ns, waited_ns, _ = map(int, (task / "schedstat").read_text().split())
            found[int(task.name)] = (ran_ns, waited_ns)
    return found


def main() -> int:
    """Run, watch, wait for everything, print."""
    adopt_orphans()
    ended = _ends_of_children()
    watch, began, used = Watch(), time.monotonic(), []
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            sys.argv[2:], cwd=sys.argv[1], stdin=subprocess.DEVNULL, stdout=words, stderr=subprocess.STDOUT
        )
        ended_at: float | None = None
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid:
                used.append(usage)
                if pid == process.pid:
                    process.returncode, ended_at = os.waitstatus_to_exitcode(status), time.monotonic()
                continue
            if ended_at is not None and time.monotonic() - ended_at > LEFT_BEHIND_S:
                sys.stderr.write(f"left behind after {LEFT_BEHIND_S:.0f} s: {[*descendants(os.getpid())]}\n")
                return 1
            watch.look()
            if select.select([ended], [], [], TICK_S)[0]:
                os.read(ended, 1 << 12)
        wall_s = time.monotonic() - began
        words.seek(max(0, words.seek(0, os.SEEK_END) - LAST_BYTES))
        sys.stderr.write(words.read().decode(errors="replace"))
    if process.returncode == 0:
        largest_mb = max(usage.ru_maxrss for usage in used) / 1024  # Linux counts kilobytes
        cost = {
            "cpu_s": sum(usage.ru_utime + usage.ru_stime for usage in used),
            "wall_s": wall_s,
            "alone_s": min(wall_s, watch.alone_s + wall_s - watch.watched_s),
            "peak_mb": max(watch.peak_mb, largest_mb),
        }
        if watch.encoding_s > 0:
            cost["encoding_s"] = watch.encoding_s
            cost["encoding_cores"] = watch.encoding_cpu_s / watch.encoding_s
            cost["encoding_wanted_cores"] = watch.encoding_wanted_s / watch.encoding_s
            cost["encoding_idle_cores"] = watch.encoding_idle_s / watch.encoding_s
        sys.stdout.write(json.dumps(cost))
    return process.returncode and 1


def _ends_of_children() -> int:
    """A descriptor that can be read when a child has ended, so that nothing is waited for longer than it takes."""
    told, tells = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    return told


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends first: nobody else would count a sandbox's."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    sys.exit(main())
