"""firsthand annotators add | list | retire | warn: who labels, and what they are spared."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from flows.cli.output import Json, emit
from infra.local.files import write_private
from pipeline.domain.ids import ClipId
from pipeline.errors import UsageError
from pipeline.lookup.annotators import AnnotatorLine, list_annotators
from pipeline.lookup.naming import resolve
from pipeline.steps.enrol import Enrolled, enrol_annotator
from pipeline.steps.mark import mark_gold, warn_of_clip
from pipeline.steps.retire import retire_annotator
from pipeline.workbench import Workbench, open_workbench

app = typer.Typer()
annotators_app = typer.Typer(help="People who label, as pseudonyms.", invoke_without_command=True)
app.add_typer(annotators_app, name="annotators")

Clip = Annotated[str, typer.Argument(metavar="CLIP", help="The clip: its id or the beginning of it.")]
By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who says so: an account or a pseudonym.")]
Because = Annotated[str, typer.Option("--because", metavar="WHY", help="Why, in a sentence.")]


class RoleName(StrEnum):
    """What somebody does."""

    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody needs to begin; shown once, kept nowhere by us."""

    annotator: str
    role: str
    is_new: bool
    url: str
    password: str | None
    """`None` when the account was there before, or when it was written to a file."""
    written_to: Path | None


@dataclass(frozen=True, slots=True)
class Marked:
    """A clip about which something was said."""

    clip_id: UUID
    mark: str
    is_new: bool


@annotators_app.callback(epilog="Example: firsthand annotators list")
def list_when_nothing_is_said(context: typer.Context, as_json: Json = False) -> None:
    """People who label, as pseudonyms; alone, it lists."""
    if context.invoked_subcommand is None:
        _list(as_json=as_json)


@annotators_app.command("list", epilog="Example: firsthand annotators list --json")
def list_(as_json: Json = False) -> None:
    """List everybody: what lies on their desk, how long they were exposed today, where their desk is."""
    _list(as_json=as_json)


@annotators_app.command("add", epilog="Example: firsthand annotators add jane@example.org --credentials jane.json")
def add(
    email: Annotated[str, typer.Argument(help="The address they log in to Label Studio with; recorded nowhere.")],
    role: Annotated[RoleName, typer.Option(help="Who adjudicates does not label.")] = RoleName.ANNOTATOR,
    credentials: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the password to this private file instead of showing it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let somebody label or adjudicate: makes their Label Studio account, and shows its password once."""
    bench = open_workbench()
    found = enrol_annotator(
        email,
        role.value,
        labelling=bench.labelling,
        pseudonym_key=bench.settings.pseudonym_key.get_secret_value().encode(),
        db=bench.db,
        clock=bench.clock,
    )
    if credentials is not None and found.password is not None:
        _write(credentials, email, found, bench.settings.label_studio_url)
    told = Credentials(
        annotator=found.annotator,
        role=found.role,
        is_new=found.is_new,
        url=bench.settings.label_studio_url,
        password=None if credentials is not None else found.password,
        written_to=credentials.absolute() if credentials is not None and found.password is not None else None,
    )
    emit("enrolled", [told], as_json=as_json, empty="")


@annotators_app.command("retire", epilog='Example: firsthand annotators retire annotator-1f0c2a9b --because "moved on"')
def retire(
    annotator: Annotated[str, typer.Argument(help="The pseudonym, or the beginning of it.")],
    because: Because,
    as_json: Json = False,
) -> None:
    """Close somebody's account; what they answered stays, and what lies on their desk goes to others."""
    bench = open_workbench()
    left = retire_annotator(annotator, because=because, labelling=bench.labelling, db=bench.db, clock=bench.clock)
    emit("annotators", [one for one in _lines(bench) if one.annotator == left.annotator], as_json=as_json, empty="")


@annotators_app.command("warn", epilog='Example: firsthand annotators warn 1f0c2a9b --by j.doe --because "a wound"')
def warn(clip: Clip, by: By, because: Because, as_json: Json = False) -> None:
    """Say that a clip is distressing: whoever gets it sees it without colour, detail and sound until they ask."""
    bench = open_workbench()
    clip_id = _clip(bench, clip)
    new = warn_of_clip(clip_id, by=by, because=because, db=bench.db, clock=bench.clock)
    emit("marked", [Marked(clip_id, "distressing", new)], as_json=as_json, empty="")


@annotators_app.command("gold", epilog='Example: firsthand annotators gold 1f0c2a9b --by j.doe --because "clear case"')
def gold(clip: Clip, by: By, because: Because, as_json: Json = False) -> None:
    """Check annotators by an adjudicated clip: it is mixed in among the clips of those who have not had it."""
    bench = open_workbench()
    clip_id = _clip(bench, clip)
    new = mark_gold(clip_id, taxonomy=bench.taxonomy, by=by, because=because, db=bench.db, clock=bench.clock)
    emit("marked", [Marked(clip_id, "gold", new)], as_json=as_json, empty="")


def _list(*, as_json: bool) -> None:
    emit("annotators", _lines(open_workbench()), as_json=as_json, empty="Nobody is enrolled.")


def _lines(bench: Workbench) -> list[AnnotatorLine]:
    return list_annotators(
        bench.db,
        taxonomy=bench.taxonomy,
        limit_minutes=bench.settings.exposure_limit_minutes,
        now=bench.clock(),
        label_studio_url=bench.settings.label_studio_url,
    )


def _clip(bench: Workbench, text: str) -> ClipId:
    found = resolve(bench.db, text)
    if found.kind != "clip":
        raise UsageError(f"expected a clip, found {found.kind} {found.thing_id}")
    return ClipId(UUID(found.thing_id))


def _write(path: Path, email: str, found: Enrolled, url: str) -> None:
    told = {"url": url, "email": email, "password": found.password, "annotator": found.annotator, "role": found.role}
    try:
        write_private(path.absolute(), json.dumps(told, indent=2) + "\n")
    except OSError as exc:
        raise UsageError(f"{path} cannot be written: {exc.strerror}; run the same command again") from exc
