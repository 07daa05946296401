"""How results reach people and programs: a table on a terminal, one stable JSON document with `--json`.

The JSON document is `{"schema": "firsthand/1", "kind": KIND, "items": [...]}`. Exact numbers (seconds, frame rates) are
strings such as "30000/1001"; times are ISO 8601 in UTC; a field is never left out, only null.
"""

import dataclasses
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.domain.digest import Sha256
from pipeline.domain.version import Version

SCHEMA = "firsthand/1"

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]

WIDE = 400
"""Columns where there is no terminal: a line that is cut is worse than a long one."""

_SHOWN_S = 3
_ID_SHOWN = 8


def out() -> Console:
    """Where results go."""
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """Where progress and errors go, so that results can be piped."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def emit(kind: str, items: Sequence[Any], *, as_json: bool, empty: str, columns: Sequence[str] | None = None) -> None:
    """Print dataclasses of one kind.

    Args:
        kind: what they are, in the plural.
        items: the dataclasses.
        as_json: print the JSON document, with every field.
        empty: the sentence that a person reads when there are none.
        columns: the fields that a person sees; all of them when not given.
    """
    if as_json:
        document = {"schema": SCHEMA, "kind": kind, "items": [plain(item) for item in items]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    if not items:
        out().print(empty)
        return
    names = list(columns or [field.name for field in dataclasses.fields(items[0])])
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name.removesuffix("_id").replace("_", " "), overflow="fold")
    for item in items:
        table.add_row(*(printable(shown(getattr(item, name))) for name in names))
    out().print(table)


def tell(kind: str, done: object, *, as_json: bool, changed: bool, nothing: str) -> None:
    """Print what a run of a flow did; a person reads the sentence `nothing` when it did nothing."""
    if as_json or changed:
        emit(kind, [done], as_json=as_json, empty="")
    else:
        out().print(nothing)


def printable(text: str) -> Text:
    """Text as it may go to a terminal: never markup, and no control character does anything."""
    return Text("".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text))


def plain(value: Any) -> Any:
    """A value as JSON."""
    if isinstance(value, UUID | Fraction | Path | Sha256 | Version):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, date):  # which a datetime is too
        return value.isoformat()
    return value


def shown(value: Any) -> str:
    """A value as a person reads it in a table; ids are cut to what still names them."""
    if value is None:
        return "-"
    if isinstance(value, UUID):
        return value.hex[:_ID_SHOWN]
    if isinstance(value, Fraction):
        return str(value) if value.denominator == 1 else f"{float(value):.{_SHOWN_S}f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(len(value) if isinstance(value, tuple | list) else value)
