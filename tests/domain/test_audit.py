"""Every recorded thing has the event of its making, and the other way round."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.audit import NEEDED_EVENTS, ThingKind, unmatched

MAKING: dict[ThingKind, str] = {
    "upload": "received",
    "original": "preserved",
    "recording": "probed",
    "rendition": "rendered",
    "clip": "cut",
    "encoding": "encoded",
    "annotation": "labels_refused",
    "release": "drafted",
}
THINGS = st.sets(st.tuples(st.sampled_from(sorted(MAKING)), st.sampled_from("abcdef")))


def test_every_kind_of_thing_has_an_event_of_its_making() -> None:
    assert set(MAKING) == set(NEEDED_EVENTS)


@given(THINGS, THINGS)
def test_exactly_what_is_on_one_side_only_is_a_fault(
    rows: set[tuple[ThingKind, str]], told: set[tuple[ThingKind, str]]
) -> None:
    recorded = {kind: [thing for k, thing in rows if k == kind] for kind in MAKING}
    events = [(kind, thing, MAKING[kind]) for kind, thing in told]
    faults = {(fault.kind, fault.subject) for fault in unmatched(recorded, events)}
    assert faults == {("row_without_event", f"{kind} {thing}") for kind, thing in rows - told} | {
        ("event_without_row", f"{kind} {thing}") for kind, thing in told - rows
    }


def test_an_event_that_does_not_tell_of_the_making_is_not_enough() -> None:
    assert [fault.kind for fault in unmatched({"clip": ["a"]}, [("clip", "a", "submitted")])] == ["row_without_event"]
