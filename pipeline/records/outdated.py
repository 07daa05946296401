"""What of the footage that is cut was not looked at as it would be now? One query for each way of looking.

What is found is given in no order, and at most so much of it: what fails every time must not stand before the rest for
ever, and two who look at once mostly find different things.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from pipeline.domain.byproduct import ByproductKind
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ExerciseId, RenditionId
from pipeline.records.tables import RecordingRow, RenditionRow
from pipeline.records.tables_alignments import AlignmentRow, AlignmentStretchRow
from pipeline.records.tables_byproducts import ByproductRow
from pipeline.records.tables_quality import ClipQualityRow
from pipeline.records.tables_sound import ListeningRow
from pipeline.records.usable import usable


def renditions_to_hear(session: Session, detectors: Iterable[Sha256], *, most: int) -> list[RenditionId]:
    """Of recordings that one of these detectors has not listened to, the oldest rendition with sound beside it.

    Of a recording without sound it is the oldest at all: that it has none is recorded too. A recording whose renditions
    were made before sound was kept beside them cannot be listened to, and is not found.
    """
    digests = [one.hex for one in detectors]
    heard = (
        sa.select(sa.func.count())
        .where(ListeningRow.recording_id == RecordingRow.recording_id, ListeningRow.detector_digest.in_(digests))
        .correlate(RecordingRow)
        .scalar_subquery()
    )
    has_no_sound = sa.func.jsonb_typeof(RecordingRow.media_facts["audio"]) == "null"
    query = (
        sa.select(RenditionRow.rendition_id)
        .ext(distinct_on(RenditionRow.recording_id))
        .join(RecordingRow, RecordingRow.recording_id == RenditionRow.recording_id)
        .where(
            heard < len(digests),
            sa.or_(_has_beside(ByproductKind.SOUND), has_no_sound),
            RecordingRow.recording_id.in_(usable()),
        )
        .order_by(RenditionRow.recording_id, RenditionRow.rendered_at)
    )
    return [RenditionId(found) for found in _some(session, query, most)]


def renditions_to_assess(session: Session, rule_version: int, *, most: int) -> list[RenditionId]:
    """Renditions whose clips were judged by no rule as new as this one, where there are measures to judge by."""
    judged = sa.exists().where(
        ClipQualityRow.rendition_id == RenditionRow.rendition_id, ClipQualityRow.rule_version >= rule_version
    )
    query = sa.select(RenditionRow.rendition_id).where(
        ~judged, _has_beside(ByproductKind.MEASURES), RenditionRow.recording_id.in_(usable())
    )
    return [RenditionId(found) for found in _some(session, query, most)]


def exercises_to_align(session: Session, detected_with: str, *, most: int) -> list[ExerciseId]:
    """Exercises of which the newest alignment by this method holds other recordings than are usable now.

    By this method: two versions of Firsthand at work on one database must not undo each other's alignments in turn.
    """
    later = aliased(AlignmentRow)
    is_newest = ~sa.exists().where(
        later.exercise_id == AlignmentRow.exercise_id,
        later.detector == AlignmentRow.detector,
        later.number > AlignmentRow.number,
    )
    aligned = (
        sa.select(AlignmentRow.exercise_id, AlignmentStretchRow.recording_id)
        .join(AlignmentStretchRow, AlignmentStretchRow.alignment_id == AlignmentRow.alignment_id)
        .where(AlignmentRow.detector == detected_with, is_newest)
    )
    there = sa.select(RecordingRow.exercise_id, RecordingRow.recording_id).where(
        RecordingRow.recording_id.in_(usable())
    )
    differing = sa.union(sa.except_(there, aligned), sa.except_(aligned, there)).subquery()
    query = sa.select(differing.c.exercise_id).distinct()
    return [ExerciseId(found) for found in _some(session, query, most)]


def _has_beside(kind: ByproductKind) -> sa.ColumnElement[bool]:
    return sa.exists().where(ByproductRow.rendition_id == RenditionRow.rendition_id, ByproductRow.kind == kind.value)


def _some(session: Session, query: sa.Select[Any], most: int) -> list[Any]:
    (column,) = query.subquery().c
    return list(session.scalars(sa.select(column).order_by(sa.func.random()).limit(most)))
