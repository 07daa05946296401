"""How does a Python parser of ours read an untrusted file, so that a crash, a loop or a bomb is a reason and no more?

A parser is a module with one function, run in a child process within the walls::

    def parse(files: Mapping[str, str], options: Mapping[str, Any]) -> JSON value

* `files` maps the names that `Parsers.run` was given to paths that can be opened; nothing else of the machine's data
  can be. The working folder is private; what it writes to `out/<name>` can be kept (`keep`).
* It returns plain JSON values (no NaN), or raises a `RejectedInputError` of `pipeline.errors` with a reason for people.
* It may import the standard library, its own adapter and libraries that are installed. Each import is paid for every
  file (a bare start takes some 50 ms): keep the parser apart from modules that import much, `structlog` included; the
  package's `__init__` is imported too, so leave that bare.
* What it prints goes nowhere. A secret is read from `sys.stdin.buffer`, and is on no disk and in no list of processes.

On our side::

    parsers = Parsers(scratch=bench.scratch.own)
    tags = parsers.run("pipeline.adapters.stills.tags", {"still": path})
    parsers.run("pipeline.dock.clip_key", {"clip": sealed}, stdin=key, keep={"clip.mp4": target}, wall_s=600)

The answer is untrusted too: it is JSON of at most `limits.line_bytes`, whose shape the caller has to check.
"""

import json
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from pipeline import errors
from pipeline.adapters.sandbox import child
from pipeline.adapters.sandbox.endings import LIMIT_SIGNALS, NOT_STARTED, OUTSIDE_SIGNALS, signal_of
from pipeline.adapters.sandbox.limits import ChildLimits
from pipeline.adapters.sandbox.process import Finished
from pipeline.adapters.sandbox.runner import OUTPUT_FOLDER, Sandbox, working_folder
from pipeline.errors import MediaLimitError, MediaToolError, RejectedInputError, UnreadableFileError

PARSER_LIMITS = ChildLimits(memory_bytes=1 << 30, file_bytes=0, open_files=64, cores=1, line_bytes=16 << 20)
"""What a parser that only reads may take."""

WALL_S = 60
"""Even a busy machine reads a sidecar within this."""

_FRAMES_DEEP = 400
"""How deep a parser may call itself: enough for any honest file, and too little to overrun the stack of a C library."""

_REASON_LENGTH_MAX = 300
_TOOK_ALL_MEMORY = ("MemoryError", "memory allocation of", "bad_alloc")


class Parsers:
    """Runs parsers of ours in children. Safe to share between threads."""

    def __init__(self, *, scratch: Path, limits: ChildLimits = PARSER_LIMITS, must_wall: bool = False) -> None:
        self._scratch = scratch / "parsers"
        self._limits = limits
        self._must_wall = must_wall

    def run(
        self,
        parser: str,
        files: Mapping[str, Path],
        *,
        options: Mapping[str, Any] | None = None,
        stdin: bytes = b"",
        keep: Mapping[str, Path] | None = None,
        wall_s: int = WALL_S,
    ) -> Any:
        """What a parser says of these files. Safe to repeat.

        Args:
            parser: the dotted name of the module.
            files: what it may read, by the names that it knows them under (letters, digits, `.`, `_`, `-`).
            options: plain JSON values for the parser.
            stdin: a secret for the parser.
            keep: files that the parser makes, by name, and where they are moved when it has answered; on the file
                system of `scratch`. They need `limits` with a `file_bytes`.
            wall_s: the longest it may run.

        Returns:
            Its answer: `None`, a bool, a number, a string, a list or a dict of them.

        Raises:
            RejectedInputError: what the parser raised, in its own class.
            UnreadableFileError: the parser failed or crashed, or answered something that is no JSON.
            MediaLimitError: it took more time, memory or output than allowed.
            MediaToolError: a file is not there, the child was stopped from outside, or what was to be kept cannot be.
            SettingsError: the walls are required and do not hold here.

        After any of them nothing is kept.
        """
        for path in files.values():
            if not path.is_file():
                raise MediaToolError(f"{parser}: expected a file to parse, found none")
        lines: list[bytes] = []
        sandbox = Sandbox(limits=self._limits, program=_interpreter(), must_wall=self._must_wall)
        with working_folder(self._scratch) as folder:
            finished = sandbox.run(
                ["-I", "-S", "-B", child.__file__, _order(parser, list(files), options or {})],
                folder=folder,
                inputs=files,
                wall_s=wall_s,
                on_line=lines.append,
                readable=_code(),
                stdin=stdin,
            )
            answer = _answer(parser, finished, lines)
            for name, target in (keep or {}).items():
                _keep(folder / OUTPUT_FOLDER / name, target, parser)
        return answer


