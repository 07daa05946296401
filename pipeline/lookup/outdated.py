"""What was looked at by an older Firsthand, or not at all, and can be looked at again from what is stored?"""

from dataclasses import dataclass

from pipeline.adapters.correlation import DETECTOR
from pipeline.adapters.listening import Listener
from pipeline.domain.alignment import method_of
from pipeline.domain.ids import ExerciseId, RenditionId
from pipeline.domain.quality import RULE_VERSION
from pipeline.records import Database, outdated

RECORDINGS_MAX = 200
"""Listened to, and judged, at a time: to listen to an hour of sound takes ten seconds."""

EXERCISES_MAX = 10
"""Aligned at a time: every two recordings that overlap are compared."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """What is to be done again, as much as is done at a time; finding it does nothing."""

    to_hear: tuple[RenditionId, ...]
    """Of recordings that a detector of today has not listened to."""
    to_assess: tuple[RenditionId, ...]
    """Whose clips the rule of today has not judged."""
    to_align: tuple[ExerciseId, ...]
    """Whose recordings are others than those that the method of today has aligned."""

    def __bool__(self) -> bool:
        return bool(self.to_hear or self.to_assess or self.to_align)


def find_outdated(db: Database, listener: Listener) -> Outdated:
    """What is outdated now, by three queries.

    Raises:
        DatabaseUnavailableError: Postgres did not answer.
        SettingsError: the network that hears speech is not installed.
    """
    detectors = [detector.digest for detector in listener.detectors.values()]
    with db.begin() as session:
        return Outdated(
            to_hear=tuple(outdated.renditions_to_hear(session, detectors, most=RECORDINGS_MAX)),
            to_assess=tuple(outdated.renditions_to_assess(session, RULE_VERSION, most=RECORDINGS_MAX)),
            to_align=tuple(outdated.exercises_to_align(session, method_of(DETECTOR), most=EXERCISES_MAX)),
        )
