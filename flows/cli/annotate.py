"""firsthand annotate | annotate status: send clips out, fetch answers, and see how labelling goes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from flows.cli.output import Json, emit, out, printable, shown, tell
from flows.cli.runs import run_and_wait
from pipeline.domain.agreement.verdict import Threshold
from pipeline.lookup import waiting
from pipeline.lookup.labelling import Labelling, labelling
from pipeline.workbench import open_workbench

app = typer.Typer()
annotate_app = typer.Typer(invoke_without_command=True, epilog="Example: firsthand annotate --only collect")
app.add_typer(annotate_app, name="annotate")

DISPUTES_SHOWN = 20


class Half(StrEnum):
    """One half of the annotate flow."""

    SUBMIT = "submit"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True)
class AnnotateOutcome:
    """What an annotate did."""

    submitted: int
    collected: int


@annotate_app.callback()
def annotate(
    context: typer.Context,
    only: Annotated[Half | None, typer.Option(help="Only send clips out, or only fetch answers.")] = None,
    as_json: Json = False,
) -> None:
    """Send clips to Label Studio and fetch the answers that are new."""
    if context.invoked_subcommand is not None:
        return
    bench = open_workbench()
    before = waiting.totals(bench.db)
    run_and_wait(
        "annotate/annotate",
        {"only": only.value if only else None},
        api_url=bench.settings.prefect_api_url,
        doing="annotating",
        progress=lambda: f"{waiting.totals(bench.db).tasks} tasks, {waiting.totals(bench.db).annotations} answers",
    )
    after = waiting.totals(bench.db)
    done = AnnotateOutcome(after.tasks - before.tasks, after.annotations - before.annotations)
    tell("annotated", done, as_json=as_json, changed=after != before, nothing="Nothing new to send or to fetch.")


@annotate_app.command("status", epilog="Example: firsthand annotate status --annotators 2")
def status(
    annotators: Annotated[int, typer.Option(min=1, help="How many people are to label each clip.")] = 2,
    as_json: Json = False,
) -> None:
    """Tell how labelling goes: what is done and left, how far people agree, and on which clips they do not."""
    bench = open_workbench()
    found = labelling(
        bench.db,
        taxonomy=bench.taxonomy,
        threshold=Threshold(annotators=annotators),
        now=bench.clock(),
        label_studio_url=bench.settings.label_studio_url,
    )
    if as_json:
        emit("labelling", [found], as_json=True, empty="")
    else:
        _show(found)


def _show(found: Labelling) -> None:
    console = out()
    console.print(
        f"{found.taxonomy}: {found.clips} clips sent out, {found.settled} settled, {found.disputed} disputed, "
        f"{found.open} open; {found.answers_left} answers to go{_forecast(found)}"
    )
    sections = (
        ("Labels", found.labels, None),
        ("Questions", found.questions, None),
        ("People", found.people, None),
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
