"""firsthand duplicates list | show | same | distinct: footage that came twice, and what a person says of it."""

from typing import Annotated

import typer
from rich.table import Table

from flows.cli.output import Json, emit, out, printable, shown
from pipeline.lookup import doubles
from pipeline.lookup.doubles import DuplicateLine, Side
from pipeline.steps.decide import decide_duplicate
from pipeline.workbench import open_workbench

app = typer.Typer()
duplicates_app = typer.Typer(help="Footage that came twice.", no_args_is_help=True)
app.add_typer(duplicates_app, name="duplicates")

Pair = Annotated[str, typer.Argument(metavar="ID", help="A duplicate's id or its beginning.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a pseudonym, not a name.")]
Because = Annotated[str, typer.Option("--because", help="Why, in a sentence.")]


@duplicates_app.command("list", epilog="Example: firsthand duplicates list --waiting")
def list_all(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait for a person.")] = False,
    as_json: Json = False,
) -> None:
    """List pairs of uploads and recordings that are, or may be, the same footage."""
    found = doubles.list_duplicates(open_workbench().db, waiting_only=waiting)
    if as_json or not found:
        emit("duplicates", found, as_json=as_json, empty="Nothing came twice.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("duplicate", "verdict", "standing", "waits", "kind", "earlier", "later", "reason"):
        table.add_column(name, overflow="fold")
    for line in found:
        sides = (shown(line.earlier.thing_id), shown(line.later.thing_id))
        words = (line.verdict, line.standing, shown(line.waits), line.earlier.kind, *sides, line.reason)
        table.add_row(*(printable(word) for word in (shown(line.duplicate_id), *words)))
    out().print(table)


@duplicates_app.command("show", epilog="Example: firsthand duplicates show 1f0c2a9b")
def show(pair: Pair, as_json: Json = False) -> None:
    """Explain one pair: both sides with what their senders said, what was found, and what was decided."""
    _tell(doubles.find_duplicate(open_workbench().db, pair), as_json=as_json)


@duplicates_app.command(
    "same", epilog="Example: firsthand duplicates same 1f0c2a9b --by REVIEWER-2 --because 'A copy.'"
)
def same(pair: Pair, by: By, because: Because, as_json: Json = False) -> None:
    """Say that a pair is the same footage: clips of the later enter no release."""
    _decide(pair, is_same=True, by=by, because=because, as_json=as_json)


@duplicates_app.command(
    "distinct", epilog="Example: firsthand duplicates distinct 1f0c2a9b --by REVIEWER-2 --because 'Two cameras.'"
)
def distinct(pair: Pair, by: By, because: Because, as_json: Json = False) -> None:
    """Say that a pair is not the same footage: the next ingest makes the clips that the later has not yet."""
    _decide(pair, is_same=False, by=by, because=because, as_json=as_json)


def _decide(pair: str, *, is_same: bool, by: str, because: str, as_json: bool) -> None:
    bench = open_workbench()
    named = doubles.find_duplicate(bench.db, pair).duplicate_id
    decide_duplicate(named, is_same=is_same, decided_by=by, reason=because, db=bench.db, clock=bench.clock)
    _tell(doubles.find_duplicate(bench.db, str(named)), as_json=as_json)


def _tell(line: DuplicateLine, *, as_json: bool) -> None:
    if as_json:
        emit("duplicates", [line], as_json=True, empty="")
        return
    facts = Table(box=None, pad_edge=False, show_header=False)
    facts.add_row("duplicate", printable(str(line.duplicate_id)))
    facts.add_row("verdict", printable(f"{line.verdict}: {line.reason}"))
    facts.add_row("standing", printable(f"{line.standing}{', waits for a person' if line.waits else ''}"))
    for name, side in (("earlier", line.earlier), ("later", line.later)):
        facts.add_row(name, printable(_said(side)))
    for fact, value in line.facts.items():
        facts.add_row(fact.replace("_", " "), printable(value))
    if line.decided_by is not None:
        facts.add_row("decided", printable(f"{shown(line.decided_at)} by {line.decided_by}: {line.decided_because}"))
    out().print(facts)


def _said(side: Side) -> str:
    claims = f"exercise {side.exercise_id or 'unknown'}, camera {side.camera_serial or 'unknown'}"
    return f"{side.kind} {side.thing_id}, {claims}, sent as {', '.join(side.original_names) or 'nothing'}"
