"""How is one program run on untrusted input within the walls?"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.adapters.sandbox.guard import guarded
from pipeline.adapters.sandbox.limits import ChildLimits
from pipeline.adapters.sandbox.process import Finished, Stop, run_child
from pipeline.adapters.sandbox.programs import find_program
from pipeline.adapters.sandbox.walls import bubblewrap, bubblewrap_argv, demand
from pipeline.errors import MediaToolError

INPUT_FOLDER, OUTPUT_FOLDER = "in", "out"

_INSIDE = Path("/footage")
"""Where the working folder appears inside the walls."""


class Sandbox:
    """Runs one program at a time within the walls, each in a working folder of its own. Safe to share."""

    def __init__(self, *, limits: ChildLimits, program: str, must_wall: bool = False) -> None:
        """Take a program by its name on PATH or by its path.

        Raises:
            SettingsError: it is not installed.
        """
        self.program = find_program(program)
        self._limits = limits
        self._must_wall = must_wall

    def run(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        inputs: Mapping[str, Path],
        wall_s: int,
        on_line: Callable[[bytes], None] | None = None,
        on_bytes: Callable[[bytes], None] | None = None,
        readable: Sequence[Path] = (),
        stdin: bytes = b"",
        stop: Stop | None = None,
    ) -> Finished:
        """Run the program to its end, however that is.

        Args:
            arguments: what follows the program's name; inputs are `in/<name>`, outputs go to `out/`.
            folder: from `working_folder`; what the program makes is found in `folder / OUTPUT_FOLDER`.
            inputs: files, by the name that they get inside.
            wall_s: the longest it may run.
            on_line: told each line of its standard output.
            on_bytes: told its standard output as it comes, and `on_line` nothing.
            readable: more of this machine that it may read, at the same paths: code, never data.
            stdin: what it finds on its standard input, 32 KiB at most.
            stop: ends it when the word is given.

        Raises:
            StoppedError: the word was given.
            MediaLimitError: it ran longer than `wall_s`, or wrote a line longer than allowed.
            MediaToolError: this machine starts no more processes, or bubblewrap gave no answer.
            SettingsError: a program of the base system is missing, or the walls are required and do not hold.

        However it ends, nothing of it is left running.
        """
        walled = self._walled(folder, inputs, readable)
        return run_child(
            guarded([*self._limited(wall_s), *walled, self.program, *arguments]),
            cwd=folder,
            wall_s=wall_s,
            on_line=on_line,
            on_bytes=on_bytes,
            line_bytes=self._limits.line_bytes,
            stdin=stdin,
            stop=stop,
        )

    def _limited(self, wall_s: int) -> list[str]:
        limits = self._limits
        return [
            find_program("prlimit"),
            f"--cpu={limits.cores * wall_s}",
            f"--as={limits.memory_bytes}",
            f"--fsize={limits.file_bytes}",
            f"--nofile={limits.open_files}",
            *("--core=0", "--"),
        ]

    def _walled(self, folder: Path, inputs: Mapping[str, Path], readable: Sequence[Path]) -> list[str]:
        bwrap = bubblewrap()
        if bwrap is None:
            demand(is_required=self._must_wall)
            for name, path in inputs.items():
                (folder / INPUT_FOLDER / name).symlink_to(path.resolve())
            return []
        bound = [word for path in readable for word in ("--ro-bind", str(path), str(path))]
        bound += ["--bind", str(folder / OUTPUT_FOLDER), str(_INSIDE / OUTPUT_FOLDER)]
        for name, path in inputs.items():
            bound += ["--ro-bind", str(path.resolve()), str(_INSIDE / INPUT_FOLDER / name)]
        # A program in the guard's group could signal the guard, which is outside.
        return [bwrap, *bubblewrap_argv(), *bound, "--chdir", str(_INSIDE), "--", find_program("setsid")]


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
