"""Within which walls does ffmpeg read what a camera handed in?

Always: a working folder of its own with our own file names (`in/…`, `out/…`), an empty environment, kernel limits on
CPU, memory, file size and open files (`prlimit`), and death with its parent (`setpriv --pdeathsig`).

Where bubblewrap works, also: no network, no other process to see, a read-only system, and of all files only its
inputs (read only) and its output folder. Containers often forbid that; then the limits stand alone and one warning
says so.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import structlog

from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.process import Finished, run_child
from pipeline.errors import MediaToolError, SettingsError

log = structlog.get_logger()

INPUT_FOLDER, OUTPUT_FOLDER = "in", "out"

_INSIDE = Path("/footage")
"""Where the working folder appears inside the sandbox."""

_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
"""What a dynamically linked ffmpeg needs to start. Debian finds its linear algebra through /etc/alternatives."""

_PROBE_TIMEOUT_S = 30

_WHILE_WE_LIVE = 'test "$PPID" = "$0" && exec "$@"'
"""We may die before the child has asked to die with us; it looks once more, and gives up where it is an orphan."""


class Sandbox:
    """Runs one program at a time within the walls, each in a working folder of its own."""

    def __init__(self, *, limits: Limits, program: str) -> None:
        self.program = find_program(program)
        self._limits = limits

    def run(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        inputs: Mapping[str, Path],
        wall_s: int,
        on_line: Callable[[bytes], None] | None = None,
    ) -> Finished:
        """Run the program in `folder` (from `working_folder`) with these inputs under `in/`.

        Raises:
            MediaLimitError: it ran longer than `wall_s`.
            SettingsError: a program of the base system is missing.
        """
        bwrap = shutil.which("bwrap")
        walls = [
            find_program("setpriv"),
            *("--pdeathsig", "KILL", "--"),
            *("/bin/sh", "-c", _WHILE_WE_LIVE, str(os.getpid())),
            find_program("prlimit"),
            f"--cpu={2 * wall_s}",  # decoder and encoder may each fill a core
            f"--as={self._limits.memory_bytes}",
            f"--fsize={self._limits.output_bytes}",
            *("--nofile=128", "--core=0", "--"),
        ]
        if bwrap is not None and bubblewrap_works(bwrap, find_program("ffmpeg")):
            walls += [bwrap, *_walls(), "--bind", str(folder / OUTPUT_FOLDER), str(_INSIDE / OUTPUT_FOLDER)]
            for name, path in inputs.items():
                walls += ["--ro-bind", str(path.resolve()), str(_INSIDE / INPUT_FOLDER / name)]
            walls += ["--chdir", str(_INSIDE), "--"]
        else:
            _warn_of_no_bubblewrap()
            for name, path in inputs.items():
                (folder / INPUT_FOLDER / name).symlink_to(path.resolve())
        return run_child([*walls, self.program, *arguments], cwd=folder, wall_s=wall_s, on_line=on_line)


@contextlib.contextmanager
def working_folder(parent: Path, name: str | None = None) -> Iterator[Path]:
    """A private folder with `in/` and `out/`, removed with all that is in it when the block ends.

    With a name, what a killed run left under that name is removed first.

    Raises:
        MediaToolError: it cannot be made.
    """
    try:
        folder = _make_folder(parent, name)
    except OSError as exc:
        raise MediaToolError(f"no working folder can be made: {exc.strerror}") from exc
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_folder(parent: Path, name: str | None) -> Path:
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if name is None:
        folder = Path(tempfile.mkdtemp(dir=parent))
    else:
        folder = parent / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    (folder / INPUT_FOLDER).mkdir()
    (folder / OUTPUT_FOLDER).mkdir()
    return folder


def find_program(name: str) -> str:
    """Where a program is.

    Raises:
        SettingsError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise SettingsError(f"the program {name} was not found on PATH; install the packages ffmpeg and util-linux")
    return str(Path(found).resolve())


@cache
def bubblewrap_works(bwrap: str, ffmpeg: str) -> bool:
    """Whether this machine lets us build the walls and start ffmpeg in them; tried once a process."""
    try:
        tried = subprocess.run(
            [bwrap, *_walls(), "--", ffmpeg, "-version"],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_PROBE_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as exc:
        # Not an answer: to go on without walls because the machine is busy would be to fail open.
        raise MediaToolError(f"bubblewrap did not answer within {_PROBE_TIMEOUT_S} s") from exc
    except OSError:
        return False
    return tried.returncode == 0


@cache
def _warn_of_no_bubblewrap() -> None:
    log.warning("sandbox_reduced", missing="bubblewrap", kept="limits on CPU, memory, file size and time")


@cache
def _walls() -> tuple[str, ...]:
    system: list[str] = []
    for path in _SYSTEM:
        if Path(path).is_symlink():
            system += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).exists():
            system += ["--ro-bind", path, path]
    return (
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"),
        *("--setenv", "PATH", "/usr/bin", "--setenv", "LC_ALL", "C"),
        *system,
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),  # noqa: S108  # a private one, inside
    )
