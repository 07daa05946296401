"""The whole route as people walk it: from camera files to a dataset that a partner has, every command given twice."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local.annotators import annotate, invented_answer
from pipeline.records import annotations, clips, encodings
from pipeline.workbench import Workbench
from tests.census import Census, census
from tests.flows.commands import Firsthand, Said, bench_of, label_studio
from tests.footage import make_clip
from tests.stack_fixtures import SessionStack

EXERCISE = "EX-ROUTE"
CLIPS = 3
NAME, VERSION = "route", "1.0.0"


@dataclass(frozen=True)
class World:
    """Everything that anybody could see changing."""

    held: Census
    tasks: dict[int, tuple[str, int]]
    """Of every task in Label Studio: when it was last touched, and how many answers it has."""
    files: dict[Path, tuple[int, int]]
    """Of every pulled file: its size, and when it was written."""


@dataclass(frozen=True)
class Route:
    firsthand: Firsthand
    bench: Workbench
    folder: Path

    @property
    def pulled(self) -> Path:
        return self.folder / "pulled"

    def world(self) -> World:
        with label_studio(self.firsthand.stack) as account:
            projects = [project["id"] for project in account.get("/api/projects/", page_size=1000)["results"]]
            rows = [task for project in projects for task in account.tasks(project)]
        tasks = {task["id"]: (task["updated_at"], task["total_annotations"]) for task in rows}
        data = (path for path in self.pulled.rglob("*") if path.is_file() and ".firsthand" not in path.parts)
        stats = {path: path.stat() for path in data}
        return World(census(self.bench), tasks, {path: (at.st_size, at.st_mtime_ns) for path, at in stats.items()})

    def twice(self, *words: str | Path) -> Said:
        """Give a command, and again; the second time nothing may change."""
        said = self.firsthand.run(*words, "--json")
        before = self.world()
        self.firsthand.run(*words)
        assert self.world() == before, words
        return said

    def clip_ids(self) -> set[str]:
        with self.bench.db.begin() as session:
            return {str(clip.clip_id) for clip in clips.all_clips(session, EXERCISE)}


@pytest.fixture
def route(full_stack: SessionStack, tmp_path: Path) -> Iterator[Route]:
    bench = bench_of(full_stack)
    yield Route(Firsthand(full_stack), bench, tmp_path)
    bench.db.close()


def test_the_whole_route_twice(route: Route) -> None:
    footage = route.folder / "card"
    for camera in ("R1", "R2"):
        (footage / camera).mkdir(parents=True)
    make_clip(footage / "R1" / "one.mp4", seconds=14, rate="10")
    make_clip(footage / "R2" / "two.mp4", seconds=5, audio=None, video_filter="negate")

    for camera in ("R1", "R2"):
        (upload,) = route.twice("upload", footage / camera, "--exercise", EXERCISE, "--camera", camera).items
        assert upload["outcome"] == "sent"
    (ingested,) = route.twice("ingest").items
    assert (ingested["recordings"], ingested["clips"]) == (2, CLIPS)
    (aligned,) = route.twice("align", EXERCISE).items
    assert (aligned["number"], aligned["placed"], aligned["refused"]) == (1, 2, 0)
    (timeline,) = route.firsthand.run("timeline", EXERCISE, "--json").items
    assert [line["how"] for line in timeline["recordings"]] == ["reference", "clocks"]
    (submitted,) = route.firsthand.run("annotate", "--json").items
    assert submitted["submitted"] >= CLIPS
    assert answers_to(route) == dict.fromkeys(route.clip_ids(), 0)

    assert answer_everything(route) >= 2 * CLIPS
    assert answer_everything(route) == 0
    (collected,) = route.twice("annotate").items
    assert collected["collected"] >= 2 * CLIPS
    assert answers_to(route) == dict.fromkeys(route.clip_ids(), 2)

    (released,) = route.twice("release", "create", NAME, VERSION, "--annotators", "2").items
    assert released["clips"] >= CLIPS

    before = route.world()
    for _ in range(2):
        (audit,) = route.firsthand.run("audit", "--json").items
        assert audit["faults"] == []
    assert route.world().held.objects == before.held.objects
    assert route.world().held.new_rows(before.held) == {"audits": 2}

    source = f"s3://{route.bench.settings.s3_releases_bucket}/{NAME}"
    (pulled,) = route.twice("pull", source, "--version", VERSION, route.pulled).items
    assert pulled["receipt"]["manifest_digest"] == released["manifest_sha256"]
    (verified,) = route.twice("verify", route.pulled).items
    assert verified["faults"] == []
    digests = {path.stem for path in (route.pulled / "blobs").rglob("*.mp4")}
    with route.bench.db.begin() as session:
        # What is released by default is made for it, at full size, from the originals.
        ours = [made for made in encodings.all_encodings(session) if str(made.clip_id) in route.clip_ids()]
    assert {made.recipe_name for made in ours} == {"standard"}
    assert {made.digest.hex for made in ours} <= digests
    assert len(ours) == CLIPS


def answer_everything(route: Route) -> int:
    """Two people, who agree: what happens where they do not is told in `tests/steps/test_desks.py`."""
    stack = route.firsthand.stack
    return sum(
        annotate(
            stack.settings["FIRSTHAND_LABEL_STUDIO_URL"],
            person["token"],
            answer=lambda task, _: invented_answer(task, "both"),
        ).answered
        for person in stack.people
        if person["role"] == "annotator"
    )


def answers_to(route: Route) -> dict[str, int]:
    """How many people answered each clip of ours, by our records; each has one task in Label Studio."""
    with route.bench.db.begin() as session:
        sent = annotations.tasks_under(session, route.bench.taxonomy.digest)
        answers = annotations.current_answers(session, route.bench.taxonomy.digest)
    (project_id,) = {task.project_id for task in sent.values()}
    with label_studio(route.firsthand.stack) as account:
        shown = Counter(task["data"]["clip_id"] for task in account.tasks(project_id))
    assert {shown[clip_id] for clip_id in route.clip_ids()} == {1}
    given = Counter(str(answer.clip_id) for answer in answers)
    return {clip_id: given[clip_id] for clip_id in route.clip_ids()}
