"""Alignments of exercises, and the comparisons of sounds that they are made from.

Every `add_*` answers whether anything is new; adding what is there changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.alignment import (
    Alignment,
    AlignmentId,
    Heard,
    Hearing,
    Method,
    NotHeard,
    Pair,
    Placement,
    StretchKey,
    Timeline,
    Unplaced,
)
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ExerciseId, RecordingId
from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.timeline import Span
from pipeline.records.footage import insert_new
from pipeline.records.tables_alignments import (
    AlignmentPairRow,
    AlignmentRow,
    AlignmentStretchRow,
    SoundComparisonRow,
)

_TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('alignment:' || :exercise_id, 0))")


@dataclass(frozen=True, slots=True)
class _Placed:
    """What is kept of a placement beside its key, its span, its method and its reason."""

    group: int
    offset_s: Fraction
    drift_ppm: Fraction
    uncertainty_s: Fraction
    heard: Span | None
    drift_uncertainty_ppm: Fraction
    confidence: Fraction | None


def take_turn(session: Session, exercise_id: ExerciseId) -> None:
    """Let no other transaction number an alignment of this exercise until this one ends."""
    session.execute(_TURN, {"exercise_id": exercise_id})


def add_comparison(
    session: Session,
    comparison_id: UUID,
    hearing: Hearing,
    *,
    sounds: tuple[Sha256, Sha256],
    detector: str,
    at: datetime,
) -> bool:
    """Record what came of comparing two sounds."""
    return insert_new(
        session,
        SoundComparisonRow,
        comparison_id=comparison_id,
        first_digest=sounds[0].hex,
        second_digest=sounds[1].hex,
        detector=detector,
        hearing=to_plain(hearing),
        compared_at=at,
    )


def find_comparison(session: Session, comparison_id: UUID) -> Hearing | None:
    """What came of a comparison; `None` when it was not made yet."""
    row = session.get(SoundComparisonRow, comparison_id)
    return from_plain(Hearing, row.hearing) if row else None


def add_alignment(session: Session, alignment: Alignment) -> bool:
    """Record an alignment, whole."""
    timeline = alignment.timeline
    is_new = insert_new(
        session,
        AlignmentRow,
        alignment_id=alignment.alignment_id,
        exercise_id=alignment.exercise_id,
        number=alignment.number,
        inputs_digest=alignment.inputs_digest.hex,
        detector=alignment.detector,
        zero_at=timeline.zero_at,
        zero_uncertainty_num=timeline.zero_uncertainty_s.numerator,
        zero_uncertainty_den=timeline.zero_uncertainty_s.denominator,
        aligned_at=alignment.aligned_at,
    )
    stretches: list[Placement | Unplaced] = [*timeline.placements, *timeline.unplaced]
    for one in stretches:
        insert_new(session, AlignmentStretchRow, alignment_id=alignment.alignment_id, **_stretch_values(one))
    for pair in timeline.pairs:
        is_heard = isinstance(pair.outcome, Heard)
        insert_new(
            session,
            AlignmentPairRow,
            alignment_id=alignment.alignment_id,
            first_id=pair.first.recording_id,
            first_ordinal=pair.first.ordinal,
            second_id=pair.second.recording_id,
            second_ordinal=pair.second.ordinal,
            heard=to_plain(pair.outcome) if is_heard else None,
            refused=None if is_heard else to_plain(pair.outcome),
        )
    return is_new


def newest_alignment(session: Session, exercise_id: ExerciseId) -> Alignment | None:
    """The alignment of an exercise that counts; `None` before there is one."""
    row = session.scalar(
        sa.select(AlignmentRow)
        .where(AlignmentRow.exercise_id == exercise_id)
        .order_by(AlignmentRow.number.desc())
        .limit(1)
    )
    return _alignment(session, row) if row else None


def _alignment(session: Session, row: AlignmentRow) -> Alignment:
    rows = session.scalars(sa.select(AlignmentStretchRow).where(AlignmentStretchRow.alignment_id == row.alignment_id))
    stretches = [_stretch(one) for one in rows]
    placements = [one for one in stretches if isinstance(one, Placement)]
    unplaced = [one for one in stretches if isinstance(one, Unplaced)]
    order = (
        AlignmentPairRow.first_id,
        AlignmentPairRow.first_ordinal,
        AlignmentPairRow.second_id,
        AlignmentPairRow.second_ordinal,
    )
    pairs = session.scalars(
        sa.select(AlignmentPairRow).where(AlignmentPairRow.alignment_id == row.alignment_id).order_by(*order)
    )
    return Alignment(
        alignment_id=AlignmentId(row.alignment_id),
        exercise_id=ExerciseId(row.exercise_id),
        number=row.number,
        inputs_digest=Sha256(row.inputs_digest),
        detector=row.detector,
        timeline=Timeline(
            row.zero_at,
            Fraction(row.zero_uncertainty_num, row.zero_uncertainty_den),
            tuple(sorted(placements, key=lambda one: (one.start_s, one.key))),
            tuple(sorted(unplaced, key=lambda one: one.key)),
            tuple(_pair(one) for one in pairs),
        ),
        aligned_at=row.aligned_at,
    )


def _stretch_values(one: Placement | Unplaced) -> dict[str, object]:
    placed = None
    if isinstance(one, Placement):
        placed = _Placed(
            one.group,
            one.offset_s,
            one.drift_ppm,
            one.uncertainty_s,
            one.heard,
            one.drift_uncertainty_ppm,
            one.confidence,
        )
    return {
        "recording_id": one.key.recording_id,
        "ordinal": one.key.ordinal,
        "start_num": one.span.start_s.numerator,
        "start_den": one.span.start_s.denominator,
        "end_num": one.span.end_s.numerator,
        "end_den": one.span.end_s.denominator,
        "method": one.method.value if isinstance(one, Placement) else None,
        "placed": to_plain(placed),
        "reason": one.reason,
    }


def _stretch(row: AlignmentStretchRow) -> Placement | Unplaced:
    key = StretchKey(RecordingId(row.recording_id), row.ordinal)
    span = Span(Fraction(row.start_num, row.start_den), Fraction(row.end_num, row.end_den))
    if row.method is None:
        return Unplaced(key, span, row.reason)
    placed = from_plain(_Placed, row.placed)
    return Placement(
        key=key,
        span=span,
        method=Method(row.method),
        group=placed.group,
        offset_s=placed.offset_s,
        drift_ppm=placed.drift_ppm,
        uncertainty_s=placed.uncertainty_s,
        heard=placed.heard,
        drift_uncertainty_ppm=placed.drift_uncertainty_ppm,
        confidence=placed.confidence,
        reason=row.reason,
    )


def _pair(row: AlignmentPairRow) -> Pair:
    return Pair(
        StretchKey(RecordingId(row.first_id), row.first_ordinal),
        StretchKey(RecordingId(row.second_id), row.second_ordinal),
        from_plain(Heard, row.heard) if row.heard is not None else from_plain(NotHeard, row.refused),
    )
