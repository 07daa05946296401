"""What stands between a child and the world, and does it hold on this machine?

Always: a working folder of its own with our own file names (`in/…`, `out/…`), an empty environment, kernel limits on
CPU, memory, file size and open files (`prlimit`), no way to gain privileges, and death with us (`guard`).

Where bubblewrap works, also: no network, no other process to see, a read-only system, and of all files only its
inputs (read only) and its output folder. Containers often forbid that; then the limits stand alone and one warning
says so, or, where bubblewrap is required, nothing is run.
"""

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog

from pipeline.adapters.sandbox.guard import guarded
from pipeline.adapters.sandbox.process import run_child
from pipeline.adapters.sandbox.programs import find_program
from pipeline.errors import MediaLimitError, MediaToolError, SettingsError

log = structlog.get_logger()

ALWAYS = (
    "working folder",
    "empty environment",
    "memory",
    "CPU",
    "file size",
    "open files",
    "wall clock",
    "death with us",
)
BY_BUBBLEWRAP = ("no network", "no other process", "read-only system", "only its inputs to read")

_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
"""What a dynamically linked program needs to start. Debian finds its linear algebra through /etc/alternatives."""

_TRIAL_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class WallsHere:
    """Which walls hold on this machine."""

    holding: tuple[str, ...]
    missing: tuple[str, ...]


def walls_here() -> WallsHere:
    """Which walls hold on this machine, tried once a process.

    Raises:
        SettingsError: a program of the base system is missing.
        MediaToolError: bubblewrap gave no answer.
    """
    for name in ("setpriv", "prlimit"):
        find_program(name)
    if bubblewrap() is None:
        return WallsHere(ALWAYS, BY_BUBBLEWRAP)
    return WallsHere((*ALWAYS, *BY_BUBBLEWRAP), ())


def bubblewrap() -> str | None:
    """Bubblewrap, where this machine lets it build the walls.

    Raises:
        MediaToolError: it gave no answer.
    """
    found = shutil.which("bwrap")
    return found if found is not None and _works(found) else None


def demand(*, is_required: bool) -> None:
    """Say that the walls are incomplete: with one warning, or by refusing to go on.

    Raises:
        SettingsError: they are required.
    """
    if is_required:
        raise SettingsError(
            "FIRSTHAND_SANDBOX=required: expected bubblewrap to work on this machine, found that it does not; install "
            "bubblewrap and allow user namespaces, or say when-possible"
        )
    _warn()


@cache
def bubblewrap_argv() -> tuple[str, ...]:
    """The walls, without any input or output: what follows binds those."""
    system: list[str] = []
    for path in _SYSTEM:
        if Path(path).is_symlink():
            system += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).exists():
            system += ["--ro-bind", path, path]
    return (
        # No session of its own: it would leave the guard's group. It has no terminal to begin with.
        *("--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"),
        *("--setenv", "PATH", "/usr/bin", "--setenv", "LC_ALL", "C"),
        *system,
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),  # noqa: S108  # a private one, inside
    )


@cache
def _works(bwrap: str) -> bool:
    trial = [bwrap, *bubblewrap_argv(), "--", find_program("prlimit"), "--version"]
    try:
        return run_child(guarded(trial), cwd=Path("/"), wall_s=_TRIAL_TIMEOUT_S).returncode == 0
    except MediaLimitError as exc:
        # Not an answer: to go on without walls because the machine is busy would be to fail open.
        raise MediaToolError(f"bubblewrap did not answer within {_TRIAL_TIMEOUT_S} s") from exc


@cache
def _warn() -> None:
    log.warning("sandbox_limited", missing=", ".join(BY_BUBBLEWRAP), kept=", ".join(ALWAYS))
