"""The quality of clips: add a judgement, find the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.ids import ClipId, RenditionId
from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.quality import ClipQuality, Mark, Marked
from pipeline.records.footage import insert_new
from pipeline.records.tables_quality import ClipQualityRow


@dataclass(frozen=True, slots=True)
class AssessedClip:
    """One judgement of a clip."""

    clip_id: ClipId
    rendition_id: RenditionId
    rule_version: int
    quality: ClipQuality
    marks: tuple[Marked, ...]
    """Why it is below the floor; nothing when it is not."""
    assessed_at: datetime


def add_quality(session: Session, assessed: AssessedClip) -> bool:
    """Record one judgement; whether it is new."""
    return insert_new(
        session,
        ClipQualityRow,
        clip_id=assessed.clip_id,
        rendition_id=assessed.rendition_id,
        rule_version=assessed.rule_version,
        quality=to_plain(assessed.quality),
        marks=[one.mark.value for one in assessed.marks],
        reasons=[one.reason for one in assessed.marks],
        assessed_at=assessed.assessed_at,
    )


def is_assessed(session: Session, rendition_id: RenditionId, rule_version: int) -> bool:
    """Whether this version of the rule judged the clips of a rendition: all of them, or none."""
    found = sa.select(ClipQualityRow.clip_id).where(
        ClipQualityRow.rendition_id == rendition_id, ClipQualityRow.rule_version == rule_version
    )
    return session.scalar(found.limit(1)) is not None


def find_quality(session: Session, clip_id: ClipId) -> AssessedClip | None:
    """The newest judgement of a clip; `None` where nobody judged it."""
    found = qualities_of(session, [clip_id])
    return found.get(clip_id)


def qualities_of(session: Session, clip_ids: Sequence[ClipId]) -> dict[ClipId, AssessedClip]:
    """The newest judgement of each of these clips that has one."""
    return _newest(session, ClipQualityRow.clip_id.in_(clip_ids))


def qualities_by(session: Session, rendition_id: RenditionId) -> dict[ClipId, AssessedClip]:
    """The newest judgement of each clip of a rendition, cut already or about to be."""
    return _newest(session, ClipQualityRow.rendition_id == rendition_id)


def _newest(session: Session, condition: sa.ColumnElement[bool]) -> dict[ClipId, AssessedClip]:
    order = (ClipQualityRow.rule_version, ClipQualityRow.assessed_at)
    rows = session.scalars(sa.select(ClipQualityRow).where(condition).order_by(*order))
    return {ClipId(row.clip_id): _assessed(row) for row in rows}


def _assessed(row: ClipQualityRow) -> AssessedClip:
    return AssessedClip(
        clip_id=ClipId(row.clip_id),
        rendition_id=RenditionId(row.rendition_id),
        rule_version=row.rule_version,
        quality=from_plain(ClipQuality, row.quality),
        marks=tuple(Marked(Mark(mark), reason) for mark, reason in zip(row.marks, row.reasons, strict=True)),
        assessed_at=row.assessed_at,
    )
