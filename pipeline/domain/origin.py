"""Whose is an upload that does not say so itself, when a person says it?

Rules kept here:

* What an upload says of itself stands: a person completes it, and corrects nothing.
* An exercise that nobody declared and nothing came from is a mistyped one.
* A camera that is said to have filmed a declared exercise is one that was declared for it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from pipeline.domain.footage import Upload
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.errors import NotPermittedError, UsageError


@dataclass(frozen=True, slots=True)
class Origin:
    """Where footage comes from; each part is `None` where nothing is said."""

    camera_serial: CameraSerial | None = None
    exercise_id: ExerciseId | None = None


NOTHING_SAID = Origin()


def completed_origin(
    upload: Upload, said: Origin, *, is_exercise_known: bool, declared_cameras: Collection[CameraSerial] | None
) -> Origin:
    """What a person adds to what an upload says of itself.

    Args:
        upload: what is known of it.
        said: what the person says.
        is_exercise_known: whether the exercise that they say was declared, or anything came from it.
        declared_cameras: the cameras of the exercise; `None` where it was not declared.

    Raises:
        UsageError: the exercise is not known.
        NotPermittedError: no camera is named by anybody, or what is said contradicts what is known.
    """
    named = f"upload {upload.upload_id}"
    camera = upload.camera_serial or said.camera_serial
    exercise = upload.exercise_id or said.exercise_id
    if camera is None:
        raise NotPermittedError(
            f"{named} names no camera, so nothing can be made of it: say which it comes from with --camera SERIAL, "
            "and with --exercise where no declaration tells; or declare its source in the naming file, send the file "
            "again, and reject this one"
        )
    for option, known, told in (
        ("--camera", upload.camera_serial, said.camera_serial),
        ("--exercise", upload.exercise_id, said.exercise_id),
    ):
        if told is not None and known is not None and told != known:
            raise NotPermittedError(f"{named} is of {known}: expected that or no {option}, found {told}")
    if said.exercise_id is not None and not is_exercise_known:
        raise UsageError(
            f"--exercise: expected an exercise that was declared, found {said.exercise_id}; "
            "`firsthand exercise add` declares one"
        )
    is_said = said.camera_serial is not None or said.exercise_id is not None
    if is_said and declared_cameras is not None and camera not in declared_cameras:
        raise NotPermittedError(
            f"{named}: expected a camera that exercise {exercise} was declared with "
            f"({', '.join(sorted(declared_cameras))}), found {camera}; `firsthand exercise add` declares it anew"
        )
    return Origin(
        None if upload.camera_serial is not None else camera,
        None if upload.exercise_id is not None else said.exercise_id,
    )
