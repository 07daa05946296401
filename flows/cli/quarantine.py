"""firsthand quarantine list | show | release | reject: what was refused, why, and what somebody decided about it."""

from typing import Annotated

import typer
from rich.table import Table

from flows.cli.output import Json, emit, out, printable, shown
from pipeline.domain import keys
from pipeline.domain.decision import Ruling
from pipeline.domain.origin import NOTHING_SAID, Origin
from pipeline.lookup import listing, refusals
from pipeline.steps.resolve import resolve_quarantine
from pipeline.workbench import open_workbench

app = typer.Typer()
quarantine_app = typer.Typer(help="Explain and resolve what was refused.", invoke_without_command=True)
app.add_typer(quarantine_app, name="quarantine")

Named = Annotated[str, typer.Argument(metavar="ID", help="The upload: its id or the beginning of it.")]
By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who decides: an account or a pseudonym.")]
Because = Annotated[str, typer.Option("--because", metavar="WHY", help="Why, in a sentence.")]


@quarantine_app.callback(epilog="Example: firsthand quarantine list")
def list_when_nothing_is_said(context: typer.Context, as_json: Json = False) -> None:
    """Explain and resolve what was refused; alone, it lists."""
    if context.invoked_subcommand is None:
        _list(as_json=as_json)


@quarantine_app.command("list", epilog="Example: firsthand quarantine list --json")
def list_(as_json: Json = False) -> None:
    """List the uploads that were refused, and why; their bytes are still in the intake bucket."""
    _list(as_json=as_json)


@quarantine_app.command("show", epilog="Example: firsthand quarantine show 1f0c2a9b")
def show(upload: Named, as_json: Json = False) -> None:
    """Explain one refusal: the reason, what can be done, and everything that was decided."""
    bench = open_workbench()
    story = refusals.explain(bench.db, refusals.named_upload(bench.db, upload))
    if as_json:
        emit("refusals", [story], as_json=True, empty="")
        return
    console = out()
    console.print(printable(f"upload {story.upload_id}"), style="bold")
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name in ("state", "original_name", "size_bytes", "object", "version_id", "error_kind", "reason", "can_be_done"):
        facts.add_row(f"  {name.replace('_', ' ')}", printable(shown(getattr(story, name))))
    console.print(facts)
    console.print("[bold]what happened[/bold]")
    for event in story.history:
        by = f" by {event.by}" if event.by else ""
        console.print(printable(f"  {shown(event.at)}  {event.what}{by}: {event.because}"))


@quarantine_app.command(
    "release", epilog='Example: firsthand quarantine release 1f0c2a9b --by j.doe --because "digest was mistyped"'
)
def release(
    upload: Named,
    by: By,
    because: Because,
    *,
    camera: Annotated[
        str, typer.Option("--camera", metavar="SERIAL", help="The camera it comes from, where it names none.")
    ] = "",
    exercise: Annotated[
        str, typer.Option("--exercise", metavar="EX", help="The exercise it belongs to, where nothing tells.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Let the next ingest judge an upload again; refused for what its sender announced, it is then accepted."""
    origin = Origin(keys.camera_serial(camera) if camera else None, keys.exercise_id(exercise) if exercise else None)
    _decide(upload, "released", by, because, origin=origin, as_json=as_json)


@quarantine_app.command(
    "reject", epilog='Example: firsthand quarantine reject 1f0c2a9b --by j.doe --because "a holiday film"'
)
def reject(upload: Named, by: By, because: Because, as_json: Json = False) -> None:
    """Leave an upload in quarantine for good; its bytes stay in the intake bucket until their retention ends."""
    _decide(upload, "rejected", by, because, as_json=as_json)


def _list(*, as_json: bool) -> None:
    found = listing.list_quarantine(open_workbench().db)
    emit("quarantine", found, as_json=as_json, empty="Nothing is in quarantine.")


def _decide(
    upload: str, ruling: Ruling, by: str, because: str, *, origin: Origin = NOTHING_SAID, as_json: bool
) -> None:
    bench = open_workbench()
    upload_id = refusals.named_upload(bench.db, upload)
    decision = resolve_quarantine(
        upload_id, ruling, decided_by=by, because=because, origin=origin, db=bench.db, clock=bench.clock
    )
    if as_json:
        emit("decisions", [decision], as_json=True, empty="")
        return
    after = "; `firsthand ingest` judges it again" if ruling == "released" else ""
    out().print(printable(f"{decision.upload_id} {decision.ruling} by {decision.decided_by}{after}"))
