from typing import get_args

import pytest

from pipeline.domain.audit import ThingKind
from pipeline.domain.ids import ExerciseId
from pipeline.records import Session, annotations, encodings, everything, footage, releases
from tests.builders import EXERCISE, Chain, a_chain, a_draft, add_chain, an_answer, an_encoding, an_upload


@pytest.fixture
def chain(session: Session) -> Chain:
    found = add_chain(session, a_chain(clip_count=1))
    annotations.add_answer(session, an_answer(found.clips[0]))
    encodings.add_encoding(session, an_encoding(found.clips[0]))
    releases.add_draft(session, a_draft(), [], [])
    return found


def test_every_kind_of_thing_is_found_by_the_beginning_of_its_id(session: Session, chain: Chain) -> None:
    things = {
        "upload": chain.upload.upload_id,
        "original": chain.original.digest,
        "recording": chain.recording.recording_id,
        "rendition": chain.rendition.rendition_id,
        "clip": chain.clips[0].clip_id,
        "encoding": an_encoding(chain.clips[0]).encoding_id,
        "annotation": an_answer(chain.clips[0]).annotation_id,
        "release": a_draft().release_id,
    }
    assert {*things, "exercise"} == set(get_args(ThingKind))
    for kind, thing_id in things.items():
        for length in (8, len(str(thing_id))):
            assert everything.beginning_with(session, str(thing_id)[:length]) == [(kind, str(thing_id))]
    assert everything.all_ids(session) == {kind: [str(thing_id)] for kind, thing_id in things.items()}


def test_an_exercise_and_a_release_are_found_by_the_names_that_people_use(session: Session, chain: Chain) -> None:
    assert everything.named(session, EXERCISE) == [("exercise", chain.upload.exercise_id)]
    assert everything.named(session, "attack-early@1.0.0") == [("release", str(a_draft().release_id))]
    assert everything.named(session, "attack-early@2.0.0") == []
    assert everything.named(session, "attack-early@") == []
    assert everything.named(session, EXERCISE.lower()) == []


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("pattern", ["%", "____", "%%%%", "\\", "'; --"])
def test_what_means_something_to_sql_is_only_text(session: Session, pattern: str) -> None:
    assert everything.beginning_with(session, pattern) == []
    assert everything.named(session, pattern) == []


def test_of_many_only_a_few_are_told(session: Session) -> None:
    for number in range(100):
        footage.add_upload(session, an_upload(str(number), exercise_id=ExerciseId("X")))
    assert len(everything.beginning_with(session, "")) == 3
