"""What did docking stations send, and how far is it?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.records import Database, docking


@dataclass(frozen=True, slots=True)
class DockedLine:
    """A recording as a docking station sends it."""

    container: str
    state: Literal["arriving", "handed over", "arriving rejected", "rejected"]
    began_at: datetime
    completed_at: datetime | None
    objects: int
    uploads: int


def list_docked(db: Database) -> list[DockedLine]:
    """Every recording that a docking station began to send, oldest first.

    Raises:
        DatabaseUnavailableError: Postgres did not answer.
    """
    with db.begin() as session:
        found = docking.recordings(session)
    return [
        DockedLine(one.container, _state(one), one.made_at, one.completed_at, one.objects, one.uploads) for one in found
    ]


def _state(found: docking.DockedRecording) -> Literal["arriving", "handed over", "arriving rejected", "rejected"]:
    if found.kind == "rejected":
        return "rejected" if found.completed_at else "arriving rejected"
    return "handed over" if found.completed_at else "arriving"
