"""Which processes are ours, and how are they started and stopped?

* A process is known by pid **and** start time: pids are used again, start times of the same pid are not.
* Every process carries a mark of its stack in its environment, which its children inherit. A process that was started
  in the instant before its starter was killed, or a flow run whose worker was killed, is found again by it.
* Nothing without both our mark (or our record) and the same start time is ever signalled.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.files import open_log
from infra.local.state import ProcessRecord
from pipeline.errors import StackError

MARK = "FIRSTHAND_STACK_PROCESS"
ONCE = "once"
"""Under this name run the programs that a command waits for."""
LAST_LINES = 15
START_TIME_TOLERANCE_S = 0.05
"""The kernel counts start times in hundredths of a second."""
KILL_WAIT_S = 5.0
KERNEL_PARENTS = (0, 2)
"""Parents of the kernel's own threads, which have no environment (and of the first process, which may have none)."""
EXEC_LOOKS = 10
EXEC_PAUSE_S = 0.005
"""How often, and how far apart, we look at a process that turns into another program: it takes less than a millisecond
where nobody else wants the processor."""

_LAUNCHER = (
    "import os, signal, sys; "
    # A shell starts a command with `&` with SIGINT ignored, and that is inherited: Prefect would then never stop,
    # because it turns SIGTERM into SIGINT.
    "signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execvpe(sys.argv[1], sys.argv[1:], os.environ)"
)

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Processes started by this interpreter: they must be reaped, or a dead one would look alive."""
_children_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Command:
    """One process of a part: what to run, with what, where."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    fingerprint: str
    """Digest of all that it is started with, its settings files included."""


def spawn(command: Command, *, stack_id: str, log: Path) -> ProcessRecord:
    """Start a process in a session of its own, its output appended to the log."""
    env = {**command.env, MARK: f"{stack_id}:{command.name}"}
    descriptor = open_log(log)
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command.argv],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env=env,
            cwd=command.cwd,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    with _children_lock:
        _children[child.pid] = child
    try:
        started_at = psutil.Process(child.pid).create_time()
    except psutil.NoSuchProcess:
        started_at = 0.0
    return ProcessRecord(child.pid, started_at, command.fingerprint)


def run_once(
    what: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stack_id: str,
    log: Path,
    within_s: float = 300.0,
) -> str:
    """Run a program to its end, its output appended to the log.

    It carries the mark too: if the command that runs it is killed, the next one ends it before it does the same.

    Args:
        what: What the program does, for the message if it fails.
        argv: Program and arguments.
        env: Its environment.
        cwd: Its working folder.
        stack_id: Whose it is.
        log: Where its output goes.
        within_s: How long it may take.

    Returns:
        What it wrote to its standard output.

    Raises:
        StackError: It ended with another code than 0, or not in time.
    """
    marked_env = {**env, MARK: f"{stack_id}:{ONCE}"}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, *argv],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=marked_env,
            cwd=cwd,
            timeout=within_s,
        )
    except subprocess.TimeoutExpired as exc:
        raise StackError(f"expected {what} to end within {within_s:.0f} s, it did not") from exc
    with os.fdopen(open_log(log), "a", encoding="utf-8") as file:
        file.write(done.stdout + done.stderr)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-LAST_LINES:])
        raise StackError(f"expected {what} to end well, it ended with {done.returncode}:\n{last}\nlog: {log}")
    return done.stdout


def find(record: ProcessRecord) -> psutil.Process | None:
    """The living process of this record, or nothing: a later process with the same pid is not it."""
    with _children_lock:
        child = _children.get(record.pid)
    if child is not None and child.poll() is not None:
        with _children_lock:
            _children.pop(record.pid, None)
        return None
    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.started_at) < START_TIME_TOLERANCE_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def living() -> Iterator[psutil.Process]:
    """Every process of this machine that is there now."""
    # Not `psutil.process_iter`: it remembers processes by pid, and would give us the one that had this pid before.
    # Its environment would be read as the new one's, and a signal to it refused.
    for pid in psutil.pids():
        with suppress(psutil.Error):
            yield psutil.Process(pid)


def marked(stack_id: str) -> Iterator[tuple[str, psutil.Process]]:
    """Every living process that carries the mark of this stack, with the name under which it was started."""
    if not stack_id:
        return
    for process in living():
        with suppress(psutil.Error, OSError):
            owner, _, name = _environ(process).get(MARK, "").partition(":")
            if owner == stack_id and process.status() != psutil.STATUS_ZOMBIE:
                yield name, process


def _environ(process: psutil.Process) -> dict[str, str]:
    """Its environment. While it turns from one program into another it has none, and no command line: we look again."""
    for _ in range(EXEC_LOOKS):
        environ = process.environ()
        if environ or process.ppid() in KERNEL_PARENTS or process.status() == psutil.STATUS_ZOMBIE:
            return environ
        if process.cmdline():
            break
        time.sleep(EXEC_PAUSE_S)
    return process.environ()


def adopt(known: Mapping[str, ProcessRecord], stack_id: str) -> dict[str, ProcessRecord]:
    """Find processes that were started and never recorded, because their starter was killed in between.

    Their fingerprint is empty, so that the next `up` starts them anew, with settings it knows. A process whose recorded
    start time only looks different because the clock of the machine was set is found again too.
    """
    found: dict[str, ProcessRecord] = {}
    for name, process in marked(stack_id):
        with suppress(psutil.Error, OSError):
            record = known.get(name)
            leads = os.getsid(process.pid) == process.pid
            if leads and (record is None or find(record) is None):
                fingerprint = record.fingerprint if record is not None and record.pid == process.pid else ""
                found[name] = ProcessRecord(process.pid, process.create_time(), fingerprint)
    return found


def stop(processes: Iterable[psutil.Process], *, with_signal: signal.Signals, within_s: float) -> None:
    """Ask processes to end, wait, and kill what is left of them and of their children. Safe to repeat."""
    leaders = list(processes)
    family: dict[int, psutil.Process] = {}
    for leader in leaders:
        with suppress(psutil.Error):
            family |= {child.pid: child for child in leader.children(recursive=True)}
    for leader in leaders:
        # psutil compares the start time once more before it signals.
        with suppress(psutil.Error):
            leader.send_signal(with_signal)
            # One that was suspended would hear the signal only when it goes on.
            leader.resume()
    _wait(leaders, within_s)
    remains = [process for process in [*leaders, *family.values()] if _is_there(process)]
    for process in remains:
        with suppress(psutil.Error):
            process.kill()
    _wait(remains, KILL_WAIT_S)


def listens_on(process: psutil.Process, port: int) -> bool:
    """Whether the process or one of its children is the one that listens on this port."""
    with suppress(psutil.Error):
        for member in [process, *process.children(recursive=True)]:
            with suppress(psutil.Error):
                for connection in member.net_connections(kind="tcp4"):
                    if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                        return True
    return False


def _is_there(process: psutil.Process) -> bool:
    with _children_lock:
        child = _children.get(process.pid)
    if child is not None and child.poll() is not None:
        return False
    try:
        # Of a process with several threads the first may be gone while others still hold its ports.
        ended = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
        return process.is_running() and not ended
    except psutil.Error:
        return False


def _wait(processes: Sequence[psutil.Process], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while any(_is_there(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
