from dataclasses import replace

from pipeline.domain.ids import ExerciseId, derive
from pipeline.records import Session, alignments
from tests.alignments import HEARING, add_an_alignment, an_alignment
from tests.builders import EXERCISE, NOON, a_chain, add_chain


def test_an_alignment_comes_back_as_it_was_added_once_and_the_newest_counts(session: Session) -> None:
    recordings = [add_chain(session, a_chain(name)).recording for name in ("aligned", "heard", "refused")]
    assert alignments.newest_alignment(session, ExerciseId(EXERCISE)) is None
    first = add_an_alignment(session, *recordings)
    assert not alignments.add_alignment(session, first)
    found = alignments.newest_alignment(session, ExerciseId(EXERCISE))
    assert found == replace(first, timeline=replace(first.timeline, pairs=found.timeline.pairs if found else ()))
    assert found is not None
    assert set(found.timeline.pairs) == set(first.timeline.pairs)
    second = an_alignment(recordings[:1], number=2)
    assert alignments.add_alignment(session, second)
    assert alignments.newest_alignment(session, ExerciseId(EXERCISE)) == second
    assert alignments.newest_alignment(session, ExerciseId("EX-OTHER")) is None


def test_a_comparison_comes_back_and_is_kept_once(session: Session) -> None:
    recording = add_chain(session, a_chain("compared")).recording
    made = add_an_alignment(session, recording)
    named = derive("sound-comparison", *(one for one in (made.inputs_digest, made.inputs_digest)))
    assert alignments.find_comparison(session, named) is None
    sounds = (made.inputs_digest, made.inputs_digest)
    added = [
        alignments.add_comparison(session, named, HEARING, sounds=sounds, detector="gcc-phat 1", at=NOON)
        for _ in range(2)
    ]
    assert added == [True, False]
    assert alignments.find_comparison(session, named) == HEARING
