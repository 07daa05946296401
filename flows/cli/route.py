"""firsthand ingest | release create | audit: start a flow and wait for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.output import Json, emit, err, out, printable, tell
from flows.cli.runs import run_and_wait
from pipeline.domain import notification
from pipeline.domain.clip_recipe import RECIPES, RELEASED_BY_DEFAULT, recipe_names
from pipeline.domain.keys import release_name
from pipeline.domain.version import Version
from pipeline.errors import RejectedInputError, UsageError
from pipeline.lookup import listing, waiting
from pipeline.lookup.naming import resolve
from pipeline.workbench import Workbench, open_workbench

if TYPE_CHECKING:
    from pipeline.lookup.outdated import Outdated

app = typer.Typer()
release_app = typer.Typer(help="Make releases.", no_args_is_help=True)
app.add_typer(release_app, name="release")


@dataclass(frozen=True, slots=True)
class IngestOutcome:
    """What an ingest did."""

    uploads: int
    recordings: int
    clips: int
    quarantined: int


@app.command(epilog="Example: firsthand ingest")
def ingest(
    event: Annotated[
        typer.FileBinaryRead | None,
        typer.Option(metavar="FILE", help="An S3 bucket notification (`-`: standard input): look at its keys only."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring everything that waits in the intake bucket to clips, or into quarantine; look again at what is outdated."""
    bench = open_workbench()
    hinted = _hinted(event, bench) if event is not None else None
    before, refused_before = waiting.totals(bench.db), listing.list_quarantine(bench.db)
    intake = bench.settings.s3_intake_bucket
    waits = hinted is None and waiting.anything_to_ingest(intake, db=bench.db, store=bench.store)
    outdated = _outdated(bench) if hinted is None and not waits else None
    if hinted or waits or outdated:
        there = len(hinted or ()) or sum(1 for _ in waiting.not_received(intake, db=bench.db, store=bench.store))
        began = waiting.intake_progress(bench.db)
        run_and_wait(
            "ingest/ingest",
            {} if hinted is None else {"keys": hinted},
            api_url=bench.settings.prefect_api_url,
            doing="ingesting",
            progress=lambda: _ingest_progress(there, began, waiting.intake_progress(bench.db)),
        )
    after, refused = waiting.totals(bench.db), listing.list_quarantine(bench.db)[len(refused_before) :]
    done = IngestOutcome(
        uploads=after.uploads - before.uploads,
        recordings=after.recordings - before.recordings,
        clips=after.clips - before.clips,
        quarantined=len(refused),
    )
    tell("ingested", done, as_json=as_json, changed=after != before, nothing=_nothing_new(outdated))
    if not as_json and (arriving := sum(1 for _ in waiting.not_received(intake, db=bench.db, store=bench.store))):
        err().print(f"{arriving} objects are not complete yet, or came in meanwhile: the next ingest looks again.")
    if refused:
        for line in refused:
            err().print(printable(f"quarantined {line.upload_id}: {line.error_kind}: {line.reason}"))
        raise RejectedInputError(
            f"{len(refused)} uploads were refused and are in quarantine; everything else was ingested. "
            "`firsthand quarantine list` lists them with their reasons."
        )


@release_app.command("create", epilog="Example: firsthand release create attack-early 1.0.0 --annotators 2")
def create(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and '-'.")],
    version: Annotated[str, typer.Argument(help="MAJOR.MINOR.PATCH; a number is never used twice.")],
    annotators: Annotated[int, typer.Option(min=1, help="How many people must have labelled a clip.")] = 1,
    recipes: Annotated[
        str, typer.Option(metavar="NAME,NAME", help=f"What it holds of each clip: {', '.join(('viewing', *RECIPES))}.")
    ] = ",".join(RELEASED_BY_DEFAULT),
    as_json: Json = False,
) -> None:
    """Make a release of every clip that may enter, and publish it. One that was begun is finished."""
    bench = open_workbench()
    release_name(name)
    Version.parse(version)
    asked = recipe_names(recipes)
    if not waiting.is_released(bench.db, name, version, annotators_min=annotators, recipes=asked):
        run_and_wait(
            "release/release",
            {"name": name, "version": version, "annotators_min": annotators, "recipes": list(asked)},
            api_url=bench.settings.prefect_api_url,
            doing="releasing",
            progress=lambda: waiting.release_state(bench.db, name, version),
        )
    release_id = resolve(bench.db, f"{name}@{version}").thing_id
    line = next((line for line in listing.list_releases(bench.db) if str(line.release_id) == release_id), None)
    if line is None:
        raise UsageError(f"release {name} {version} ended without a record")
    emit("releases", [line], as_json=as_json, empty="")
    if not as_json:
        where = f"s3://{bench.settings.s3_releases_bucket}/{name}"
        out().print(f"Partners pull it with: firsthand pull {where} --version {version} DEST")


@app.command(epilog="Example: firsthand audit")
def audit(as_json: Json = False) -> None:
    """Read every stored object again, compare digests, and match custody events with records."""
    bench = open_workbench()
    run_and_wait(
        "audit/audit",
        {},
        api_url=bench.settings.prefect_api_url,
        doing="auditing",
        progress=lambda: "reading and hashing",
    )
    emit("audits", listing.list_audits(bench.db)[-1:], as_json=as_json, empty="")


def _outdated(bench: Workbench) -> "Outdated":
    # It knows what listens and aligns, which takes a second to import: only where nothing new asks for a run anyway.
    from pipeline.lookup.outdated import find_outdated  # noqa: PLC0415

    return find_outdated(bench.db, bench.listener)


def _nothing_new(again: "Outdated | None") -> str:
    if not again:
        return "Nothing new in the intake bucket."
    return (
        f"Nothing new in the intake bucket. Looked again: {len(again.to_hear)} recordings were listened to, "
        f"the clips of {len(again.to_assess)} judged, {len(again.to_align)} exercises aligned."
    )


def _hinted(event: typer.FileBinaryRead, bench: Workbench) -> list[str]:
    """The keys that a notification speaks of; none is an answer too: it spoke of other buckets."""
    found = notification.keys_in_event(
        event.read(notification.SIZE_MAX_BYTES + 1), bucket=bench.settings.s3_intake_bucket
    )
    return list(found)


def _ingest_progress(there: int, began: waiting.IntakeProgress, now: waiting.IntakeProgress) -> str:
    return (
        f"{now.received - began.received} of {there} received, {now.preserved - began.preserved} preserved, "
        f"{now.left} left to finish, {now.clips - began.clips} clips made, {now.quarantined} in quarantine"
    )
