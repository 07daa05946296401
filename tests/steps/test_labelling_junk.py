"""Junk of two dozen kinds, put straight into Label Studio's API: each is told by name, and none reaches a release.

Whoever has an account can do all of this: the community edition has no roles, and its server checks nothing. Each kind
has a clip of its own; one clip has an honest answer, which alone must be left.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pipeline.adapters.label_studio.results import RESULT_CHARS_MAX
from pipeline.domain.footage import Clip
from pipeline.records import findings, releases
from pipeline.steps.collect import OTHER_WORDS, Collected
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account, Item, an_answer
from tests.builders import Chain, a_chain, add_chain
from tests.census import census
from tests.stages import Stages
from tests.steps.studio import Studio
from tests.stored import store_chain


@dataclass(frozen=True)
class Mischief:
    """Somebody at Label Studio's API, and the task of the clip that they spoil."""

    one: Account
    other: Account
    task: Item
    next_task: Item

    def says(self, result: object, **more: object) -> int:
        return self.one.answer(self.task["id"], result, **more)

    def edits(self, **data: object) -> None:
        """Answers honestly, and changes what the task says it shows."""
        self.says(an_answer())
        self.other.patch(f"/api/tasks/{self.task['id']}/", {"data": self.task["data"] | data})


def without(question: str) -> list[Item]:
    return [item for item in an_answer() if item["from_name"] != f"clip_{question}"]


def spoilt(**instead: object) -> list[Item]:
    first, *rest = an_answer()
    return [first | instead, *rest]


def writes_over(junk: Mischief) -> None:
    said = junk.says(an_answer())
    junk.other.patch(f"/api/annotations/{said}/", {"result": an_answer(1, 2, "casualty")})


def replays(junk: Mischief) -> None:
    said = junk.says(an_answer(7, 26, "reload"))
    junk.one.patch(f"/api/annotations/{said}/", {"result": an_answer(8, 27, "reload")})
    junk.other.patch(f"/api/annotations/{said}/", {"result": an_answer(7, 26, "reload")})


def imports(junk: Mischief) -> None:
    author = junk.one.get("/api/current-user/whoami")["id"]
    given = {"result": an_answer(), "completed_by": author, "lead_time": 30}
    junk.other.post(
        f"/api/projects/{junk.task['project']}/import", [{"data": junk.task["data"], "annotations": [given]}]
    )


def forges(junk: Mischief) -> None:
    junk.says(an_answer(), completed_by=junk.other.get("/api/current-user/whoami")["id"])


JUNK: dict[str, tuple[Callable[[Mischief], object], str]] = {
    "an unknown label": (lambda junk: junk.says(an_answer(kind="explosion")), "'explosion' is not in firearms-attack"),
    "an end before the start": (lambda junk: junk.says(an_answer(26, 7)), "1 <= start <= end, found 26 to 7"),
    "a range beyond the clip": (lambda junk: junk.says(an_answer(7, 999)), "frames 7 to 999 are not in a clip of 300"),
    "a frame before the first": (lambda junk: junk.says(an_answer(0, 7)), "1 <= start <= end, found 0 to 7"),
    "half a frame": (
        lambda junk: junk.says(spoilt(value={"ranges": [{"start": 1.5, "end": 3}], "timelinelabels": ["reload"]})),
        "expected a range from one whole frame to another",
    ),
    "an unknown control": (lambda junk: junk.says(spoilt(from_name="tricks")), "by the name of 'tricks'"),
    "a label on something else": (lambda junk: junk.says(spoilt(to_name="audio")), "about 'video', found 'audio'"),
    "an unknown answer": (lambda junk: junk.says(an_answer(choices=["extreme"])), "answer 'extreme' to threat_level"),
    "two answers where one is asked": (
        lambda junk: junk.says(an_answer(choices=["none", "active"])),
        "threat_level has 2 answers and takes one",
    ),
    "no answer where one is asked": (lambda junk: junk.says(without("viewpoint")), "question viewpoint has no answer"),
    "no label at all": (lambda junk: junk.says([{"junk": 1}]), "expected a label with a value, found {'junk': 1}"),
    "a flood": (
        lambda junk: junk.says([*an_answer(), {"junk": "x" * RESULT_CHARS_MAX}]),
        f"expected an answer of at most {RESULT_CHARS_MAX} characters",
    ),
    "a label without a value": (
        lambda junk: junk.says(spoilt(value={})),
        "expected ranges of frames, found None",
    ),
    "an edited fps": (lambda junk: junk.edits(fps="24"), "the task's fps is not that of the clip"),
    "an edited digest": (lambda junk: junk.edits(sha256="0" * 64), "the task's sha256 is not that of the clip"),
    "the video of another clip": (
        lambda junk: junk.edits(video=junk.next_task["data"]["video"]),
        "the task's video is not that of the clip",
    ),
    "a task under other words": (
        lambda junk: junk.edits(taxonomy="0" * 64),
        "the task's taxonomy is not that of the clip",
    ),
    "somebody else's answer, written over": (writes_over, "is named as who answered, and account"),
    "an old version, replayed by somebody else": (replays, "is named as who answered, and account"),
    "an answer in somebody else's name": (forges, "is named as who answered, and account"),
    "an answer that was imported": (imports, "is named as who answered, and"),
}
"""What somebody does, and what is said of the answer; deletions, doubles and foreign tasks are no answers."""


