"""Audits: what was re-checked, when, and what was wrong."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.audit import Fault
from pipeline.records.footage import insert_new
from pipeline.records.tables import AuditRow


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit."""

    audit_id: UUID
    objects_checked: int
    bytes_checked: int
    events_checked: int
    faults: tuple[Fault, ...]
    audited_at: datetime


def add_audit(session: Session, audit: Audit) -> bool:
    """Record an audit."""
    return insert_new(
        session,
        AuditRow,
        audit_id=audit.audit_id,
        objects_checked=audit.objects_checked,
        bytes_checked=audit.bytes_checked,
        events_checked=audit.events_checked,
        faults=len(audit.faults),
        report={"faults": [asdict(fault) for fault in audit.faults]},
        audited_at=audit.audited_at,
    )


def all_audits(session: Session) -> list[Audit]:
    """Every audit, oldest first."""
    return [
        Audit(
            audit_id=row.audit_id,
            objects_checked=row.objects_checked,
            bytes_checked=row.bytes_checked,
            events_checked=row.events_checked,
            faults=tuple(Fault(**fault) for fault in row.report["faults"]),
            audited_at=row.audited_at,
        )
        for row in session.scalars(sa.select(AuditRow).order_by(AuditRow.audited_at))
    ]
