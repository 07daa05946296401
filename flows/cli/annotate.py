"""firsthand annotate | annotate status | refused | report: send clips out, fetch answers, see how labelling goes."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from flows.cli import labelling_checks
from flows.cli.labelling_page import labelling_page
from flows.cli.output import Json, emit, out, printable, shown, tell
from flows.cli.progress import saying
from flows.cli.runs import run_and_wait
from pipeline.domain.agreement.verdict import Threshold
from pipeline.errors import UsageError
from pipeline.lookup import waiting
from pipeline.lookup.disputes import disputes_in_full, picture_strips
from pipeline.lookup.labelling import labelling, refused_answers
from pipeline.lookup.labelling_lines import Labelling
from pipeline.workbench import Workbench, open_workbench

app = typer.Typer()
annotate_app = typer.Typer(invoke_without_command=True, epilog="Example: firsthand annotate --only collect")
app.add_typer(annotate_app, name="annotate")
labelling_checks.register(annotate_app)

DISPUTES_SHOWN = 20
PICTURES = 10
PICTURE_HEIGHT_PX = 110

Annotators = Annotated[
    int | None, typer.Option(min=1, help="How many people are to label each clip; as the settings say when left out.")
]


class Half(StrEnum):
    """One half of the annotate flow."""

    SUBMIT = "submit"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True)
class AnnotateOutcome:
    """What an annotate did."""

    submitted: int
    collected: int


@dataclass(frozen=True, slots=True)
class Report:
    """A page that was written."""

    path: Path
    disputed_clips: int
    """How many are shown with pictures."""


@annotate_app.callback()
def annotate(
    context: typer.Context,
    only: Annotated[Half | None, typer.Option(help="Only send clips out, or only fetch answers.")] = None,
    with_damaged: Annotated[bool, typer.Option("--with-damaged", help="Send damaged clips out too.")] = False,
    clips_max: Annotated[int | None, typer.Option("--clips", min=1, help="Send out at most so many clips.")] = None,
    as_json: Json = False,
) -> None:
    """Send clips to Label Studio, the most promising first, and fetch the answers that are new.

    Damaged clips wait until you ask for them.
    """
    if context.invoked_subcommand is not None:
        return
    bench = open_workbench()
    before = waiting.totals(bench.db)
    run_and_wait(
        "annotate/annotate",
        {"only": only.value if only else None, "with_damaged": with_damaged, "clips_max": clips_max},
        api_url=bench.settings.prefect_api_url,
        doing="annotating",
        progress=lambda: f"{waiting.totals(bench.db).tasks} tasks, {waiting.totals(bench.db).annotations} answers",
    )
    after = waiting.totals(bench.db)
    done = AnnotateOutcome(after.tasks - before.tasks, after.annotations - before.annotations)
    tell("annotated", done, as_json=as_json, changed=after != before, nothing="Nothing new to send or to fetch.")


@annotate_app.command("status", epilog="Example: firsthand annotate status --annotators 2")
def status(
    annotators: Annotators = None,
    as_json: Json = False,
) -> None:
    """Tell how labelling goes: what is done and left, how far people agree, and on which clips they do not."""
    found = _found(open_workbench(), annotators)
    if as_json:
        emit("labelling", [found], as_json=True, empty="")
    else:
        _show(found)


@annotate_app.command("refused", epilog="Example: firsthand annotate refused --json")
def refused(as_json: Json = False) -> None:
    """List the answers that cannot be used and why; mended in Label Studio, the next collect takes them."""
    bench = open_workbench()
    found = refused_answers(bench.db, taxonomy=bench.taxonomy, label_studio_url=bench.settings.label_studio_url)
    emit("refused_answers", found, as_json=as_json, empty="Every answer can be used.")


@annotate_app.command("report", epilog="Example: firsthand annotate report labelling.html --annotators 2")
def report(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The page to write; one that is there is replaced.")],
    annotators: Annotators = None,
    clips_max: Annotated[int, typer.Option(min=0, help="How many disputed clips to show with pictures.")] = 50,
    as_json: Json = False,
) -> None:
    """Write how labelling goes as a page with pictures: who marked what in disputed clips, over the clip itself."""
    bench = open_workbench()
    found = _found(bench, annotators)
    shown_clips = found.disputes[:clips_max]
    disputes = disputes_in_full(bench.db, shown_clips, taxonomy_digest=bench.taxonomy.digest)
    with saying("taking pictures") as say:
        strips = picture_strips(
            disputes,
            pictures=PICTURES,
            height_px=PICTURE_HEIGHT_PX,
            store=bench.store,
            scratch=bench.scratch,
            media=bench.media,
            progress=lambda done: say(f"{done} of {len(disputes)} clips"),
        )
    page = labelling_page(found, disputes, strips, taxonomy=bench.taxonomy, written_at=bench.clock())
    try:
        unfinished = file.with_name(f"{file.name}.part")
        unfinished.touch(mode=0o600)  # pictures of people at work: for nobody else on this machine
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(file)
    except OSError as exc:
        raise UsageError(f"{file} cannot be written: {exc.strerror}") from exc
    emit("reports", [Report(file.absolute(), len(disputes))], as_json=as_json, empty="")


def _found(bench: Workbench, annotators: int | None) -> Labelling:
    return labelling(
        bench.db,
        taxonomy=bench.taxonomy,
        threshold=Threshold(annotators=annotators or bench.settings.annotators_per_clip),
        now=bench.clock(),
        label_studio_url=bench.settings.label_studio_url,
        limit_s=bench.settings.exposure_limit_minutes * 60,
    )


def _show(found: Labelling) -> None:
    console = out()
    console.print(
        f"{found.taxonomy}: {found.clips} clips sent out, {found.settled} settled, {found.disputed} disputed, "
        f"{found.adjudicated} adjudicated, {found.open} open; {found.answers_left} answers to go{_forecast(found)}"
    )
    sections = (
        ("Labels", found.labels, None),
        ("Questions", found.questions, None),
        ("People", found.people, None),
        ("Work left", found.forecast, None),
        ("Disputed", found.disputes[:DISPUTES_SHOWN], ("clip_id", "url", "reasons")),
    )
    for title, lines, columns in sections:
        if not lines:
            continue
        names = columns or tuple(lines[0].__dataclass_fields__)
        table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for name in names:
            table.add_column(name.removesuffix("_id").replace("_", " "), overflow="fold")
        for line in lines:
            table.add_row(*(printable(_cell(getattr(line, name))) for name in names))
        console.print()
        console.print(table)
    if found.assumptions:
        console.print(f"\nassumed: {'; '.join(found.assumptions)}", markup=False)
    if len(found.disputes) > DISPUTES_SHOWN:
        console.print(f"and {len(found.disputes) - DISPUTES_SHOWN} more: --json tells all")


def _cell(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, tuple) else shown(value)


def _forecast(found: Labelling) -> str:
    told = [
        f"about {found.hours_left} hours of work" if found.hours_left else "",
        f"{found.days_left} days at the speed of the last week" if found.days_left else "",
    ]
    said = ", ".join(part for part in told if part)
    return f" ({said})" if said else ""
