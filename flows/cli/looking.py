"""Look, change nothing: firsthand exercises, recordings, companions, clips, hints, releases, audits, show, get."""

from dataclasses import fields
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from flows.cli.output import Json, emit, out, printable, shown
from flows.cli.progress import byte_progress
from pipeline.domain.byproduct import ByproductKind
from pipeline.domain.ids import RecordingId
from pipeline.errors import UsageError
from pipeline.lookup import fetching, hints, lineage, listing
from pipeline.lookup.naming import resolve
from pipeline.workbench import Workbench, open_workbench

app = typer.Typer()

_BEGAN_BECAUSE = ("began_uncertainty_s", "began_because", "began_disagreements")
"""Too long for a table: `show` tells them, and JSON."""

Exercise = Annotated[str | None, typer.Option(help="Only this exercise.")]


_CAMERAS = ("undeclared_cameras", "silent_cameras")
"""How many sent footage and were not declared, and how many were declared and sent none."""


@app.command(epilog="Example: firsthand exercises --json")
def exercises(as_json: Json = False) -> None:
    """List the exercises that were declared or that footage was uploaded for, and what does not agree."""
    found = listing.list_exercises(open_workbench().db)
    columns = ("exercise_id", "days", "scenario", "uploads", "recordings", "clips", "quarantined")
    emit("exercises", found, as_json=as_json, empty="No exercises yet.", columns=(*columns, *_CAMERAS))


@app.command(epilog="Example: firsthand waiting --json")
def waiting(as_json: Json = False) -> None:
    """List the uploads that belong to no exercise yet, and why; `firsthand exercise add` takes them up."""
    found = listing.list_waiting(open_workbench().db)
    emit("waiting", found, as_json=as_json, empty="No upload waits for an exercise.")


@app.command(epilog="Example: firsthand recordings --exercise EX-2026-014")
def recordings(exercise: Exercise = None, as_json: Json = False) -> None:
    """List recordings: one press-record-to-stop of one camera each."""
    found = listing.list_recordings(open_workbench().db, exercise_id=exercise)
    shown_names = [
        field.name for field in fields(listing.RecordingLine) if field.name not in ("probed_at", *_BEGAN_BECAUSE)
    ]
    emit("recordings", found, as_json=as_json, empty="No recordings yet.", columns=shown_names)


@app.command(epilog="Example: firsthand companions --exercise EX-2026-014")
def companions(exercise: Exercise = None, as_json: Json = False) -> None:
    """List what belongs to footage: stills, thumbnails, proxies, tracks, subtitles, manifests."""
    found = listing.list_companions(open_workbench().db, exercise_id=exercise)
    emit("companions", found, as_json=as_json, empty="No companions of footage yet.")


@app.command(epilog="Example: firsthand clips --recording 1f0c2a9b")
def clips(
    exercise: Exercise = None,
    recording: Annotated[str | None, typer.Option(help="Only this recording: its id or the beginning of it.")] = None,
    as_json: Json = False,
) -> None:
    """List clips: the spans of recordings that are labelled and released."""
    bench = open_workbench()
    found = listing.list_clips(bench.db, exercise_id=exercise)
    if recording is not None:
        named = _recording(bench, recording)
        found = [clip for clip in found if clip.recording_id == named]
    emit("clips", found, as_json=as_json, empty="No clips yet.")


@app.command("hints", epilog="Example: firsthand hints --recording 1f0c2a9b")
def list_hints(
    recording: Annotated[str, typer.Option(help="The recording: its id or the beginning of it.")],
    as_json: Json = False,
) -> None:
    """List what was heard in a recording: sounds that may be shots, and speech. Guesses with scores, no labels."""
    bench = open_workbench()
    named = _recording(bench, recording)
    columns = ("kind", "start_s", "end_s", "score", "detector")
    emit(
        "hints",
        hints.list_hints(bench.db, named),
        as_json=as_json,
        empty=f"No hints: {hints.say_what_was_heard(bench.db, named)}.",
        columns=columns,
    )


def _recording(bench: Workbench, text: str) -> RecordingId:
    """The recording that a text names.

    Raises:
        UsageError: it names something else, or nothing, or more than one thing.
    """
    named = resolve(bench.db, text)
    if named.kind != "recording":
        raise UsageError(f"expected a recording, found {named.kind} {named.thing_id}")
    return RecordingId(UUID(named.thing_id))


@app.command(epilog="Example: firsthand releases")
def releases(as_json: Json = False) -> None:
    """List releases and how far each is: drafted, sealed, published."""
    emit("releases", listing.list_releases(open_workbench().db), as_json=as_json, empty="No releases yet.")


@app.command(epilog="Example: firsthand audits")
def audits(as_json: Json = False) -> None:
    """List the audits: what each re-checked, and what it found wrong."""
    emit("audits", listing.list_audits(open_workbench().db), as_json=as_json, empty="No audit yet: firsthand audit")


@app.command(epilog="Example: firsthand show demo@1.0.0")
def show(
    thing: Annotated[str, typer.Argument(metavar="ID", help="Any id or its beginning, an exercise, or NAME@VERSION.")],
    as_json: Json = False,
) -> None:
    """Explain one thing: what it is, what it came from, what came from it, and its custody events."""
    found = lineage.show(open_workbench().db, thing)
    if as_json:
        emit("things", [found], as_json=True, empty="")
        return
    console = out()
    console.print(printable(f"{found.ref.kind} {found.ref.thing_id}"), style="bold")
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name, value in found.facts.items():
        facts.add_row(f"  {name.replace('_', ' ')}", printable(value))
    console.print(facts)
    for title, refs in (("came from", found.came_from), ("became", found.became)):
        console.print(f"[bold]{title}[/bold]" if refs else f"[bold]{title}[/bold] nothing yet")
        for ref in refs:
            console.print(printable(f"  {ref.kind} {ref.thing_id}"))
    console.print("[bold]custody[/bold]")
    for event in found.happenings:
        details = "  ".join(f"{name}={value}" for name, value in event.details.items())
        console.print(printable(f"  {shown(event.at)}  {event.kind}  {details}"))


@app.command(epilog="Example: firsthand get 1f0c2a9b ./clip.mp4")
def get(
    thing: Annotated[
        str, typer.Argument(metavar="ID", help="An upload, original, recording, rendition, clip or release.")
    ],
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A file to write, or a folder.")],
    beside: Annotated[
        ByproductKind | None, typer.Option(help="What came out beside a recording's rendition, instead.")
    ] = None,
    series: Annotated[
        bool, typer.Option("--series", help="Every sample of its telemetry instead: JSON lines, gzipped.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fetch the bytes of one thing and check them against their recorded digest."""
    bench = open_workbench()
    with byte_progress(lambda: "fetching", total_bytes=None) as progress:
        fetched = fetching.get(
            thing, dest, series=series, beside=beside, db=bench.db, store=bench.store, progress=progress
        )
    if as_json:
        emit("fetched", fetched, as_json=True, empty="")
        return
    for one in fetched:
        out().print(printable(f"{one.path}  {one.size_bytes} bytes  sha256 {one.digest} (verified)"))
