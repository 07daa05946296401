"""Recordings that may show the same thing are never split between training and test."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.ids import ExerciseId, RecordingId
from pipeline.domain.release.groups import groups_of

RECORDINGS = [RecordingId(UUID(int=number)) for number in range(8)]
exercises = st.lists(st.sampled_from([ExerciseId(f"EX-{number}") for number in range(5)]), min_size=8, max_size=8)
pairs = st.lists(st.tuples(st.sampled_from(RECORDINGS), st.sampled_from(RECORDINGS)), max_size=8)


@given(exercises, pairs)
def test_exercise_and_relation_keep_recordings_together_and_the_order_of_pairs_does_not_matter(
    held_in: list[ExerciseId], related: list[tuple[RecordingId, RecordingId]]
) -> None:
    known = list(zip(RECORDINGS, held_in, strict=True))
    groups, exercise_of = groups_of(known, related), dict(known)
    assert set(groups) == set(held_in)
    for one, other in related:
        assert groups[exercise_of[one]] == groups[exercise_of[other]]
    assert groups == groups_of(known, [(other, one) for one, other in reversed(related)])
    assert groups[held_in[0]] == RECORDINGS[0]


def test_exercises_that_share_nothing_are_groups_of_their_own() -> None:
    known = [(RECORDINGS[0], ExerciseId("A")), (RECORDINGS[1], ExerciseId("A")), (RECORDINGS[2], ExerciseId("B"))]
    assert groups_of(known, []) == {"A": RECORDINGS[0], "B": RECORDINGS[2]}
