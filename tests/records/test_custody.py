"""What is recorded of an event is bytes in one form only, and anybody can compute their hash again."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
import rfc8785
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.custody import CustodyEvent, leaf_hash
from pipeline.records import Database, Session, custody
from tests.builders import NOON, an_event

GOLDEN = Path(__file__).parents[1] / "golden" / "custody_event.json"
"""The canonical bytes of `an_event()`, without a final newline. To renew: write what the test found into it."""


def stored(session: Session) -> list[tuple[bytes, bytes]]:
    return [(canonical, leaf) for *_, canonical, leaf in custody.all_events(session)]


def test_the_recorded_bytes_are_the_golden_ones_and_their_hash_is_rfc_6962(session: Session) -> None:
    custody.append(session, an_event())
    golden = GOLDEN.read_bytes()
    assert stored(session) == [(golden, hashlib.sha256(b"\x00" + golden).digest())]


def test_the_recorded_bytes_are_canonical_json(session: Session) -> None:
    event = an_event(details={"z": "1", "a": "2", "ä": '\u20ac "quoted" \\ \n', "B": ""})
    custody.append(session, event)
    ((canonical, _),) = stored(session)
    read = json.loads(canonical)
    assert read["details"] == event.details
    assert rfc8785.dumps(read) == canonical
    # Sorted by UTF-16 units, no white space, and no character escaped that need not be.
    assert b'"details":{"B":"","a":"2","z":"1","\xc3\xa4":"\xe2\x82\xac \\"quoted\\" \\\\ \\n"}' in canonical


def test_the_very_same_event_twice_is_one_row(session: Session) -> None:
    custody.append(session, an_event())
    custody.append(session, an_event())
    assert len(stored(session)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "rendered"},
        {"subject_kind": "recording"},
        {"subject_id": "another"},
        {"occurred_at": NOON + timedelta(microseconds=1)},
        {"details": {}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_event_that_differs_in_anything_is_another(session: Session, changes: dict[str, object]) -> None:
    custody.append(session, an_event())
    custody.append(session, an_event(**changes))
    assert len({leaf for _, leaf in stored(session)}) == 2


def test_events_of_a_thing_come_oldest_first_and_without_those_of_others(session: Session) -> None:
    later = an_event(kind="submitted", occurred_at=NOON + timedelta(seconds=1))
    for event in (later, an_event(subject_id="another"), an_event()):
        custody.append(session, event)
    found = custody.events_of(session, an_event().subject_id)
    assert [(at, kind, subject) for at, kind, subject, _ in found] == [
        (NOON, "cut", "clip"),
        (later.occurred_at, "submitted", "clip"),
    ]


def test_postgres_computes_the_hash_too_and_refuses_another(db: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="leaf_hash_of_canonical"), db.begin() as session:
        session.execute(
            sa.text(
                "INSERT INTO custody_events VALUES "
                "(gen_random_uuid(), 'cut', 'clip', '1', now(), '{}'::bytea, sha256('{}'::bytea))"
            )
        )


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.dictionaries(TEXT, TEXT, max_size=4))
def test_whatever_the_details_say_the_bytes_read_back_the_same(details: dict[str, str]) -> None:
    event = CustodyEvent("cut", "clip", "1", NOON, details)
    canonical = rfc8785.dumps(event.content())
    assert json.loads(canonical) == event.content()
    assert leaf_hash(canonical) == hashlib.sha256(b"\x00" + canonical).digest()
