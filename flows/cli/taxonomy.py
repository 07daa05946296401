"""firsthand taxonomy list | carry: the words that annotators may use, and what old labels mean in new ones."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer

from flows.cli.output import Json, emit, out, printable
from pipeline.domain import taxonomies
from pipeline.domain.digest import Sha256
from pipeline.domain.label_mapping import LabelMapping
from pipeline.errors import UsageError
from pipeline.steps.carry import carry_labels
from pipeline.workbench import open_workbench

app = typer.Typer()
taxonomy_app = typer.Typer(help="The words that annotators may use.", no_args_is_help=True)
app.add_typer(taxonomy_app, name="taxonomy")


@dataclass(frozen=True, slots=True)
class TaxonomyLine:
    """One version of a taxonomy."""

    taxonomy: str
    is_current: bool
    """Whether clips are sent out under it."""
    events: int
    questions: int
    boxes: int
    digest: Sha256
    labels_carried_from: tuple[str, ...]
    """Older taxonomies of which it is declared what their labels mean in this one."""


@dataclass(frozen=True, slots=True)
class LeftAnswer:
    """An answer that has no meaning in the new words."""

    annotation_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class CarriedLabels:
    """What was carried from one taxonomy into another."""

    old: str
    new: str
    because: str
    carried: int
    left: tuple[LeftAnswer, ...]


@taxonomy_app.command("list", epilog="Example: firsthand taxonomy list --json")
def list_all(as_json: Json = False) -> None:
    """List the taxonomies that this Firsthand knows, and which labels can be carried into which."""
    current, mappings = taxonomies.load(), taxonomies.mappings()
    lines = [
        TaxonomyLine(
            taxonomy=one.name,
            is_current=one.digest == current.digest,
            events=len(one.events),
            questions=len(one.questions),
            boxes=len(one.boxes),
            digest=one.digest,
            labels_carried_from=tuple(mapping.source.name for mapping in mappings if mapping.target.name == one.name),
        )
        for one in taxonomies.everything().values()
    ]
    emit("taxonomies", lines, as_json=as_json, empty="")


@taxonomy_app.command("carry", epilog="Example: firsthand taxonomy carry firearms-attack-1.0.0 firearms-attack-1.1.0")
def carry(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The taxonomy that answers were given under.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The taxonomy whose words they are to count in.")],
    as_json: Json = False,
) -> None:
    """Carry answers over where a mapping file declares what they mean; old answers stay, and nothing is done twice."""
    mapping = _mapping(old, new)
    bench = open_workbench()
    done = carry_labels(mapping, db=bench.db, clock=bench.clock)
    left = tuple(LeftAnswer(annotation_id, reason) for annotation_id, reason in done.left)
    told = CarriedLabels(old, new, mapping.because, done.carried, left)
    emit("carried_labels", [told], as_json=as_json, empty="")
    if not as_json:
        for one in left:
            out().print(printable(f"{one.annotation_id}: {one.reason}"))


def _mapping(old: str, new: str) -> LabelMapping:
    declared = taxonomies.mappings()
    for mapping in declared:
        if (mapping.source.name, mapping.target.name) == (old, new):
            return mapping
    known = ", ".join(f"{mapping.source.name} to {mapping.target.name}" for mapping in declared)
    raise UsageError(f"no mapping declares what labels of {old[:80]!r} mean in {new[:80]!r}; declared: {known}")
