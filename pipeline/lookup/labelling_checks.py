"""What stands between clips and labels: clips that must not be shown, and what others changed in Label Studio."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipeline.domain.labels import Taxonomy
from pipeline.records import Database, findings, gates


@dataclass(frozen=True, slots=True)
class UnplayableLine:
    """A clip that did not pass the gate."""

    clip_id: UUID
    reason: str
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class FindingLine:
    """Something in Label Studio that is not as we left it, and is no answer."""

    kind: str
    clip_id: UUID | None
    reason: str
    found_at: datetime
    url: str
    """The page in Label Studio that it is about."""


def unplayable_clips(db: Database) -> list[UnplayableLine]:
    """Clips whose bytes must not be shown, the one that was checked first first. Changes nothing."""
    with db.begin() as session:
        failed = gates.failed_gates(session)
    return [UnplayableLine(gate.clip_id, "; ".join(gate.misfits), gate.checked_at) for gate in failed]


def list_findings(db: Database, *, taxonomy: Taxonomy, label_studio_url: str) -> list[FindingLine]:
    """What was found under a taxonomy, the oldest first. Changes nothing."""
    with db.begin() as session:
        found = findings.all_findings(session, taxonomy.digest)
    base = label_studio_url.rstrip("/")
    return [
        FindingLine(
            kind=one.kind.value,
            clip_id=one.clip_id,
            reason=one.reason,
            found_at=one.found_at,
            url=f"{base}/projects/{one.project_id}/data" + (f"?task={one.task_id}" if one.task_id else "/"),
        )
        for one in found
    ]
