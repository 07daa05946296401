"""What is suggested brings clips forward and is drawn on them beforehand; what an answer made of it can be seen."""

from fractions import Fraction

import pytest

from pipeline.adapters.label_studio.tasks import HINTS_VERSION
from pipeline.domain.footage import Clip
from pipeline.domain.hint import NOTHING_DRAWN, Hint, HintSource, compare
from pipeline.domain.ids import ClipId
from pipeline.domain.timeline import Span
from pipeline.records import task_hints
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account, Item, an_answer
from tests.builders import Chain
from tests.census import census
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


def a_hint(clip: Clip, frame: int = 60, score: str = "4/5") -> Hint:
    start_s = clip.span.start_s + frame / NTSC
    return Hint(HintSource.IMPULSE, Span(start_s, start_s + Fraction(1, 10)), Fraction(score))


def predictions(studio: Studio, clip_id: ClipId) -> list[Item]:
    found: list[Item] = studio.people[0].get("/api/predictions/", task=studio.task_of(clip_id))
    return found


def drawn(studio: Studio, clip_id: ClipId) -> list[tuple[str, int]]:
    items = [item for one in predictions(studio, clip_id) for item in one["result"]]
    return [(item["value"]["timelinelabels"][0], item["value"]["ranges"][0]["start"]) for item in items]


def test_hinted_clips_go_first_a_batch_at_a_time_and_the_hint_is_drawn_and_recorded(
    studio: Studio, chain: Chain
) -> None:
    first, second, third = chain.clips
    studio.hints[chain.recording.recording_id] = [a_hint(third), a_hint(second, score="2/5")]
    assert studio.submit(clips_max=2) == [third.clip_id, second.clip_id]
    assert studio.submit() == [first.clip_id]
    (prediction,) = predictions(studio, third.clip_id)
    assert (prediction["model_version"], prediction["score"]) == (HINTS_VERSION, 0.8)
    assert drawn(studio, third.clip_id) == [("shot_fired", 61)]
    assert predictions(studio, first.clip_id) == []
    with studio.bench.db.begin() as session:
        recorded = task_hints.newest_hints(session, studio.taxonomy.digest)
    assert set(recorded) == {second.clip_id, third.clip_id}
    project = studio.people[0].get(f"/api/projects/{studio.project_id}/")
    assert (project["model_version"], project["show_collab_predictions"]) == (HINTS_VERSION, True)

    studio.people[0].answer(studio.task_of(third.clip_id), an_answer(61, 61, "shot_fired"))
    studio.people[1].answer(studio.task_of(third.clip_id), an_answer(60, 61, "shot_fired"))
    studio.collect()
    found = {
        answer.annotator: compare(recorded[third.clip_id].drawn, answer.labels)
        for answer in studio.recorded()
        if answer.labels
    }
    assert sorted(one.is_unchanged for one in found.values()) == [False, True]


def test_what_is_suggested_later_is_drawn_where_nobody_has_answered(studio: Studio, chain: Chain) -> None:
    answered, waiting, _ = chain.clips
    studio.submit()
    studio.people[0].answer(studio.task_of(answered.clip_id), an_answer())
    studio.collect()
    studio.hints[chain.recording.recording_id] = [a_hint(answered), a_hint(waiting)]
    assert studio.redraw() == 1
    assert drawn(studio, waiting.clip_id) == [("shot_fired", 61)]
    assert predictions(studio, answered.clip_id) == []
    before, tasks = census(studio.bench), studio.tasks()
    assert studio.redraw() == 0
    assert (census(studio.bench), studio.tasks()) == (before, tasks)

    studio.hints[chain.recording.recording_id] = [a_hint(waiting, 90), a_hint(waiting, 120)]
    assert studio.redraw() == 1
    assert drawn(studio, waiting.clip_id) == [("shot_fired", 91), ("shot_fired", 121)]
    assert len(predictions(studio, waiting.clip_id)) == 1
    studio.hints.clear()
    assert studio.redraw() == 1
    assert predictions(studio, waiting.clip_id) == []
    with studio.bench.db.begin() as session:
        newest = task_hints.newest_hints(session, studio.taxonomy.digest)[waiting.clip_id]
    assert newest.drawn == NOTHING_DRAWN
    assert {len(found) for found in studio.tasks().values()} == {1}
