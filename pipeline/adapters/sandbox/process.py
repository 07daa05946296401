"""How is one child process run so that nothing of it is left, however it or we end?

Rules kept here:

* The argv is a list; there is no shell. Its stdin is empty, or holds what we say: a secret goes in that way and is
  then on no disk and in no list of processes.
* The child leads a process group of its own. On a timeout, and on any exception at all (a cancelled flow, Ctrl-C),
  the group is killed and waited for before the exception goes on.
* When this process is killed itself, a guard kills the group (`guard`). The guard is told when the *thread* that
  started it ends; here that thread waits, so the two end together.
* Where several children work on one thing and one fails, the others are told to end (`Stop`).
* Of stderr the end is kept, whatever its length.
"""

import contextlib
import errno
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from pipeline.errors import MediaLimitError, MediaToolError, SettingsError

STDERR_TAIL_BYTES = 1 << 16
"""Enough for the statistics that ffmpeg prints last and the errors before them."""

STDIN_BYTES_MAX = 1 << 15
"""What fits into any pipe at once, so that writing it never waits for a child that does not read."""

_READ_BYTES = 1 << 16
_DEATH_WAIT_S = 10
"""How long a killed group may take to close its pipes; the kernel needs milliseconds."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended; a negative return code is the signal that killed it."""

    returncode: int
    stderr: str
    """The end of it."""


class Stop:
    """A word to children of several threads to end at once. Safe to give twice."""

    def __init__(self) -> None:
        self._hearing, self._saying = os.pipe()
        self._lock = Lock()
        self._is_open = True

    def fileno(self) -> int:
        """What becomes readable when the word is given."""
        return self._hearing

    def give(self) -> None:
        """Kill every child that listens, and each that begins from now on."""
        with self._lock, contextlib.suppress(BlockingIOError):
            if self._is_open:
                os.write(self._saying, b".")  # nobody reads it: it stays there for all who come

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_open = False
            os.close(self._hearing)
            os.close(self._saying)


class StoppedError(Exception):
    """A child was killed by our own word; whoever gave it knows why, and nobody else hears of it."""


def run_child(
    argv: Sequence[str],
    *,
    cwd: Path,
    wall_s: int,
    on_line: Callable[[bytes], None] | None = None,
    on_bytes: Callable[[bytes], None] | None = None,
    line_bytes: int = 1 << 20,
    stdin: bytes = b"",
    stop: Stop | None = None,
) -> Finished:
    """Run a child to its end, handing its stdout on as it comes: by lines, or as bytes.

    Raises:
        StoppedError: `stop` was given, and it is dead.
        MediaLimitError: it ran longer than `wall_s` or wrote a line of more than `line_bytes` and is dead, or its
            command is too long.
        MediaToolError: this machine starts no more processes.
        SettingsError: the program is not there.
    """
    if len(stdin) > STDIN_BYTES_MAX:
        raise ValueError(f"expected at most {STDIN_BYTES_MAX} bytes of stdin, found {len(stdin)}")
    try:
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as exc:
        raise SettingsError(f"the program {argv[0]} was not found") from exc
    except OSError as exc:
        if exc.errno != errno.E2BIG:
            raise MediaToolError(f"no child process could be started: {exc.strerror}") from exc
        # The kernel takes 128 KiB an argument: more than ten hours of ten-second clips.
        raise MediaLimitError("expected no more clips than one command can name, found more") from exc
    try:
        _tell(child, stdin)
        lines = _Lines(on_line, line_bytes)
        stderr = _pump(child, time.monotonic() + wall_s, on_bytes or lines.add, stop)
        lines.end()
        return Finished(child.wait(timeout=_DEATH_WAIT_S), stderr)
    except (TimeoutError, subprocess.TimeoutExpired) as exc:
        raise MediaLimitError(f"reading or encoding took longer than {wall_s} s and was stopped") from exc
    finally:
        _bury(child)


def _tell(child: subprocess.Popen[bytes], stdin: bytes) -> None:
    if child.stdin is not None:
        with contextlib.suppress(BrokenPipeError), child.stdin:
            child.stdin.write(stdin)


def _pump(
    child: subprocess.Popen[bytes], deadline_s: float, on_bytes: Callable[[bytes], None], stop: Stop | None
) -> str:
    """Empty both pipes until the child has closed them; what is kept of stderr."""
    tail = b""
    with selectors.DefaultSelector() as selector:
        for pipe in filter(None, (child.stdout, child.stderr)):
            selector.register(pipe, selectors.EVENT_READ)
        listening = 0 if stop is None else 1
        if stop is not None:
            selector.register(stop, selectors.EVENT_READ)
        while len(selector.get_map()) > listening:
            left_s = deadline_s - time.monotonic()
            ready = selector.select(left_s) if left_s > 0 else []
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                if key.fileobj is stop:
                    raise StoppedError
                chunk = os.read(key.fd, _READ_BYTES)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is child.stderr:
                    tail = (tail + chunk)[-STDERR_TAIL_BYTES:]
                else:
                    on_bytes(chunk)
    return tail.decode(errors="replace")


class _Lines:
    """Makes lines of chunks and hands them on."""

    def __init__(self, on_line: Callable[[bytes], None] | None, line_bytes: int) -> None:
        self._on_line = on_line
        self._line_bytes = line_bytes
        self._rest = bytearray()

    def add(self, chunk: bytes) -> None:
        if self._on_line is None:
            return
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            self._on_line(bytes(self._rest + end))
            self._rest.clear()
        self._rest += rest
        if len(self._rest) > self._line_bytes:
            raise MediaLimitError(f"expected lines of at most {self._line_bytes} bytes, found a longer one")

    def end(self) -> None:
        if self._rest and self._on_line is not None:
            self._on_line(bytes(self._rest))


def _bury(child: subprocess.Popen[bytes]) -> None:
    """Leave no process of the group and no open pipe. Safe to repeat."""
    if child.returncode is None:  # not waited for yet, so its number is still its own
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
