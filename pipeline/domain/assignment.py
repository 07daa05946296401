"""Which exercise does this upload belong to, when its sender did not say?

A declaration says which cameras were worn on which days; an upload says which camera it comes from and, with luck, when
it was recorded. Rules kept here:

* Camera and day must both fit. A camera is used again next week: alone it proves nothing.
* A claimed time may be off by a zone, and a declared day is local: a day that fits as told is better than one that fits
  only within a zone's distance.
* Where two exercises fit equally well, nobody guesses: the upload waits until a declaration tells them apart.

An upload without an answer is neither refused nor lost; the question is asked again with every new declaration.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from pipeline.domain.exercise import ExerciseDeclaration
from pipeline.domain.ids import CameraSerial, ExerciseId

ZONE = timedelta(hours=14)
"""A local time labelled UTC, or a local day taken for one in UTC, is off by at most this (Kiribati)."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The exercise that an upload belongs to, or `None`, and why."""

    exercise_id: ExerciseId | None
    because: str


def exercise_for(
    camera: CameraSerial, claimed_start_at: datetime | None, declarations: Iterable[ExerciseDeclaration]
) -> Assignment:
    """The exercise that this camera filmed at this time.

    Args:
        camera: the camera that the upload comes from.
        claimed_start_at: when it was recorded, as its sender says; aware, and `None` where nothing was said.
        declarations: the newest declaration of every exercise.
    """
    wearing = [said for said in declarations if camera in {worn.camera_serial for worn in said.cameras}]
    if not wearing:
        return Assignment(None, f"no declared exercise names camera {camera}")
    named = _listed(wearing)
    if claimed_start_at is None:
        return Assignment(None, f"nothing says when it was recorded; camera {camera} was declared for {named}")
    at = claimed_start_at.astimezone(UTC)
    near = [said for said in wearing if _is_within(at, said, ZONE)]
    on_the_day = [said for said in near if _is_within(at, said, timedelta(0))]
    if not near:
        return Assignment(None, f"recorded {at:%Y-%m-%d}; camera {camera} was declared for {named}")
    best = on_the_day or near
    if len(best) > 1:
        return Assignment(None, f"camera {camera} and {at:%Y-%m-%d} fit more than one exercise: {_listed(best)}")
    how = "on its day" if on_the_day else "within a time zone of its day"
    return Assignment(best[0].exercise_id, f"declared for camera {camera}, recorded {how}, {at:%Y-%m-%d}")


def _is_within(at: datetime, said: ExerciseDeclaration, tolerance: timedelta) -> bool:
    begins_at = datetime.combine(said.held_on, time(), UTC)
    ends_at = datetime.combine(said.last_day, time(), UTC) + timedelta(days=1)
    return begins_at - tolerance <= at < ends_at + tolerance


def _listed(declarations: list[ExerciseDeclaration]) -> str:
    ordered = sorted(declarations, key=lambda said: (said.held_on, said.exercise_id))
    return ", ".join(f"{said.exercise_id} on {said.days}" for said in ordered)
