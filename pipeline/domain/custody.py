"""What happened to which artefact, and what are the exact bytes that say so?

An event is recorded in the same transaction as the row it speaks of, so that there is no fact without an event and
no event without a fact. Its canonical form is RFC 8785 JSON over strings only; the leaf hash is that of RFC 6962
(`SHA-256(0x00 || canonical)`), so that events can become leaves of a Merkle log without being rewritten.

No name, serial, file name or address goes into an event: ids, digests and numbers only.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

SubjectKind = Literal[
    "exercise", "upload", "original", "recording", "rendition", "clip", "encoding", "annotation", "release"
]
EventKind = Literal[
    "declared",
    "received",
    "assigned",
    "quarantined",
    "released",
    "rejected",
    "preserved",
    "duplicate_found",
    "duplicate_linked",
    "duplicate_decided",
    "probed",
    "described",
    "damage_found",
    "assembled",
    "rendered",
    "listened",
    "aligned",
    "cut",
    "assessed",
    "encoded",
    "playable",
    "unplayable",
    "allotted",
    "submitted",
    "labelled",
    "labels_refused",
    "answer_deleted",
    "referred",
    "adjudicated",
    "gold_marked",
    "warned",
    "softened",
    "carried",
    "drafted",
    "sealed",
    "published",
]


@dataclass(frozen=True, slots=True)
class CustodyEvent:
    """Who or what did what to which artefact, when."""

    kind: EventKind
    subject_kind: SubjectKind
    subject_id: str
    occurred_at: datetime
    details: Mapping[str, str] = field(default_factory=dict)
    """Ids, digests and numbers as text; RFC 8785 has no exact integers beyond 2^53, text has."""

    def content(self) -> dict[str, str | dict[str, str]]:
        """The event as the JSON object whose canonical form is the record."""
        return {
            "schema": "firsthand.custody/1",
            "kind": self.kind,
            "subject_kind": self.subject_kind,
            "subject_id": self.subject_id,
            "occurred_at": self.occurred_at.isoformat(),
            "details": dict(self.details),
        }


def leaf_hash(canonical: bytes) -> bytes:
    """The RFC 6962 leaf hash of an event's canonical bytes."""
    return hashlib.sha256(b"\x00" + canonical).digest()
