"""Which thing does this text name? A whole id, the first characters of one, or a name that people use."""

from dataclasses import dataclass

from pipeline.domain.audit import ThingKind
from pipeline.errors import UsageError
from pipeline.records import Database, everything

SHORTEST_PREFIX = 4
"""Fewer characters than this name too many things by accident."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A thing by its kind and id."""

    kind: ThingKind
    thing_id: str


def resolve(db: Database, text: str) -> Ref:
    """The one thing that a text names.

    Accepts an exercise id; a release as NAME@VERSION; any other id, whole or its first characters.

    Raises:
        UsageError: nothing, or more than one thing, has this name.
    """
    with db.begin() as session:
        found = [Ref(kind, thing_id) for kind, thing_id in everything.named(session, text)]
        if not found and len(text) >= SHORTEST_PREFIX:
            found = [Ref(kind, thing_id) for kind, thing_id in everything.beginning_with(session, text.lower())]
    if not found:
        raise UsageError(
            f"nothing is called {text!r}: expected an exercise id, a release as NAME@VERSION, or an id "
            f"(its first {SHORTEST_PREFIX} characters or more). `firsthand recordings` lists some."
        )
    if len(found) > 1:
        several = ", ".join(f"{ref.kind} {ref.thing_id}" for ref in found[:5])
        raise UsageError(f"{text!r} names {len(found)} things: {several}. Give more characters.")
    return found[0]
