"""What does a file that declares exercises say, as plain values?

YAML holds one exercise, or a list of them. CSV holds a line for each camera, with the columns `exercise, scenario,
held_on, site, serial, wearer, weapons` and perhaps `held_until`; weapons are `kind:ammunition` separated by `;`. Lines
of one exercise belong together and must agree on everything but the camera.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import yaml

from pipeline.errors import UsageError

SIZE_MAX_BYTES = 1 << 20
"""A declaration is a page; a file of megabytes is something else, and YAML is slow on it."""

LAST_DAY = "held_until"
"""A column that may be left out."""
COLUMNS = ("exercise", "scenario", "held_on", "site", "serial", "wearer", "weapons")


def read_declarations(path: Path) -> list[object]:
    """The exercises that a file declares, as objects, lists and texts only; nothing of them is checked yet.

    Raises:
        UsageError: the file cannot be read, is too large, or is neither YAML nor CSV.
    """
    try:
        if path.stat().st_size > SIZE_MAX_BYTES:
            raise UsageError(f"{path}: expected at most {SIZE_MAX_BYTES} bytes, found {path.stat().st_size}")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path} cannot be read: {exc}") from exc
    return _from_csv(text, path) if path.suffix.lower() == ".csv" else _from_yaml(text, path)


def _from_yaml(text: str, path: Path) -> list[object]:
    try:
        # Every scalar stays text: `held_on: 2026-03-02` is not a date and `wearer: 007` not a number yet.
        found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # BaseLoader makes nothing but texts
    except (yaml.YAMLError, RecursionError) as exc:
        raise UsageError(f"{path}: expected YAML, found {exc}") from exc
    return found if isinstance(found, list) else [found]


def _from_csv(text: str, path: Path) -> list[object]:
    rows = csv.DictReader(io.StringIO(text), strict=True)
    exercises: dict[str, dict[str, object]] = {}
    cameras: dict[str, list[object]] = {}
    mistakes: list[str] = []
    try:
        _check_columns(rows.fieldnames, path)
        for row in rows:
            if None in row or None in row.values():
                mistakes.append(f"line {rows.line_num}: expected {len(rows.fieldnames or ())} fields, found others")
                continue
            name = row["exercise"].strip()
            said = _said(row)
            earlier = exercises.setdefault(name, said)
            wrong = sorted(of for of in {*said, *earlier} if said.get(of) != earlier.get(of))
            if wrong:
                told = f"{', '.join(wrong)} of exercise {name} differ from an earlier line"
                mistakes.append(f"line {rows.line_num}: {told}")
            camera = {"serial": row["serial"].strip(), "wearer": row["wearer"].strip()}
            cameras.setdefault(name, []).append(camera)
    except csv.Error as exc:
        raise UsageError(f"{path}, line {rows.reader.line_num}: expected CSV, found {exc}") from exc
    if mistakes:
        raise UsageError(f"{path}: {'; '.join(mistakes)}")
    return [{**said, "cameras": cameras[name]} for name, said in exercises.items()]


def _check_columns(found: Sequence[str] | None, path: Path) -> None:
    named = sorted(name for name in found or () if name != LAST_DAY)
    if named != sorted(COLUMNS):
        raise UsageError(f"{path}, line 1: expected the columns {', '.join(COLUMNS)}, found {', '.join(found or ())}")


def _said(row: dict[str, str]) -> dict[str, object]:
    """What a line says of its exercise; a day that is left empty is not said."""
    said: dict[str, object] = {name: row[name].strip() for name in COLUMNS[:4]}
    if row.get(LAST_DAY, "").strip():
        said[LAST_DAY] = row[LAST_DAY].strip()
    parts = [part.partition(":") for part in row["weapons"].split(";") if part.strip()]
    said["weapons"] = [{"kind": kind.strip(), "ammunition": of.strip()} for kind, _, of in parts]
    return said
