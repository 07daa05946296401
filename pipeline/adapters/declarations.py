"""What does a file that declares exercises say, as plain values?

YAML holds one exercise, or a list of them. CSV holds a line for each camera, with the columns `exercise, scenario,
held_on, site, serial, wearer, weapons`; weapons are `kind:ammunition` separated by `;`. Lines of one exercise belong
together and must agree on everything but the camera.
"""

import csv
import io
from pathlib import Path

import yaml

from pipeline.errors import UsageError

SIZE_MAX_BYTES = 1 << 20
"""A declaration is a page; a file of megabytes is something else, and YAML is slow on it."""

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
    try:
        if sorted(rows.fieldnames or ()) != sorted(COLUMNS):
            raise UsageError(f"{path}: expected the columns {', '.join(COLUMNS)}, found {rows.fieldnames}")
        for number, row in enumerate(rows, start=2):
            weapons = [part.partition(":") for part in (row["weapons"] or "").split(";") if part.strip()]
            said: dict[str, object] = {name: (row[name] or "").strip() for name in COLUMNS[:4]}
            said["weapons"] = [{"kind": kind.strip(), "ammunition": of.strip()} for kind, _, of in weapons]
            name = str(said["exercise"])
            if exercises.setdefault(name, said) != said:
                raise UsageError(f"{path}, line {number}: exercise {name} is described differently in an earlier line")
            camera = {"serial": (row["serial"] or "").strip(), "wearer": (row["wearer"] or "").strip()}
            cameras.setdefault(name, []).append(camera)
    except csv.Error as exc:
        raise UsageError(f"{path}: expected CSV, found {exc}") from exc
    return [{**said, "cameras": cameras[name]} for name, said in exercises.items()]
