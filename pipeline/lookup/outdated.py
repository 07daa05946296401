"""What was looked at by an older Firsthand, or not at all, and can be looked at again from what is stored?"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ExerciseId, RenditionId
from pipeline.records import Database, outdated


@dataclass(frozen=True, slots=True)
class Outdated:
    """What is to be done again; nothing is done by finding it."""

    to_hear: tuple[RenditionId, ...]
    """Of recordings that a detector of today has not listened to."""
    to_assess: tuple[RenditionId, ...]
    """Whose clips the rule of today has not judged."""
    to_align: tuple[ExerciseId, ...]
    """Whose recordings are others than those that the method of today has aligned."""

    def __bool__(self) -> bool:
        return bool(self.to_hear or self.to_assess or self.to_align)


def find_outdated(
    db: Database,
    *,
    detectors: Iterable[Sha256],
    rule_version: int,
    detected_with: str,
    recordings_most: int,
    exercises_most: int,
) -> Outdated:
    """At most so much of each, by three queries.

    Args:
        db: the records.
        detectors: all that listen today.
        rule_version: of the rule that judges clips today.
        detected_with: what aligns today.
        recordings_most: how many recordings of each kind.
        exercises_most: how many exercises.

    Raises:
        DatabaseUnavailableError: Postgres did not answer.
    """
    with db.begin() as session:
        return Outdated(
            to_hear=tuple(outdated.renditions_to_hear(session, detectors, most=recordings_most)),
            to_assess=tuple(outdated.renditions_to_assess(session, rule_version, most=recordings_most)),
            to_align=tuple(outdated.exercises_to_align(session, detected_with, most=exercises_most)),
        )
