from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.domain.digest import Sha256
from pipeline.records import Session, annotations
from tests.builders import NOON, TAXONOMY, Chain, a_chain, a_task, add_chain, an_answer, some_labels

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def chain(session: Session) -> Chain:
    return add_chain(session, a_chain())


def test_a_task_added_twice_is_one_row(session: Session, chain: Chain) -> None:
    task = a_task(chain.clips[0])
    assert annotations.add_task(session, task)
    assert not annotations.add_task(session, replace(task, task_id=99))
    assert annotations.tasks_under(session, TAXONOMY) == {task.clip_id: task}
    assert annotations.tasks_under(session, Sha256.of(b"another")) == {}


def test_an_answer_added_twice_is_one_row(session: Session, chain: Chain) -> None:
    answer = an_answer(chain.clips[0])
    assert annotations.add_answer(session, answer)
    assert not annotations.add_answer(session, replace(answer, raw=b"other"))
    assert annotations.answers_for(session, chain.clips[0].clip_id) == [answer]
    unknown = an_answer(chain.clips[0], 2).annotation_id
    assert annotations.known_among(session, [answer.annotation_id, unknown]) == {answer.annotation_id}


def test_a_refused_answer_is_recorded_with_its_reason(session: Session, chain: Chain) -> None:
    refused = an_answer(chain.clips[0], labels=None, refusal="label 1: ends before it begins")
    assert annotations.add_answer(session, refused)
    assert annotations.answers_for(session, chain.clips[0].clip_id) == [refused]


def test_the_newest_answer_of_each_annotator_counts(session: Session, chain: Chain) -> None:
    clip, other_clip, _ = chain.clips
    old = an_answer(clip, 1, annotator="a")
    changed = an_answer(clip, 1, annotator="a", answered_at=LATER, labels=some_labels("reload"))
    of_another = an_answer(clip, 2, annotator="b", answered_at=LATER - timedelta(minutes=1))
    elsewhere = an_answer(other_clip, 3, annotator="a")
    for answer in (changed, old, of_another, elsewhere):
        annotations.add_answer(session, answer)
    expected = {(clip.clip_id, "a"): changed, (clip.clip_id, "b"): of_another, (other_clip.clip_id, "a"): elsewhere}
    found = annotations.current_answers(session, TAXONOMY)
    assert {(answer.clip_id, answer.annotator): answer for answer in found} == expected
    assert len(found) == 3
    assert found == sorted(found, key=lambda answer: (answer.clip_id, answer.annotator))


def test_an_answer_taken_back_by_a_refused_one_counts_as_refused(session: Session, chain: Chain) -> None:
    clip = chain.clips[0]
    annotations.add_answer(session, an_answer(clip, 1))
    refused = an_answer(clip, 1, answered_at=LATER, labels=None, refusal="broken")
    annotations.add_answer(session, refused)
    assert annotations.current_answers(session, TAXONOMY) == [refused]


def test_answers_under_another_taxonomy_do_not_mix(session: Session, chain: Chain) -> None:
    another = Sha256.of(b"another")
    answer = an_answer(chain.clips[0])
    annotations.add_answer(session, answer)
    assert annotations.current_answers(session, another) == []
    assert annotations.answered_clips(session, another) == set()
    assert annotations.answered_clips(session, TAXONOMY) == {chain.clips[0].clip_id}


def test_a_task_that_was_made_anew_is_the_clips_task_from_then_on(session: Session, chain: Chain) -> None:
    task = a_task(chain.clips[0])
    annotations.add_task(session, task)
    anew = replace(task, task_id=77, submitted_at=LATER)
    assert annotations.renew_task(session, anew)
    assert not annotations.renew_task(session, anew)
    assert annotations.tasks_under(session, TAXONOMY) == {task.clip_id: replace(anew, submitted_at=NOON)}


def test_answers_asked_for_by_id_come_in_an_order_that_tells_nothing_of_who_gave_them(session: Session) -> None:
    """Else the first answer of each clip would be that of the same person, in every release."""
    chain = add_chain(session, a_chain("long", clip_count=16))
    ids = []
    for number, clip in enumerate(chain.clips):
        for annotator in (1, 2):
            answer = an_answer(clip, 2 * number + annotator, annotator=f"annotator-{annotator}")
            annotations.add_answer(session, answer)
            ids.append(answer.annotation_id)
    found = annotations.answers_by_id(session, ids)
    first_of_each = [answer.annotator for answer in found[::2]]
    assert [answer.clip_id for answer in found] == sorted(answer.clip_id for answer in found)
    assert set(first_of_each) == {"annotator-1", "annotator-2"}
    assert found == annotations.answers_by_id(session, ids[::-1])
    assert annotations.answers_by_id(session, []) == []


def test_every_answer_to_a_clip_is_kept_oldest_first(session: Session, chain: Chain) -> None:
    clip = chain.clips[0]
    old, changed = an_answer(clip, 1), an_answer(clip, 1, answered_at=LATER)
    for answer in (changed, old):
        annotations.add_answer(session, answer)
    assert annotations.answers_for(session, clip.clip_id) == [old, changed]
