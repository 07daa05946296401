"""An event that is labelled on one camera is drawn on the clips of another that heard it, at the same moment."""

from collections.abc import Sequence
from fractions import Fraction

import pytest

from pipeline.domain.agreement.verdict import Threshold
from pipeline.domain.clip import ClipPolicy
from pipeline.domain.footage import Clip
from pipeline.domain.hint import HintSource
from pipeline.domain.ids import ClipId
from pipeline.lookup.labelling import labelling
from pipeline.lookup.suggestions import hints_of_recordings
from pipeline.records import clips, task_hints
from pipeline.steps.gate import gate_clips
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account, Item, an_answer
from tests.builders import EXERCISE
from tests.census import census
from tests.footage import make_clip
from tests.microphones import Scene
from tests.sounds import write_wav
from tests.stages import Stages
from tests.steps.studio import Studio

RATE = 30
LATER_S, DRIFT_PPM = 3.217, 40.0
"""How much later the second camera began, and by how much its seconds are too long."""
CLOSE_S = 0.05


@pytest.fixture(scope="module")
def filmed(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Clip]]:
    """The clips of two cameras, of ten seconds at most, whose sounds were compared."""
    stages, scene = Stages(bench, ClipPolicy(stride_s=Fraction(10), minimum_s=Fraction(1))), Scene.of(20, seed=5)
    folder = tmp_path_factory.mktemp("filmed")
    found = {}
    for camera, start_s, drift_ppm in (("ONE", 0.0, 0.0), ("TWO", LATER_S, DRIFT_PPM)):
        heard = scene.heard(start_s, 14, drift_ppm=drift_ppm, noise=0.005, seed=len(found))
        sound = write_wav(folder / f"{camera}.wav", heard)
        film = make_clip(
            folder / f"{camera}.mp4", seconds=14, rate=str(RATE), size="96x64", gop_frames=RATE, audio=f"amovie={sound}"
        )
        stages.upload(film, camera=camera)
        (upload_id,) = stages.receive().new
        recording_id = stages.probe(stages.preserve(upload_id))
        stages.cut(stages.render(recording_id))
        with bench.db.begin() as session:
            found[camera] = [one for one in clips.all_clips(session, EXERCISE) if one.recording_id == recording_id]
    stages.align()
    return found


@pytest.fixture
def studio(bench: Workbench, filmed: dict[str, list[Clip]], people: list[Account]) -> Studio:
    assert [len(cut) for cut in filmed.values()] == [2, 2]
    made = Studio.of(bench, people)
    parts = {"store": bench.store, "scratch": bench.scratch, "media": bench.media, "db": bench.db}
    gate_clips(taxonomy=made.taxonomy, clock=bench.clock, jobs=1, **parts)  # type: ignore[arg-type] # each is one of its
    return made


def annotate(studio: Studio) -> int:
    """Once around, as the flow does: answers are fetched, and what they suggest is drawn the next time."""
    studio.hints.clear()
    studio.hints.update(hints_of_recordings(studio.bench.db, taxonomy=studio.taxonomy, mappings=()))
    studio.submit()
    redrawn = studio.redraw()
    studio.collect()
    return redrawn


def drawn_on(studio: Studio, cut: Sequence[Clip]) -> list[tuple[ClipId, Item]]:
    return [
        (clip.clip_id, item)
        for clip in cut
        for prediction in studio.people[0].get("/api/predictions/", task=studio.task_of(clip.clip_id))
        for item in prediction["result"]
    ]


def test_an_event_on_one_camera_is_drawn_on_the_other_within_50_ms(
    studio: Studio, filmed: dict[str, list[Clip]]
) -> None:
    one, two = filmed["ONE"], filmed["TWO"]
    annotate(studio)
    assert drawn_on(studio, [*one, *two]) == []
    # 4.9 s and 11.1 s into the first camera's film: in each clip of it one, and both in the first clip of the second.
    for clip, frame in ((one[0], 147), (one[1], 33)):
        studio.people[0].answer(studio.task_of(clip.clip_id), an_answer(frame + 1, frame + 1, "shot_fired"))
    assert annotate(studio) == 0
    assert annotate(studio) == 1
    drawn = drawn_on(studio, two)
    assert [(clip_id, item["value"]["timelinelabels"]) for clip_id, item in drawn] == [
        (two[0].clip_id, ["shot_fired"])
    ] * 2
    starts_s = [(item["value"]["ranges"][0]["start"] - 1) / RATE for _, item in drawn]
    for found_s, labelled_s in zip(starts_s, (147 / RATE, float(one[1].span.start_s) + 33 / RATE), strict=True):
        assert abs(found_s - (labelled_s - LATER_S) / (1 + DRIFT_PPM / 1e6)) < CLOSE_S
    before = census(studio.bench), studio.tasks()
    assert annotate(studio) == 0
    assert (census(studio.bench), studio.tasks()) == before

    unread = [{**item, "origin": "prediction"} for _, item in drawn]
    choices = [item for item in an_answer() if item["type"] == "choices"]
    studio.people[1].answer(studio.task_of(two[0].clip_id), [*unread, *choices], lead_time=1.5)
    annotate(studio)
    with studio.bench.db.begin() as session:
        (sent,) = task_hints.newest_hints(session, studio.taxonomy.digest).values()
    assert {drawn.source for drawn in sent.drawn.events} == {HintSource.PROJECTION}
    told = labelling(
        studio.bench.db,
        taxonomy=studio.taxonomy,
        threshold=Threshold(),
        now=studio.bench.clock(),
        label_studio_url=studio.bench.settings.label_studio_url,
        limit_s=3600,
    )
    assert sorted(person.stamped for person in told.people) == [0, 1]
    # Who accepts what another camera suggests has seen nothing that could be suggested to that one.
    hints = hints_of_recordings(studio.bench.db, taxonomy=studio.taxonomy, mappings=())
    assert set(hints) == {two[0].recording_id}
