"""Exercises as they were declared: add a declaration, get the newest."""

from dataclasses import dataclass
from datetime import datetime

import rfc8785
import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.exercise import ExerciseDeclaration
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.records.footage import camera_of_upload, exercise_of_upload, insert_new
from pipeline.records.tables import ExerciseDeclarationRow, ExerciseRow, UploadAssignmentRow, UploadRow
from pipeline.records.tables_intake import UploadCameraRow


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration and when it was made."""

    declaration: ExerciseDeclaration
    digest: Sha256
    declared_at: datetime


def digest_of(declaration: ExerciseDeclaration) -> Sha256:
    """The digest of what a declaration says, however its file was laid out."""
    return Sha256.of(rfc8785.dumps(declaration.to_json()))  # type: ignore[arg-type]  # its JSON type is a private name


def add_declaration(session: Session, declaration: ExerciseDeclaration, *, at: datetime) -> bool:
    """Record a declaration, and its exercise if this is the first of it; whether it says anything new."""
    insert_new(session, ExerciseRow, exercise_id=declaration.exercise_id, first_seen_at=at)
    newest = newest_declaration(session, declaration.exercise_id)
    digest = digest_of(declaration)
    if newest is not None and newest.digest == digest:
        return False
    return insert_new(
        session,
        ExerciseDeclarationRow,
        exercise_id=declaration.exercise_id,
        digest=digest.hex,
        declaration=declaration.to_json(),
        declared_at=at,
    )


def newest_declarations(session: Session) -> list[ExerciseDeclaration]:
    """The newest declaration of every exercise that has one."""
    rows = session.scalars(sa.select(ExerciseDeclarationRow).order_by(ExerciseDeclarationRow.declared_at))
    newest = {row.exercise_id: row.declaration for row in rows}
    return [ExerciseDeclaration.parse(declaration) for declaration in newest.values()]


def newest_declaration(session: Session, exercise_id: ExerciseId) -> Declared | None:
    """What was declared of an exercise last; `None` when nothing was."""
    row = session.scalar(
        sa.select(ExerciseDeclarationRow)
        .where(ExerciseDeclarationRow.exercise_id == exercise_id)
        .order_by(ExerciseDeclarationRow.declared_at.desc())
        .limit(1)
    )
    if row is None:
        return None
    return Declared(ExerciseDeclaration.parse(row.declaration), Sha256(row.digest), row.declared_at)


def is_known(session: Session, exercise_id: ExerciseId) -> bool:
    """Whether an exercise was declared, or anything came from it."""
    return session.get(ExerciseRow, exercise_id) is not None


def cameras_of(session: Session, exercise_id: ExerciseId) -> list[CameraSerial]:
    """The cameras that uploads of an exercise came from, refused ones too."""
    query = (
        sa.select(camera_of_upload)
        .select_from(UploadRow)
        .join(UploadAssignmentRow, UploadAssignmentRow.upload_id == UploadRow.upload_id, isouter=True)
        .join(UploadCameraRow, UploadCameraRow.upload_id == UploadRow.upload_id, isouter=True)
        .where(exercise_of_upload == exercise_id, camera_of_upload.is_not(None))
        .distinct()
        .order_by(camera_of_upload)
    )
    return [CameraSerial(serial) for serial in session.scalars(query) if serial is not None]
