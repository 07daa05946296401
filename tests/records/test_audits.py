from dataclasses import replace
from datetime import timedelta

from pipeline.domain.audit import Fault
from pipeline.domain.ids import derive
from pipeline.records import Session, audits
from pipeline.records.audits import Audit
from tests.builders import NOON

AUDIT = Audit(
    audit_id=derive("audit", "one"),
    objects_checked=3,
    bytes_checked=5 << 40,
    events_checked=7,
    faults=(Fault("missing_object", "clip 1", "gone"), Fault("wrong_bytes", "clip 2", 'expected "a", found "ä"')),
    audited_at=NOON,
)


def test_an_audit_added_twice_is_one_row_with_all_its_faults(session: Session) -> None:
    assert audits.add_audit(session, AUDIT)
    assert not audits.add_audit(session, replace(AUDIT, faults=()))
    assert audits.all_audits(session) == [AUDIT]


def test_audits_come_oldest_first(session: Session) -> None:
    later = replace(AUDIT, audit_id=derive("audit", "two"), faults=(), audited_at=NOON + timedelta(days=1))
    audits.add_audit(session, later)
    audits.add_audit(session, AUDIT)
    assert audits.all_audits(session) == [AUDIT, later]