def _order(parser: str, names: list[str], options: Mapping[str, Any]) -> str:
    code = [str(path) for path in _code_roots()]
    order = {"code": code, "parser": parser, "inputs": names, "options": options, "frames_deep": _FRAMES_DEEP}
    return json.dumps(order, allow_nan=False)


def _answer(parser: str, finished: Finished, lines: list[bytes]) -> Any:
    """What the child said, or the error that its end amounts to."""
    if finished.returncode != 0 or len(lines) != 1:
        _blame(parser, finished)
    try:
        said = json.loads(lines[0], parse_constant=_refuse_constant)
        ((kind, value),) = said.items()
        if kind == "answer":
            return value
        if kind == "failed":
            raise _failure(parser, str(value))
        name, reason = value
        raise _rejection(str(name))(_plain(str(reason)))
    except (ValueError, TypeError, AttributeError, RecursionError) as exc:
        raise UnreadableFileError(f"{parser}: expected an answer in JSON, found something else") from exc


def _failure(parser: str, where: str) -> RejectedInputError:
    if any(words in where for words in _TOOK_ALL_MEMORY):
        return MediaLimitError(f"{parser} took more memory than allowed")
    return UnreadableFileError(f"{parser} could not read it: {_plain(where)}")


def _blame(parser: str, finished: Finished) -> NoReturn:
    stopped_by = signal_of(finished.returncode)
    if stopped_by in LIMIT_SIGNALS:
        raise MediaLimitError(f"{parser} took more {LIMIT_SIGNALS[stopped_by]} than allowed")
    if stopped_by in OUTSIDE_SIGNALS or NOT_STARTED.search(finished.stderr):
        raise MediaToolError(f"{parser} was stopped from outside or not started (return code {finished.returncode})")
    if any(words in finished.stderr for words in _TOOK_ALL_MEMORY):
        raise MediaLimitError(f"{parser} took more memory than allowed")
    how = stopped_by.name if stopped_by else f"return code {finished.returncode}"
    raise UnreadableFileError(f"{parser} crashed on it ({how})")


def _rejection(name: str) -> type[RejectedInputError]:
    """The class of that name; a child that says another word is not believed in that."""
    found = getattr(errors, name, None)
    return found if isinstance(found, type) and issubclass(found, RejectedInputError) else UnreadableFileError


def _plain(text: str) -> str:
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:_REASON_LENGTH_MAX]
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _keep(made: Path, target: Path, parser: str) -> None:
    # The child owns that folder: a link it leaves there would name a file of ours.
    if made.is_symlink() or not made.is_file():
        raise UnreadableFileError(f"{parser}: expected it to make a file, found none")
    try:
        made.replace(target)
    except OSError as exc:
        raise MediaToolError(f"{parser}: what it made cannot be kept: {exc.strerror}") from exc


@cache
def _interpreter() -> str:
    """The Python under our virtual environment: the environment's own is a link that looks for its settings."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


@cache
def _code_roots() -> tuple[Path, ...]:
    """Where `pipeline` is found, then where the libraries are."""
    ours = Path(errors.__file__).parents[1]
    paths = sysconfig.get_paths()
    return tuple(dict.fromkeys((ours, Path(paths["purelib"]), Path(paths["platlib"]))))


@cache
def _code() -> tuple[Path, ...]:
    """What of this machine a parser may read: Python, its libraries, and `pipeline`."""
    ours, *libraries = _code_roots()
    found = [Path(sys.base_prefix).resolve(), *libraries, ours / "pipeline"]
    return tuple(path for path in dict.fromkeys(found) if not path.is_relative_to("/usr"))
