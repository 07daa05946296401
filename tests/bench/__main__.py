"""`make bench`: one table, Markdown and JSON, in bench-out/.

Sections come from the modules of this folder that have a function `section()`; `--only` chooses among them.
Interrupted, it writes what it has.
"""

import argparse
import importlib
import inspect
import pkgutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests import bench
from tests.bench.machine import about, machine
from tests.bench.progress import say
from tests.bench.source import OUT, SECONDS
from tests.bench.speed import ingest_cpu_s
from tests.bench.table import Section, markdown, write

Measuring = Section | list[Section]
"""What the function of a section returns."""

FIRST = "speed"
"""The main table; the others follow by name."""


def main() -> int:
    """Measure what is asked for, and write it; 1 if a section failed, which the table then says."""
    known = measuring()
    names = [FIRST, *(name for name in known if name != FIRST)]
    asked = argparse.ArgumentParser(prog="make bench", description=__doc__)
    asked.add_argument("--only", action="append", choices=names, help="a section; may be given several times")
    asked.add_argument("--seconds", type=int, default=SECONDS, help="length of the benchmark source")
    asked.add_argument("--source", type=Path, help="another file to measure on than the one that is made")
    asked.add_argument("--repeats", type=int, default=5, help="how often everything takes its turn")
    asked.add_argument("--among", action="append", default=[], help="words in the names of contenders: only those")
    asked.add_argument("--out", type=Path, default=OUT, help="folder of bench.md and bench.json")
    options = asked.parse_args()
    # Told to end, it ends as from Ctrl-C: what was started is stopped, what was made is removed.
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    options.ingest_s = None
    before, failed = machine(), 0
    sections: dict[str, Section] = {}
    for name in [name for name in names if name in (options.only or names)]:
        say(f"section {name}")
        try:
            made = known[name](**_given(known[name], options))
            several = [made] if isinstance(made, Section) else made
            if name == FIRST:
                options.ingest_s = ingest_cpu_s(several[0])
            sections |= {name if not number else f"{name}-{number + 1}": one for number, one in enumerate(several)}
        except Exception as error:  # noqa: BLE001 - the other sections are written all the same
            traceback.print_exc()
            failed = 1
            sections[name] = Section(f"{name}: failed", ("what",), [[str(error)]])
        # After each, so that what was measured is there when somebody interrupts.
        lines = about(before)
        written = write(options.out, sections, about=lines, machine=before)
    sys.stdout.write(markdown(sections, about=lines))
    say(f"written to {written[0]} and {written[1]}")
    return failed


def measuring() -> dict[str, Callable[..., Measuring]]:
    """The functions that make sections, by the names of their modules."""
    modules = sorted(found.name for found in pkgutil.iter_modules(bench.__path__))
    others = [name for name in modules if name != "__main__" and not name.startswith("test_")]
    return {name: made for name in others if (made := _section_of(name)) is not None}


def _section_of(name: str) -> Callable[..., Measuring] | None:
    found: Callable[..., Measuring] | None = getattr(importlib.import_module(f"tests.bench.{name}"), "section", None)
    return found


def _given(section: Callable[..., Measuring], options: argparse.Namespace) -> dict[str, object]:
    """What a section asks for by name."""
    return {name: getattr(options, name) for name in inspect.signature(section).parameters if hasattr(options, name)}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
