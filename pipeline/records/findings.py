"""What was found in Label Studio that is not as we left it, and is no answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, derive
from pipeline.records.footage import insert_new
from pipeline.records.tables_labelling import LabellingFindingRow


class FindingKind(StrEnum):
    """What is wrong."""

    CONFIGURATION_CHANGED = "configuration_changed"
    TASK_DELETED = "task_deleted"
    TASK_TWICE = "task_twice"
    FOREIGN_TASK = "foreign_task"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, told once."""

    taxonomy_digest: Sha256
    project_id: int
    kind: FindingKind
    reason: str
    found_at: datetime
    task_id: int | None = None
    clip_id: ClipId | None = None

    @property
    def finding_id(self) -> UUID:
        """The same for the same thing, whenever it is found. A configuration can be changed more than once."""
        when = self.found_at.isoformat() if self.kind is FindingKind.CONFIGURATION_CHANGED else ""
        return derive("labelling-finding", self.project_id, self.kind, self.task_id or "", when)


def add_finding(session: Session, finding: Finding) -> bool:
    """Record what was found; whether that is news."""
    return insert_new(
        session,
        LabellingFindingRow,
        finding_id=finding.finding_id,
        taxonomy_digest=finding.taxonomy_digest.hex,
        label_studio_project_id=finding.project_id,
        label_studio_task_id=finding.task_id,
        clip_id=finding.clip_id,
        kind=finding.kind.value,
        reason=finding.reason,
        found_at=finding.found_at,
    )


def all_findings(session: Session, taxonomy_digest: Sha256) -> list[Finding]:
    """Everything that was found under a taxonomy, the oldest first."""
    rows = session.scalars(
        sa.select(LabellingFindingRow)
        .where(LabellingFindingRow.taxonomy_digest == taxonomy_digest.hex)
        .order_by(LabellingFindingRow.found_at, LabellingFindingRow.finding_id)
    )
    return [
        Finding(
            taxonomy_digest=taxonomy_digest,
            project_id=row.label_studio_project_id,
            kind=FindingKind(row.kind),
            reason=row.reason,
            found_at=row.found_at,
            task_id=row.label_studio_task_id,
            clip_id=None if row.clip_id is None else ClipId(row.clip_id),
        )
        for row in rows
    ]


def deleted_tasks(session: Session, taxonomy_digest: Sha256) -> set[tuple[int, int]]:
    """Project and task of every task that somebody deleted."""
    rows = session.execute(
        sa.select(LabellingFindingRow.label_studio_project_id, LabellingFindingRow.label_studio_task_id).where(
            LabellingFindingRow.taxonomy_digest == taxonomy_digest.hex,
            LabellingFindingRow.kind == FindingKind.TASK_DELETED.value,
        )
    )
    return {(project_id, task_id) for project_id, task_id in rows if task_id is not None}
