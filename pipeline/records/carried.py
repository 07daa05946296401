"""Answers that were carried into the words of another taxonomy."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import AnnotationId, ClipId
from pipeline.records.footage import insert_new
from pipeline.records.tables import AnnotationRow
from pipeline.records.tables_labelling import CarriedAnnotationRow


def add_carried(
    session: Session, annotation_id: AnnotationId, *, source: AnnotationId, mapping_digest: Sha256, at: datetime
) -> bool:
    """Record where an answer was carried from, and by which mapping; whether that is new."""
    return insert_new(
        session,
        CarriedAnnotationRow,
        annotation_id=annotation_id,
        source_annotation_id=source,
        mapping_digest=mapping_digest.hex,
        carried_at=at,
    )


def carried_clips(session: Session, taxonomy_digest: Sha256) -> set[ClipId]:
    """The clips that have an answer under a taxonomy which was carried there."""
    rows = session.scalars(
        sa.select(AnnotationRow.clip_id)
        .join(CarriedAnnotationRow, CarriedAnnotationRow.annotation_id == AnnotationRow.annotation_id)
        .where(AnnotationRow.taxonomy_digest == taxonomy_digest.hex)
        .distinct()
    )
    return {ClipId(clip_id) for clip_id in rows}
