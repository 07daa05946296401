"""firsthand align | timeline: the recordings of an exercise on one common timeline, made and looked at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from flows.cli.output import Json, emit, err, out, printable, tell
from flows.cli.runs import run_and_wait
from flows.cli.timeline_page import timeline_page
from pipeline.errors import UsageError
from pipeline.lookup.timelines import NOT_YET, REFUSED, exercise_named, timeline_of
from pipeline.workbench import open_workbench

app = typer.Typer()

Exercise = Annotated[str, typer.Argument(metavar="EXERCISE", help="The exercise's id.")]

_COLUMNS = (
    "recording_id",
    "camera_serial",
    "how",
    "group",
    "start_s",
    "end_s",
    "uncertainty_s",
    "drift_ppm",
    "confidence",
    "clock_off_s",
    "because",
)


@dataclass(frozen=True, slots=True)
class AlignOutcome:
    """What an align did."""

    exercise_id: str
    alignment_id: UUID | None
    number: int | None
    """Of the alignment that counts now."""
    is_new: bool
    placed: int
    """Recordings, or parts of such with a break in them."""
    refused: int


@app.command(epilog="Example: firsthand align EX-2026-014")
def align(exercise: Exercise, as_json: Json = False) -> None:
    """Place every recording of an exercise on its common timeline: by what they hear together, else by their clocks."""
    bench = open_workbench()
    named = exercise_named(bench.db, exercise)
    before = timeline_of(bench.db, named)
    run_and_wait(
        "align/align",
        {"exercise": named},
        api_url=bench.settings.prefect_api_url,
        doing="aligning",
        progress=lambda: "comparing sounds",
    )
    after = timeline_of(bench.db, named)
    hows = [line.how for line in after.recordings]
    done = AlignOutcome(
        exercise_id=named,
        alignment_id=after.alignment_id,
        number=after.number,
        is_new=after.number != before.number,
        placed=sum(how not in (REFUSED, NOT_YET) for how in hows),
        refused=hows.count(REFUSED),
    )
    tell("aligned", done, as_json=as_json, changed=done.is_new, nothing="Nothing is new since it was aligned last.")


@app.command(epilog="Example: firsthand timeline EX-2026-014 --output timeline.html")
def timeline(
    exercise: Exercise,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it: an HTML page to write.")] = None,
    as_json: Json = False,
) -> None:
    """Tell where every recording of an exercise lies on its common timeline, how surely, and how that was found."""
    bench = open_workbench()
    found = timeline_of(bench.db, exercise_named(bench.db, exercise))
    if output is not None:
        _write(output, timeline_page(found))
    if as_json:
        emit("timelines", [found], as_json=True, empty="")
        return
    if output is not None:
        err().print(printable(f"written: {output.absolute()}"))
    if found.zero_at is not None:
        zero = f"{found.zero_at.isoformat()}, give or take {float(found.zero_uncertainty_s or 0):g} s"
        out().print(printable(f"{found.exercise_id}, alignment {found.number}; 0 s is {zero}"))
    emit("timelines", found.recordings, as_json=False, empty="No recordings yet.", columns=_COLUMNS)


def _write(target: Path, page: str) -> None:
    try:
        unfinished = target.with_name(f"{target.name}.part")
        unfinished.touch(mode=0o600)  # it names cameras and times: for nobody else on this machine
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(target)
    except OSError as exc:
        raise UsageError(f"{target} cannot be written: {exc.strerror}") from exc
