"""submit and collect, with a real Label Studio: clips go out once, and what comes back is kept as it was said."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest

from pipeline.domain.labels import DELETED, SKIPPED, ChoiceAnswer, EventLabel
from pipeline.domain.timeline import Span
from pipeline.records import annotations, damages
from pipeline.steps.collect import Collected, pseudonym
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account, an_answer
from tests.builders import NOON, Chain, a_damage
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stages import Stages
from tests.steps.conftest import Events
from tests.steps.studio import Studio
from tests.stored import store_chain

NTSC = Fraction(30000, 1001)


@pytest.fixture(scope="module")
def chain(bench: Workbench) -> Chain:
    return store_chain(bench)


@pytest.fixture
def studio(bench: Workbench, chain: Chain, people: list[Account]) -> Studio:
    assert len(chain.clips) == 3
    return Studio.of(bench, people)


def test_every_clip_goes_out_once_and_again_nothing_does(studio: Studio, chain: Chain, events: Events) -> None:
    sent = studio.submit()
    assert sent == [clip.clip_id for clip in chain.clips]
    tasks = studio.tasks()
    assert {clip_id: len(found) for clip_id, found in tasks.items()} == {str(clip_id): 1 for clip_id in sent}
    before = census(studio.bench)
    assert studio.submit() == []
    assert census(studio.bench) == before
    assert studio.tasks() == tasks
    for clip, made in zip(chain.clips, chain.made, strict=True):
        kind, details = events(clip.clip_id)[-1]
        assert kind == "submitted"
        assert details == {
            "taxonomy": studio.taxonomy.digest.hex,
            "digest": made.digest.hex,
            "task": str(studio.task_of(clip.clip_id)),
            "because": "coverage: 0 clips of its camera went before it"
            if clip == chain.clips[0]
            else details["because"],
        }


def test_dying_between_pushing_and_recording_makes_no_second_task(studio: Studio, databases: Databases) -> None:
    before = census(studio.bench)
    dies_while_recording(studio.bench, databases, studio.submit)
    assert census(studio.bench) == before
    pushed = studio.tasks()
    assert len(pushed) == 3
    assert len(studio.submit()) == 3
    assert studio.tasks() == pushed
    assert census(studio.bench).new_rows(before) == {"annotation_tasks": 3, "custody_events": 3}


def test_two_who_send_at_once_send_each_clip_once(studio: Studio) -> None:
    with ThreadPoolExecutor(2) as pool:
        sent = [clip_id for found in pool.map(lambda _: studio.submit(), range(2)) for clip_id in found]
    assert len(sent) == len(set(sent)) == 3
    assert [len(found) for found in studio.tasks().values()] == [1, 1, 1]


def test_answers_come_back_in_exact_seconds_and_only_once(studio: Studio, chain: Chain, events: Events) -> None:
    studio.submit()
    clip = chain.clips[1]
    for account in studio.people:
        account.answer(studio.task_of(clip.clip_id), an_answer(7, 26, "reload"))
    assert studio.collect() == Collected(new=2, refused=0)
    recorded = studio.recorded()
    assert [answer.clip_id for answer in recorded] == [clip.clip_id] * 2
    assert len({answer.annotator for answer in recorded}) == 2
    for answer in recorded:
        assert answer.labels is not None
        assert answer.labels.events == (EventLabel("reload", Span(6 / NTSC, 26 / NTSC)),)
        assert ChoiceAnswer("viewpoint", "officer") in answer.labels.choices
        assert answer.annotator.startswith("annotator-")
        assert b"timelinelabels" in answer.raw
        ((kind, details),) = events(answer.annotation_id)
        assert (kind, details["annotator"]) == ("labelled", answer.annotator)
    before = census(studio.bench)
    assert studio.collect() == Collected(new=0, refused=0)
    assert census(studio.bench) == before


def test_of_a_changed_answer_both_are_kept_and_the_newest_counts(studio: Studio, chain: Chain) -> None:
    studio.submit()
    author, clip = studio.people[0], chain.clips[0]
    annotation = author.answer(studio.task_of(clip.clip_id), an_answer(1, 30, "reload"))
    assert studio.collect() == Collected(new=1, refused=0)
    author.patch(f"/api/annotations/{annotation}/", {"result": an_answer(31, 60, "casualty")})
    assert studio.collect() == Collected(new=1, refused=0)
    assert studio.collect() == Collected(new=0, refused=0)
    (counts,) = studio.recorded()
    assert counts.labels is not None
    assert [event.kind for event in counts.labels.events] == ["casualty"]
    with studio.bench.db.begin() as session:
        kept = [
            one
            for one in annotations.answers_for(session, clip.clip_id)
            if one.taxonomy_digest == counts.taxonomy_digest
        ]
    assert len(kept) == 2


def test_an_answer_that_cannot_be_taken_is_kept_with_the_reason_until_it_is_mended(
    studio: Studio, chain: Chain, events: Events
) -> None:
    studio.submit()
    author, clip = studio.people[0], chain.clips[0]
    annotation = author.answer(studio.task_of(clip.clip_id), an_answer(20, 9, "nonsense"))
    assert studio.collect() == Collected(new=1, refused=1)
    (refused,) = studio.recorded()
    assert refused.labels is None
    assert refused.refusal is not None
    assert "1 <= start <= end, found 20 to 9" in refused.refusal
    assert b"nonsense" in refused.raw
    assert [kind for kind, _ in events(refused.annotation_id)] == ["labels_refused"]
    assert studio.collect() == Collected(new=0, refused=0)
    author.patch(f"/api/annotations/{annotation}/", {"result": an_answer(9, 20)})
    assert studio.collect() == Collected(new=1, refused=0)
    (mended,) = studio.recorded()
    assert mended.refusal is None


def test_an_answer_that_was_deleted_counts_no_more_and_stays_in_the_records(
    studio: Studio, chain: Chain, events: Events
) -> None:
    studio.submit()
    author, other = studio.people[:2]
    task = studio.task_of(chain.clips[0].clip_id)
    deleted, stays = author.answer(task, an_answer(3, 9, "reload")), other.answer(task, an_answer())
    assert studio.collect() == Collected(new=2, refused=0)
    author.http.delete(f"/api/annotations/{deleted}/").raise_for_status()
    assert studio.collect() == Collected(new=0, refused=0, deleted=1)
    before = census(studio.bench)
    assert studio.collect() == Collected(new=0, refused=0)
    assert census(studio.bench) == before
    by_person = {answer.label_studio_annotation_id: answer for answer in studio.recorded()}
    assert by_person[stays].labels is not None
    gone = by_person[deleted]
    assert (gone.labels, gone.refusal) == (None, DELETED)
    assert [kind for kind, _ in events(gone.annotation_id)] == ["answer_deleted"]
    with studio.bench.db.begin() as session:
        kept = [answer for answer in annotations.answers_for(session, chain.clips[0].clip_id) if answer.labels]
    assert {answer.label_studio_annotation_id for answer in kept} >= {deleted, stays}

    again = author.answer(task, an_answer(4, 8, "reload"))
    assert studio.collect() == Collected(new=1, refused=0)
    assert {answer.label_studio_annotation_id for answer in studio.recorded() if answer.labels} == {stays, again}


def test_an_answer_on_another_task_of_the_clip_is_not_taken_for_deleted(studio: Studio, chain: Chain) -> None:
    studio.submit()
    author, clip_id = studio.people[0], chain.clips[0].clip_id
    (task,) = studio.tasks()[str(clip_id)]
    spare = author.post("/api/tasks/", {"project": task["project"], "data": task["data"]})["id"]
    author.answer(spare, an_answer())
    assert studio.collect() == Collected(new=1, refused=0, found=1)
    author.answer(int(task["id"]), an_answer(2, 5))  # only this task is touched
    assert studio.collect() == Collected(new=1, refused=0)


@pytest.mark.parametrize(("told", "kept"), [(12.5, 12.5), (-3.0, None), (None, None)])
def test_how_long_an_answer_took_is_kept_where_it_can_be_true(
    studio: Studio, chain: Chain, told: float | None, kept: float | None
) -> None:
    studio.submit()
    clip_id = chain.clips[0].clip_id
    studio.people[0].answer(studio.task_of(clip_id), an_answer(), lead_time=told)
    studio.collect()
    with studio.bench.db.begin() as session:
        (answer,) = annotations.current_answers(session, studio.taxonomy.digest)
    assert (answer.clip_id, answer.lead_time_s) == (clip_id, kept)


def test_a_clip_that_was_skipped_has_no_labels(studio: Studio, chain: Chain) -> None:
    studio.submit()
    studio.people[0].answer(studio.task_of(chain.clips[0].clip_id), [], was_cancelled=True)
    assert studio.collect() == Collected(new=1, refused=1)
    (skipped,) = studio.recorded()
    assert (skipped.labels, skipped.refusal) == (None, SKIPPED)
    assert studio.collect() == Collected(new=0, refused=0)


def test_without_the_key_a_pseudonym_leads_nowhere(studio: Studio, chain: Chain) -> None:
    studio.submit()
    studio.people[0].answer(studio.task_of(chain.clips[0].clip_id), an_answer())
    studio.collect()
    (answer,) = studio.recorded()
    me = studio.people[0].get("/api/current-user/whoami")["id"]
    key = studio.bench.settings.pseudonym_key.get_secret_value().encode()
    assert answer.annotator == pseudonym(me, key=key)
    assert answer.annotator != pseudonym(me, key=b"another key")
    assert pseudonym(me, key=key) != pseudonym(me + 1, key=key)


def test_dying_while_recording_an_answer_loses_none(studio: Studio, chain: Chain, databases: Databases) -> None:
    studio.submit()
    for clip in chain.clips:
        studio.people[0].answer(studio.task_of(clip.clip_id), an_answer())
    before = census(studio.bench)
    dies_while_recording(studio.bench, databases, studio.collect)
    assert census(studio.bench) == before
    assert studio.collect() == Collected(new=3, refused=0)
    assert census(studio.bench).new_rows(before) == {"annotations": 3, "custody_events": 3, "readings": 1}


def test_before_anything_went_out_nothing_is_asked_for(own_bench: Workbench, people: list[Account]) -> None:
    studio = Studio(own_bench, own_bench.taxonomy, people)
    assert studio.submit() == []
    assert studio.collect() == Collected(new=0, refused=0)


def test_answers_of_two_people_make_a_release(studio: Studio, chain: Chain) -> None:
    studio.submit()
    for account in studio.people:
        account.answer(studio.task_of(chain.clips[2].clip_id), an_answer())
    studio.collect()
    stages = Stages(studio.bench)
    release_id = stages.select("labelled", "1.0.0", annotators_min=2, taxonomy=studio.taxonomy)
    stages.seal(release_id, taxonomy=studio.taxonomy)
    stages.publish(release_id)
    assert census(studio.bench).rows["release_publications"] == 1


def test_damaged_clips_go_out_only_when_somebody_asks_for_them(studio: Studio, chain: Chain) -> None:
    studio.submit()
    other = store_chain(studio.bench, "damaged")
    first = other.clips[0]
    damage = a_damage(spans=(), sound_spans=(first.span,))
    with studio.bench.db.begin() as session:
        damages.add_damage(session, other.recording.recording_id, damage, tool_identity="tool", at=NOON)
        assert damages.find_damage(session, other.recording.recording_id) == damage
    assert studio.submit() == [clip.clip_id for clip in other.clips[1:]]
    assert studio.submit() == []
    assert studio.submit(with_damaged=True) == [first.clip_id]
    assert studio.submit(with_damaged=True) == []
    assert len(studio.tasks()) == len(chain.clips) + len(other.clips)
