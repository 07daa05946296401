"""People, allotments, referrals and desks in the records: each told once, and answers kept apart by desk."""

from datetime import timedelta

import pytest

from pipeline.domain.allotment import Allotment
from pipeline.domain.desk import ADJUDICATION, desk_of
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import DELETED, SKIPPED
from pipeline.records import Session, annotations, desk_tasks, people, softened
from pipeline.records.desks import desk_states
from tests.builders import (
    NOON,
    TAXONOMY,
    Chain,
    a_chain,
    a_task,
    add_chain,
    an_answer,
)
from tests.people import a_person, a_softened_clip

FIRST, SECOND, JUDGE = a_person(1), a_person(2), a_person(3, role="adjudicator")


@pytest.fixture
def chain(session: Session) -> Chain:
    for person in (FIRST, SECOND, JUDGE):
        assert people.add_person(session, person)
    return add_chain(session, a_chain())


def give(session: Session, *clip_ids: ClipId, purpose: str = "label", annotator: str = FIRST.annotator) -> int:
    given = [Allotment(clip_id, annotator, purpose, "so") for clip_id in clip_ids]  # type: ignore[arg-type]
    return people.add_allotments(session, TAXONOMY, given, at=NOON)


@pytest.mark.usefixtures("chain")
def test_somebody_is_enrolled_and_retires_once(session: Session) -> None:
    assert not people.add_person(session, FIRST)
    assert people.retire(session, FIRST.annotator, because="moved on", at=NOON)
    assert not people.retire(session, FIRST.annotator, because="again", at=NOON)
    assert {one.annotator: one.is_active for one in people.everybody(session)} == {
        FIRST.annotator: False,
        SECOND.annotator: True,
        JUDGE.annotator: True,
    }


def test_allotments_keep_their_order_and_are_told_once(session: Session, chain: Chain) -> None:
    one, two, three = (clip.clip_id for clip in chain.clips)
    assert give(session, two, one) == 2
    assert give(session, one, three) == 1
    assert [given.clip_id for given in people.allotments(session, TAXONOMY, FIRST.annotator)] == [two, one, three]
    assert people.allotments(session, TAXONOMY, SECOND.annotator) == []


def test_only_what_is_answered_at_ones_own_desk_and_for_labels_counts(session: Session, chain: Chain) -> None:
    one, two, three = chain.clips
    give(session, one.clip_id, two.clip_id)
    give(session, three.clip_id, purpose="gold")
    mine = desk_of(FIRST.annotator)
    own = an_answer(one, 1, annotator=FIRST.annotator, desk=mine)
    intruding = an_answer(
        one, 2, annotator=FIRST.annotator, desk=desk_of(SECOND.annotator), labels=None, refusal="not yours"
    )
    check = an_answer(three, 3, annotator=FIRST.annotator, desk=mine)
    decision = an_answer(two, 4, annotator=JUDGE.annotator, desk=ADJUDICATION)
    later = NOON + timedelta(hours=1)
    corrected = an_answer(two, 4, annotator=JUDGE.annotator, desk=ADJUDICATION, answered_at=later)
    for answer in (own, intruding, check, decision, corrected):
        assert annotations.add_answer(session, answer)
    assert annotations.current_answers(session, TAXONOMY) == [own]
    assert {answer.clip_id for answer in annotations.own_answers(session, TAXONOMY)} == {one.clip_id, three.clip_id}
    assert annotations.adjudicated(session, TAXONOMY) == {two.clip_id: corrected}
    assert annotations.trespassing(session, TAXONOMY) == [intruding]


def test_a_desk_is_told_with_what_is_open_done_and_skipped(session: Session, chain: Chain) -> None:
    one, two, three = chain.clips
    give(session, one.clip_id, two.clip_id, three.clip_id)
    mine = {"annotator": FIRST.annotator, "desk": desk_of(FIRST.annotator)}
    annotations.add_answer(session, an_answer(one, 1, lead_time_s=40.0, **mine))
    annotations.add_answer(session, an_answer(two, 2, labels=None, refusal=SKIPPED, **mine))
    taken_back = an_answer(three, 3, labels=None, refusal=DELETED, **mine)
    annotations.add_answer(session, taken_back)
    first, second = desk_states(session, TAXONOMY, limit_s=3600, now=NOON)
    assert first.open == (three.clip_id,)
    assert first.counts_for == {one.clip_id, three.clip_id}
    assert first.exposed_today_s == pytest.approx(40 + float(two.span.duration_s))
    assert (second.open, second.room.limit_reached, second.person.annotator) == ((), False, SECOND.annotator)
    people.retire(session, FIRST.annotator, because="moved on", at=NOON)
    left = desk_states(session, TAXONOMY, limit_s=3600, now=NOON)[0]
    assert (left.counts_for, left.room.clips) == ({one.clip_id}, 0)


def test_a_task_that_was_withdrawn_is_on_no_desk_and_may_come_again(session: Session, chain: Chain) -> None:
    desk = desk_of(FIRST.annotator)
    before, after = a_task(chain.clips[0], 7, desk=desk), a_task(chain.clips[0], 8, desk=desk)
    assert desk_tasks.add_task(session, before)
    assert not desk_tasks.add_task(session, before)
    assert desk_tasks.tasks_on(session, TAXONOMY, desk) == {before.clip_id: before}
    desk_tasks.withdraw(session, before.project_id, [before.task_id, 99], at=NOON)
    assert desk_tasks.tasks_on(session, TAXONOMY, desk) == {}
    assert desk_tasks.add_task(session, after)
    assert desk_tasks.tasks_on(session, TAXONOMY, desk) == {after.clip_id: after}
    assert desk_tasks.desks_in_use(session, TAXONOMY) == [desk]
    assert desk_tasks.project_of(session, TAXONOMY, desk) == after.project_id


def test_a_clip_that_somebody_warned_of_is_shown_only_when_it_is_softened(session: Session, chain: Chain) -> None:
    clip, made = chain.clips[0], chain.made[0]
    assert softened.warn(session, clip.clip_id, by="j.doe", because="a wound", at=NOON)
    assert not softened.warn(session, clip.clip_id, by="k.doe", because="a wound", at=NOON)
    every = [one.clip_id for one in chain.clips]
    assert softened.not_softened(session) == [clip.clip_id]
    assert softened.shown_instead(session, every) == {clip.clip_id: None}
    soft = a_softened_clip(made)
    assert softened.add_softened(session, soft)
    assert softened.not_softened(session) == []
    assert softened.shown_instead(session, every) == {clip.clip_id: soft.at}
    assert softened.all_softened(session) == [soft]
