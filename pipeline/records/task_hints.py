"""What was drawn on clips beforehand, so that an answer can be compared with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.hint import DrawnBefore
from pipeline.domain.ids import ClipId
from pipeline.records.tables_labelling import TaskHintsRow


@dataclass(frozen=True, slots=True)
class SentHints:
    """What was drawn on one clip from one moment on."""

    clip_id: ClipId
    drawn: DrawnBefore
    sent_at: datetime


def add_hints(session: Session, taxonomy_digest: Sha256, sent: Sequence[SentHints]) -> None:
    """Record what is drawn on clips from now on. Their tasks must be recorded."""
    rows = [
        {
            "clip_id": one.clip_id,
            "taxonomy_digest": taxonomy_digest.hex,
            "drawn": one.drawn.to_json(),
            "sent_at": one.sent_at,
        }
        for one in sent
    ]
    if rows:
        session.execute(insert(TaskHintsRow).values(rows))


def newest_hints(session: Session, taxonomy_digest: Sha256) -> dict[ClipId, SentHints]:
    """What is drawn on each clip that was sent out under a taxonomy; a clip on which nothing ever was is left out."""
    rows = session.scalars(
        sa.select(TaskHintsRow)
        .where(TaskHintsRow.taxonomy_digest == taxonomy_digest.hex)
        .ext(distinct_on(TaskHintsRow.clip_id))
        .order_by(TaskHintsRow.clip_id, TaskHintsRow.ordinal.desc())
    )
    return {
        ClipId(row.clip_id): SentHints(ClipId(row.clip_id), DrawnBefore.from_json(row.drawn), row.sent_at)
        for row in rows
    }
