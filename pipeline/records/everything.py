"""Find things of any kind by name or by the beginning of an id."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.audit import ThingKind
from pipeline.records.tables import (
    AnnotationRow,
    ClipRow,
    ExerciseRow,
    OriginalRow,
    RecordingRow,
    ReleaseRow,
    RenditionRow,
    UploadRow,
)
from pipeline.records.tables_encodings import EncodingRow

_IDS: tuple[tuple[ThingKind, sa.orm.InstrumentedAttribute[object]], ...] = (
    ("upload", UploadRow.upload_id),
    ("original", OriginalRow.digest),
    ("recording", RecordingRow.recording_id),
    ("rendition", RenditionRow.rendition_id),
    ("clip", ClipRow.clip_id),
    ("encoding", EncodingRow.encoding_id),
    ("annotation", AnnotationRow.annotation_id),
    ("release", ReleaseRow.release_id),
)


def named(session: Session, text: str) -> list[tuple[ThingKind, str]]:
    """The exercise of this id, or the release of this NAME@VERSION."""
    name, at, version = text.partition("@")
    if at:
        query = sa.select(ReleaseRow.release_id).where(ReleaseRow.name == name, ReleaseRow.version == version)
        return [("release", str(release_id)) for release_id in session.scalars(query)]
    found = session.scalar(sa.select(ExerciseRow.exercise_id).where(ExerciseRow.exercise_id == text))
    return [("exercise", found)] if found is not None else []


def beginning_with(session: Session, prefix: str) -> list[tuple[ThingKind, str]]:
    """Everything whose id begins like this, a few of each kind."""
    found: list[tuple[ThingKind, str]] = []
    for kind, column in _IDS:
        as_text = sa.cast(column, sa.Text)
        query = sa.select(as_text).where(as_text.startswith(prefix, autoescape=True)).order_by(as_text).limit(3)
        found.extend((kind, thing_id) for thing_id in session.scalars(query))
    return found


def all_ids(session: Session) -> dict[ThingKind, list[str]]:
    """The ids of all things that custody events tell of, by kind."""
    return {kind: list(session.scalars(sa.select(sa.cast(column, sa.Text)))) for kind, column in _IDS}
