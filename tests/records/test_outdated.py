"""What is outdated is found until it is done; what is up to date, or cannot be done, is not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.domain.byproduct import ByproductKind
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ExerciseId
from pipeline.records import Session, alignments, byproducts, duplicates, footage, outdated, qualities, sound_hints
from tests.alignments import an_alignment
from tests.builders import EXERCISE, NOON, Chain, a_byproduct, a_chain, a_duplicate, a_location, add_chain, media_facts
from tests.qualities import an_assessed_clip
from tests.sounds import a_detector, a_speech_listening, an_impulse_listening

MOST = 100
DETECTORS = [a_speech_listening(a_chain().rendition).detector.digest, a_detector().digest]


def a_cut_chain(session: Session, name: str, *, clip_count: int = 1, has_audio: bool = True) -> Chain:
    """With sound and measures beside its rendition; without a sound where it has none."""
    chain = a_chain(name, clip_count=clip_count)
    chain = replace(chain, recording=replace(chain.recording, facts=media_facts(has_audio=has_audio)))
    add_chain(session, chain)
    for kind in (ByproductKind.SOUND, ByproductKind.MEASURES) if has_audio else (ByproductKind.MEASURES,):
        byproducts.add_byproduct(session, a_byproduct(chain.rendition, kind=kind, at=a_location(f"{name} {kind}")))
    return chain


Outdated = Callable[[], tuple[set[object], set[object], set[object]]]


@pytest.fixture
def found(session: Session) -> Outdated:
    def ask() -> tuple[set[object], set[object], set[object]]:
        return (
            set(outdated.renditions_to_hear(session, DETECTORS, most=MOST)),
            set(outdated.renditions_to_assess(session, 1, most=MOST)),
            set(outdated.exercises_to_align(session, "gcc-phat 1", most=MOST)),
        )

    return ask


def test_what_is_cut_and_was_never_looked_at_is_found_until_it_was(session: Session, found: Outdated) -> None:
    assert found() == (set(), set(), set())
    chain = a_cut_chain(session, "older")
    rendition = {chain.rendition.rendition_id}
    assert found() == (rendition, rendition, {EXERCISE})
    sound_hints.add_listening(session, an_impulse_listening(chain.rendition))
    assert found() == (rendition, rendition, {EXERCISE})  # one of two has listened
    sound_hints.add_listening(session, a_speech_listening(chain.rendition))
    assert found() == (set(), rendition, {EXERCISE})
    qualities.add_quality(session, an_assessed_clip(chain))
    assert found() == (set(), set(), {EXERCISE})
    alignments.add_alignment(session, an_alignment([chain.recording]))
    assert found() == (set(), set(), set())


def test_another_version_finds_everything_again_and_a_newer_judgement_is_enough(session: Session) -> None:
    chain = a_cut_chain(session, "older")
    for listening in (an_impulse_listening(chain.rendition), a_speech_listening(chain.rendition)):
        sound_hints.add_listening(session, listening)
    qualities.add_quality(session, an_assessed_clip(chain, rule_version=2))
    alignments.add_alignment(session, an_alignment([chain.recording]))
    newer = [DETECTORS[0], a_detector(name="ear 2").digest]
    assert outdated.renditions_to_hear(session, newer, most=MOST) == [chain.rendition.rendition_id]
    judged_by = {rule: outdated.renditions_to_assess(session, rule, most=MOST) for rule in (1, 2, 3)}
    assert judged_by == {1: [], 2: [], 3: [chain.rendition.rendition_id]}
    assert outdated.exercises_to_align(session, "gcc-phat 2", most=MOST) == [EXERCISE]


def test_a_recording_that_comes_later_or_is_refused_later_makes_an_alignment_outdated(
    session: Session, found: Outdated
) -> None:
    first, second = (a_cut_chain(session, name) for name in ("first", "second"))
    alignments.add_alignment(session, an_alignment([first.recording]))
    assert found()[2] == {EXERCISE}
    alignments.add_alignment(session, an_alignment([first.recording, second.recording], 2))
    assert found()[2] == set()
    footage.quarantine(session, second.upload.upload_id, error_kind="RejectedInputError", reason="no", at=NOON)
    assert found()[2] == {EXERCISE}
    alignments.add_alignment(session, an_alignment([first.recording], 3))
    assert found()[2] == set()


def test_two_versions_at_work_do_not_undo_each_other(session: Session, found: Outdated) -> None:
    chain = a_cut_chain(session, "older")
    ours = an_alignment([chain.recording])
    theirs = replace(an_alignment([chain.recording], 2), detector="gcc-phat 2")
    for one in (ours, theirs):
        alignments.add_alignment(session, one)
    assert found()[2] == set()
    assert outdated.exercises_to_align(session, "gcc-phat 2", most=MOST) == []


def test_what_is_still_ingested_refused_or_other_footage_over_again_is_left_alone(
    session: Session, found: Outdated
) -> None:
    a_cut_chain(session, "not cut yet", clip_count=0)
    refused, same, kept = (a_cut_chain(session, name) for name in ("refused", "same", "kept"))
    footage.quarantine(session, refused.upload.upload_id, error_kind="RejectedInputError", reason="no", at=NOON)
    duplicates.add_duplicate(session, a_duplicate(kept.recording.recording_id, same.recording.recording_id))
    assert found()[:2] == ({kept.rendition.rendition_id},) * 2
    alignments.add_alignment(session, an_alignment([kept.recording]))
    assert found()[2] == set()


def test_what_rendering_left_nothing_of_cannot_be_looked_at_and_is_not_found(session: Session, found: Outdated) -> None:
    add_chain(session, a_chain("before by-products"))
    silent = a_cut_chain(session, "silent", has_audio=False)
    assert found()[:2] == ({silent.rendition.rendition_id},) * 2


def test_of_several_renditions_the_oldest_with_sound_is_listened_to(session: Session, found: Outdated) -> None:
    chain = add_chain(session, a_chain())
    renditions = [
        replace(
            chain.rendition,
            rendition_id=type(chain.rendition).id_for(chain.recording.recording_id, recipe, "tool"),
            recipe_digest=recipe,
            at=a_location(number),
            rendered_at=NOON + timedelta(days=int(number)),
        )
        for number, recipe in ((number, Sha256.of(number.encode())) for number in "12")
    ]
    for number, rendition in enumerate(renditions):
        footage.add_rendition(session, rendition)
        byproducts.add_byproduct(session, a_byproduct(rendition, at=a_location(f"sound {number}")))
    assert found()[0] == {renditions[0].rendition_id}


def test_no_more_is_found_than_is_asked_for(session: Session) -> None:
    chains = [a_cut_chain(session, name) for name in ("one", "two", "three")]
    hear = outdated.renditions_to_hear(session, DETECTORS, most=2)
    assert len(hear) == len(outdated.renditions_to_assess(session, 1, most=2)) == 2
    assert set(hear) < {chain.rendition.rendition_id for chain in chains}
    assert outdated.exercises_to_align(session, "gcc-phat 1", most=0) == []
    assert outdated.exercises_to_align(session, "gcc-phat 1", most=1) == [ExerciseId(EXERCISE)]
