"""An event's bytes are canonical, and its leaf hash is that of RFC 6962."""

import hashlib
from datetime import UTC, datetime

import rfc8785

from pipeline.domain.custody import CustodyEvent, leaf_hash

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_the_order_of_details_does_not_change_the_bytes() -> None:
    one = CustodyEvent("cut", "clip", "c", AT, {"a": "1", "b": "2"})
    other = CustodyEvent("cut", "clip", "c", AT, {"b": "2", "a": "1"})
    assert rfc8785.dumps(one.content()) == rfc8785.dumps(other.content())


def test_the_canonical_bytes_of_an_event_never_change() -> None:
    event = CustodyEvent("preserved", "original", "0" * 64, AT, {"size_bytes": "9007199254740993"})
    assert rfc8785.dumps(event.content()) == (
        b'{"details":{"size_bytes":"9007199254740993"},"kind":"preserved","occurred_at":"2026-01-02T03:04:05+00:00",'
        b'"schema":"firsthand.custody/1","subject_id":"' + b"0" * 64 + b'","subject_kind":"original"}'
    )


def test_a_leaf_is_hashed_with_its_prefix_so_that_it_is_never_taken_for_a_node() -> None:
    assert leaf_hash(b"") == hashlib.sha256(b"\x00").digest()
    assert leaf_hash(b"x") != hashlib.sha256(b"x").digest()
