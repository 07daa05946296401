"""Everything that was ever drawn on a clip beforehand, at the shared desk and at those of annotators.

What is drawn changes while nobody has answered, and a page that is open shows what was drawn when it was opened: an
answer may accept any of it.
"""

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.desk import SHARED, Desk
from pipeline.domain.digest import Sha256
from pipeline.domain.hint import DrawnBefore
from pipeline.domain.ids import ClipId
from pipeline.records.tables_labelling import TaskHintsRow
from pipeline.records.tables_people import DeskHintsRow, DeskTaskRow

Drawings = dict[tuple[Desk, ClipId], list[DrawnBefore]]


def all_drawings(session: Session, taxonomy_digest: Sha256) -> Drawings:
    """What was drawn under a taxonomy, oldest first; a clip on which nothing ever was at a desk is left out."""
    shared = (
        sa.select(sa.literal(SHARED), TaskHintsRow.clip_id, TaskHintsRow.drawn)
        .where(TaskHintsRow.taxonomy_digest == taxonomy_digest.hex)
        .order_by(TaskHintsRow.ordinal)
    )
    own = (
        sa.select(DeskTaskRow.desk, DeskTaskRow.clip_id, DeskHintsRow.drawn)
        .join(
            DeskHintsRow,
            sa.and_(
                DeskHintsRow.label_studio_project_id == DeskTaskRow.label_studio_project_id,
                DeskHintsRow.label_studio_task_id == DeskTaskRow.label_studio_task_id,
            ),
        )
        .where(DeskTaskRow.taxonomy_digest == taxonomy_digest.hex)
        .order_by(DeskTaskRow.submitted_at, DeskHintsRow.ordinal)
    )
    found: Drawings = defaultdict(list)
    for query in (shared, own):
        for desk, clip_id, drawn in session.execute(query):
            found[Desk(desk), ClipId(clip_id)].append(DrawnBefore.from_json(drawn))
    return dict(found)
