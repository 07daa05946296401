"""Which recordings must never be split between training and test?

Those of one exercise, since they show the same event; and those of exercises that share footage, or may share it: while
nobody has said that two recordings are distinct, they count as the same.
"""

from collections.abc import Iterable, Sequence

from pipeline.domain.ids import ExerciseId, RecordingId


def groups_of(
    recordings: Sequence[tuple[RecordingId, ExerciseId]], related: Iterable[tuple[RecordingId, RecordingId]]
) -> dict[ExerciseId, RecordingId]:
    """For each exercise the recording that its group is named by: the one of the group that was known first.

    Args:
        recordings: every recording with its exercise, the one that was known first at the beginning.
        related: pairs of recordings that are, or may be, the same footage.
    """
    exercise_of = dict(recordings)
    leader = {exercise: exercise for exercise in exercise_of.values()}

    def find(exercise: ExerciseId) -> ExerciseId:
        while leader[exercise] != exercise:
            leader[exercise] = leader[leader[exercise]]
            exercise = leader[exercise]
        return exercise

    for one, other in related:
        leader[find(exercise_of[other])] = find(exercise_of[one])
    first: dict[ExerciseId, RecordingId] = {}
    for recording_id, exercise in recordings:
        first.setdefault(find(exercise), recording_id)
    return {exercise: first[find(exercise)] for exercise in leader}
