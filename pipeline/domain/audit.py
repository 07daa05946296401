"""What does an audit find wrong, and does every recorded thing have its custody event?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal[
    "missing_object",
    "wrong_bytes",
    "wrong_leaf_hash",
    "event_is_not_its_record",
    "event_without_row",
    "row_without_event",
]

ThingKind = Literal[
    "exercise", "upload", "original", "recording", "rendition", "clip", "encoding", "annotation", "release"
]

NEEDED_EVENTS: Mapping[str, frozenset[str]] = {
    "upload": frozenset({"received"}),
    "original": frozenset({"preserved"}),
    "recording": frozenset({"probed", "assembled"}),
    "rendition": frozenset({"rendered"}),
    "clip": frozenset({"cut"}),
    "encoding": frozenset({"encoded"}),
    "annotation": frozenset({"labelled", "labels_refused", "answer_deleted", "carried", "adjudicated"}),
    "release": frozenset({"drafted"}),
}
"""For each kind of thing, the events of which one must tell of its making."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not what the records say."""

    kind: FaultKind
    subject: str
    explanation: str


def unmatched(rows: Mapping[ThingKind, Sequence[str]], events: Iterable[tuple[str, str, str]]) -> list[Fault]:
    """Rows without the event of their making, and events whose row is gone.

    Args:
        rows: for each kind of thing, the ids that the records hold.
        events: kind of thing, id, and kind of event of every custody event.
    """
    making = {(kind, thing) for kind, thing, event in events if event in NEEDED_EVENTS.get(kind, frozenset())}
    recorded = {(kind, thing) for kind, things in rows.items() for thing in things}
    faults = [
        Fault("row_without_event", f"{kind} {thing}", "no custody event tells of its making")
        for kind, thing in sorted(recorded - making)
    ]
    faults += [
        Fault("event_without_row", f"{kind} {thing}", "custody tells of its making, but it is not recorded")
        for kind, thing in sorted(making - recorded)
    ]
    return faults
