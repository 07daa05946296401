"""firsthand up | status | down | reset: the servers of this machine."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table

import infra
from flows.cli.output import Json, emit, err, out
from infra.local import NOT_ANSWERING, PART_NAMES, PartStatus, Phase, Progress, Stack
from pipeline.errors import StackError, UsageError
from pipeline.lookup.schema import bring_to_newest
from pipeline.settings import home

app = typer.Typer()

SIGNS = {Phase.READY: "[green]✓[/]", Phase.STOPPED: "[green]✓[/]", Phase.FAILED: "[red]✗[/]"}
UNDER_WAY = "[yellow]·[/]"
REFRESH_PER_S = 5
STATUS_COLUMNS = ["name", "state", "pid", "port", "uptime_s", "url"]

Parts = Annotated[
    list[str] | None, typer.Argument(help=f"Of {', '.join(PART_NAMES)}; with what they need. Default: all.")
]


@app.command(epilog="Example: firsthand up postgres s3")
def up(parts: Parts = None, as_json: Json = False) -> None:
    """Start the local stack, wait until it answers, and write its settings into FIRSTHAND_HOME. Safe to repeat.

    What runs stays as it is; what was killed is started again; what was half made is completed.
    """
    bring_up(parts)
    _print(_stack().status(), as_json=as_json)


@app.command(epilog="Example: firsthand status --json")
def status(as_json: Json = False) -> None:
    """Tell how every part is, by asking it. Ends with the code of a stack fault if one runs but does not answer."""
    found = _stack().status()
    _print(found, as_json=as_json)
    if not as_json:
        from pipeline.workbench import walls  # noqa: PLC0415  # it imports every adapter; the other commands need none

        here = walls()
        missing = f", missing: {', '.join(here.missing)} (bubblewrap does not work here)" if here.missing else ""
        out().print(f"walls around parsers: {', '.join(here.holding)}{missing}")
    silent = [part for part in found if part.state == NOT_ANSWERING]
    if silent:
        reasons = "\n".join(f"{part.name} does not answer: {part.detail}; log: {part.log}" for part in silent)
        raise StackError(f"{reasons}\n`firsthand up` starts it again.")


@app.command(epilog="Example: firsthand down")
def down(as_json: Json = False) -> None:
    """Stop what `firsthand up` started, and nothing else. Data stays. Safe to repeat."""
    stack = _stack()
    with _showing() as report:
        stack.down(report)
    if as_json:
        _print(stack.status(), as_json=True)


@app.command(epilog="Example: firsthand reset --yes")
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Stop the local stack and delete all that it holds: databases, objects, labels, logs, credentials."""
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("expected --yes, because nobody can be asked here; nothing was deleted")
        typer.confirm(f"Delete everything in {home()}?", abort=True)
    stack = _stack()
    with _showing() as report:
        stack.reset(report)
    if as_json:
        _print(stack.status(), as_json=True)
    else:
        out().print("The local stack is gone.")


def bring_up(parts: list[str] | None) -> None:
    """Start parts of the stack, or all, and show how it goes. Safe to repeat.

    Raises:
        StackError: A part did not come up; the others did.
        UsageError: There is no part of such a name, or no checkout to run.
    """
    with _showing() as report:
        _stack().up(parts, report)


def _stack() -> Stack:
    project = Path(infra.__file__).resolve().parents[1]
    if not (project / "infra" / "locks").is_dir():
        raise UsageError(f"expected a checkout of Firsthand at {project}: the local stack runs from one")
    tools = Path(os.environ.get("FIRSTHAND_TOOLS") or project / ".tools")
    return Stack(home(), tools, project, migrate=bring_to_newest)


def _print(found: list[PartStatus], *, as_json: bool) -> None:
    emit("parts", found, as_json=as_json, empty="No parts.", columns=STATUS_COLUMNS)


@dataclass(slots=True)
class _Board:
    """A line per part, redrawn while time passes."""

    began: float = field(default_factory=time.monotonic)
    last: dict[str, Progress] = field(default_factory=dict)

    def __rich__(self) -> Table:
        now_s = time.monotonic() - self.began
        table = Table.grid(padding=(0, 2))
        for progress in self.last.values():
            is_over = progress.phase in SIGNS
            shown_s = progress.elapsed_s if is_over else now_s
            table.add_row(SIGNS.get(progress.phase, UNDER_WAY), progress.part, f"{shown_s:5.1f} s", progress.detail)
        return table


@contextmanager
def _showing() -> Iterator[Callable[[Progress], None]]:
    """Show progress: a board on a terminal, a line for each part that is done elsewhere."""
    if not err().is_terminal:
        yield _say_a_line
        return
    board = _Board()

    def draw(progress: Progress) -> None:
        board.last[progress.part] = progress

    with Live(board, console=err(), refresh_per_second=REFRESH_PER_S):
        yield draw


def _say_a_line(progress: Progress) -> None:
    if progress.phase != Phase.WORKING:
        line = f"{progress.part}: {progress.phase}, {progress.elapsed_s:.1f} s  {progress.detail}"
        err().print(line.rstrip(), markup=False)
