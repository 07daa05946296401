"""What was heard in a recording that may be worth looking at first?"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import RecordingId
from pipeline.records import Database, Session, sound_hints

NOBODY_LISTENED = "not listened to yet"


@dataclass(frozen=True, slots=True)
class HintLine:
    """One hint; times are on the timeline of its recording."""

    recording_id: UUID
    kind: str
    start_s: Fraction
    end_s: Fraction
    score: float
    detector: str
    detector_digest: Sha256


def list_hints(db: Database, recording_id: RecordingId) -> list[HintLine]:
    """The hints of the newest detector of each kind, in the order of time."""
    with db.begin() as session:
        found = sound_hints.listenings_of(session, recording_id)
    lines = [
        HintLine(
            recording_id,
            hint.kind.value,
            hint.span.start_s,
            hint.span.end_s,
            hint.score,
            listening.detector.name,
            listening.detector.digest,
        )
        for listening in found
        for hint in listening.hints
    ]
    return sorted(lines, key=lambda line: (line.start_s, line.kind))


def say_what_was_heard(db: Database, recording_id: RecordingId) -> str:
    """The same in a sentence, also where there is no hint: why there is none."""
    with db.begin() as session:
        return in_words(session, recording_id)


def in_words(session: Session, recording_id: RecordingId) -> str:
    """How many hints of each kind there are, and what became of everything else that was noticed."""
    found = sound_hints.listenings_of(session, recording_id)
    if not found:
        return NOBODY_LISTENED
    if all(listening.sound is None for listening in found):
        return "; ".join(Counter(listening.outcome for listening in found))
    return ". ".join(f"{listening.detector.kind.value}: {listening.outcome}" for listening in found)
