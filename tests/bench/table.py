"""What does `make bench` write? Sections of one table, each as Markdown for people and as JSON for programs.

A section is what a module of this folder measures: its function `section()` returns a `Section`, or several. It may ask
for `seconds` (how long the benchmark source is), `repeats` and `source` by naming them as keywords with defaults.

Cells are what people read: strings, or numbers, which are written with the digits that their column gives them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOTHING = "-"
"""What stands in a cell for which there is no number."""

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    """What a reader must know to read the numbers, one sentence or two each."""
    data: Any = None
    """What the numbers were made from, for the JSON: every single run."""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: expected {len(self.columns)} cells, found {len(row)} in {row[0]!r}")


def markdown(sections: Mapping[str, Section], *, about: Sequence[str]) -> str:
    """The whole table: what was measured with, then the sections."""
    lines = ["# Firsthand's bench", "", *(f"* {line}" for line in about)]
    for section in sections.values():
        lines += ["", f"## {section.title}", "", _row(section.columns), _row(["---"] * len(section.columns))]
        lines += [_row(row) for row in section.rows]
        lines += ["", *(f"* {note}" for note in section.notes)] if section.notes else []
    return "\n".join(lines) + "\n"


def write(
    folder: Path, sections: Mapping[str, Section], *, about: Sequence[str], machine: Mapping[str, Any]
) -> tuple[Path, Path]:
    """Write `bench.md` and `bench.json`; what was there is replaced.

    Returns:
        Where they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    body = {
        "schema": "firsthand-bench/1",
        "machine": machine,
        "sections": [
            {
                "name": name,
                "title": section.title,
                "columns": list(section.columns),
                "rows": [list(row) for row in section.rows],
                "notes": list(section.notes),
                "data": section.data,
            }
            for name, section in sections.items()
        ],
    }
    (folder / "bench.md").write_text(markdown(sections, about=about))
    (folder / "bench.json").write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    return folder / "bench.md", folder / "bench.json"


def _row(cells: Sequence[Cell]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(cell: Cell) -> str:
    if cell is None:
        return NOTHING
    if isinstance(cell, float):
        return f"{cell:.3g}" if abs(cell) < 1 else f"{cell:.2f}" if abs(cell) < 10 else f"{cell:.1f}"
    # A bar would begin another cell, and a new line end the table.
    return " ".join(str(cell).replace("|", "\\|").split())