@pytest.fixture(scope="module")
def chain(bench: Workbench) -> Chain:
    return store_chain(bench, "junk", clip_count=len(JUNK) + 5)


def test_junk_of_every_kind_is_named_and_only_the_honest_answer_reaches_a_release(
    bench: Workbench, chain: Chain, people: list[Account]
) -> None:
    studio = Studio.of(bench, people)
    studio.submit()
    tasks = {clip_id: found[0] for clip_id, found in studio.tasks().items()}
    clips = list(chain.clips)
    honest, deleted, doubled, renamed, spare = clips[len(JUNK) :]

    def mischief(clip: Clip) -> Mischief:
        return Mischief(*people[:2], tasks[str(clip.clip_id)], tasks[str(honest.clip_id)])

    mischief(honest).says(an_answer(7, 26, "reload"))
    spoilt_by = dict(zip(JUNK, clips, strict=False))
    for kind, clip in spoilt_by.items():
        JUNK[kind][0](mischief(clip))
    mischief(deleted).says(an_answer())
    assert studio.collect().deleted == 0
    people[1].http.delete(f"/api/tasks/{tasks[str(deleted.clip_id)]['id']}/").raise_for_status()
    twin = people[0].post("/api/tasks/", {"project": studio.project_id, "data": tasks[str(doubled.clip_id)]["data"]})
    foreign = people[0].post("/api/tasks/", {"project": studio.project_id, "data": {"video": "s3://else/where.mp4"}})
    abroad = a_chain("of another project").clips[0]
    with bench.db.begin() as session:
        add_chain(session, a_chain("of another project"))
    other_project = {"clip_id": str(abroad.clip_id), "taxonomy": bench.taxonomy.digest.hex}
    body = {"project": studio.project_id, "data": tasks[str(honest.clip_id)]["data"] | other_project}
    elsewhere = people[0].post("/api/tasks/", body)
    people[0].answer(elsewhere["id"], an_answer())
    as_another = tasks[str(renamed.clip_id)]["data"] | {"clip_id": str(spare.clip_id)}
    people[0].patch(f"/api/tasks/{tasks[str(renamed.clip_id)]['id']}/", {"data": as_another})
    people[0].answer(tasks[str(renamed.clip_id)]["id"], an_answer())
    done = studio.collect(thorough=True)
    assert (done.deleted, done.new, done.refused) == (1, 1, 1)

    answers = {answer.clip_id: answer for answer in studio.recorded()}
    for kind, clip in spoilt_by.items():
        answer = answers[clip.clip_id]
        assert answer.labels is None, kind
        assert JUNK[kind][1] in (answer.refusal or ""), kind
        assert answer.raw, kind
    assert "the task's sha256 is not that of the clip" in (answers[spare.clip_id].refusal or "")
    with bench.db.begin() as session:
        told = {(one.kind.value, one.task_id) for one in findings.all_findings(session, studio.taxonomy.digest)}
    assert told >= {
        ("task_deleted", tasks[str(deleted.clip_id)]["id"]),
        ("task_deleted", tasks[str(renamed.clip_id)]["id"]),
        ("task_twice", twin["id"]),
        ("foreign_task", foreign["id"]),
        ("foreign_task", elsewhere["id"]),
    }
    assert len(studio.tasks()[str(doubled.clip_id)]) == 1

    before = census(bench)
    assert studio.collect(thorough=True) == Collected(0, 0)
    assert census(bench).new_rows(before) == {}
    stages = Stages(bench)
    release_id = stages.select("honest", "1.0.0", annotators_min=1, taxonomy=studio.taxonomy)
    stages.seal(release_id, taxonomy=studio.taxonomy)
    with bench.db.begin() as session:
        members = [member.clip_id for member in releases.members_of(session, release_id)]
    assert members == [honest.clip_id]

    assert sorted(studio.submit()) == sorted([deleted.clip_id, renamed.clip_id])
    assert studio.submit() == []
    again = studio.task_of(deleted.clip_id)
    people[0].answer(again, an_answer(3, 4))
    assert studio.collect(thorough=True) == Collected(new=1, refused=0)


@pytest.mark.usefixtures("chain")
def test_what_was_answered_under_other_words_counts_only_when_it_is_saved_again(
    bench: Workbench, people: list[Account]
) -> None:
    studio = Studio.of(bench, people)
    studio.submit(clips_max=2)
    first, second = list(studio.tasks())
    project = f"/api/projects/{studio.project_id}/"
    honest = people[0].get(project)["label_config"]
    swapped = honest.replace('value="Casualty"', 'value="@"').replace('value="Reload"', 'value="Casualty"')
    before = people[0].answer(studio.tasks()[first][0]["id"], an_answer(7, 26, "reload"))
    assert studio.collect() == Collected(new=1, refused=0)
    people[1].patch(project, {"label_config": swapped.replace('value="@"', 'value="Reload"')})
    meant_a_casualty = people[0].answer(studio.tasks()[second][0]["id"], an_answer(7, 26, "reload"))
    assert studio.collect() == Collected(new=1, refused=1, found=1)
    assert people[0].get(project)["label_config"] == honest
    refusals = {answer.label_studio_annotation_id: answer.refusal for answer in studio.recorded()}
    assert refusals == {before: None, meant_a_casualty: OTHER_WORDS}
    people[0].patch(f"/api/annotations/{meant_a_casualty}/", {"result": an_answer(7, 26, "casualty")})
    assert studio.collect() == Collected(new=1, refused=0)
