"""Builds an alignment of recordings that are there: two that hear each other, the rest refused."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from pipeline.domain.alignment import (
    Alignment,
    Candidate,
    Heard,
    Hearing,
    Method,
    NotHeard,
    Pair,
    Placement,
    StretchKey,
    Timeline,
    Unplaced,
    WindowLag,
)
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Recording
from pipeline.domain.ids import derive
from pipeline.domain.timeline import Span
from pipeline.records import Session, alignments
from tests.builders import NOON

HEARD = Heard(
    from_s=Fraction(4),
    to_s=Fraction(24),
    lag_from_s=Fraction(3217, 1000),
    lag_to_s=Fraction(3218, 1000),
    uncertainty_s=Fraction(30, 1000),
    drift_uncertainty_ppm=Fraction(7),
    windows=8,
    agreeing=6,
    confidence=Fraction(1, 2),
)
NOT_HEARD = NotHeard("they do not hear the same")
WINDOW = WindowLag(Fraction(4), Fraction(3217, 1000), Fraction(20), Fraction(3))
HEARING = Hearing((Candidate(Fraction(16, 5), (WINDOW,)),))


def an_alignment(recordings: Sequence[Recording], number: int = 1) -> Alignment:
    """Of one recording it is the reference; the second is placed by sound, and whatever follows is refused."""
    first, *others = recordings
    keys = [StretchKey(one.recording_id) for one in recordings]
    spans = [Span(Fraction(0), one.duration_s) for one in recordings]
    placements = [_placed(keys[0], spans[0], Method.REFERENCE)]
    if others:
        heard = Span(Fraction(4), Fraction(24))
        sound = {"offset_s": Fraction(3217, 1000), "drift_ppm": Fraction(50), "uncertainty_s": HEARD.uncertainty_s}
        placements.append(_placed(keys[1], spans[1], Method.SOUND, heard=heard, confidence=HEARD.confidence, **sound))
    unplaced = [Unplaced(key, span, "its sound fits none") for key, span in zip(keys[2:], spans[2:], strict=True)]
    pairs = [Pair(keys[0], keys[1], HEARD)] if others else []
    pairs += [Pair(keys[0], key, NOT_HEARD) for key in keys[2:]]
    inputs = Sha256.of(str(keys).encode())
    return Alignment(
        alignment_id=Alignment.id_for(first.exercise_id, number, inputs),
        exercise_id=first.exercise_id,
        number=number,
        inputs_digest=inputs,
        detector="gcc-phat 1",
        timeline=Timeline(NOON, Fraction(1), tuple(placements), tuple(unplaced), tuple(pairs)),
        aligned_at=NOON + timedelta(minutes=number),
    )


def add_an_alignment(session: Session, *recordings: Recording) -> Alignment:
    """Record one, with the comparison that it was made from."""
    sounds = (Sha256.of(b"one"), Sha256.of(b"two"))
    named = derive("sound-comparison", *sounds)
    alignments.add_comparison(session, named, HEARING, sounds=sounds, detector="gcc-phat 1", at=NOON)
    made = an_alignment(recordings)
    alignments.add_alignment(session, made)
    return made


def _placed(key: StretchKey, span: Span, method: Method, **instead: Any) -> Placement:
    plain: dict[str, Any] = {
        "group": 1,
        "offset_s": Fraction(0),
        "drift_ppm": Fraction(0),
        "uncertainty_s": Fraction(0),
        "heard": None,
        "drift_uncertainty_ppm": Fraction(0),
        "confidence": None,
        "reason": "so",
    }
    return Placement(key=key, span=span, method=method, **{**plain, **instead})
