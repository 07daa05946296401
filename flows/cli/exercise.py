"""firsthand exercise add: declare what was exercised."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.output import Json, emit, err
from pipeline.steps.assign import assign_uploads
from pipeline.steps.declare import declare_exercises
from pipeline.workbench import open_workbench

app = typer.Typer()
exercise_app = typer.Typer(help="Declare exercises.", no_args_is_help=True)
app.add_typer(exercise_app, name="exercise")


@exercise_app.callback()
def keep_a_group() -> None:
    """Declare exercises: scenario, site, date, cameras and their wearers, weapons and ammunition."""


@exercise_app.command("add", epilog="Example: firsthand exercise add EX-2026-014.yaml")
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or CSV; the README shows both.")],
    as_json: Json = False,
) -> None:
    """Record the exercises that a file declares. Again with changes? The newest declaration counts, none is lost."""
    bench = open_workbench()
    found = declare_exercises(file, db=bench.db, clock=bench.clock)
    assigned = assign_uploads(db=bench.db, clock=bench.clock)
    emit("declared", found, as_json=as_json, empty="")
    if assigned:
        err().print(f"{len(assigned)} uploads that waited belong to an exercise now: firsthand ingest takes them up.")
