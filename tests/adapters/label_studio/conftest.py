"""One Label Studio for all, and for each test a taxonomy, and with it a project, of its own."""

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from pipeline.adapters.label_studio import ClipTask, LabelStudio, S3Source
from pipeline.adapters.label_studio.config import project_title
from pipeline.domain import taxonomies
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.labels import Taxonomy
from pipeline.domain.version import Version
from tests.stack_fixtures import SessionStack

NTSC = Fraction(30000, 1001)
_NUMBERS = itertools.count(1)

Item = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """Somebody who speaks to Label Studio as a browser or a script does, past our adapter."""

    http: httpx.Client

    def get(self, path: str, **params: str | int) -> Any:
        return self.http.get(path, params=params).raise_for_status().json()

    def post(self, path: str, body: object) -> Any:
        return self.http.post(path, json=body).raise_for_status().json()

    def patch(self, path: str, body: object) -> Any:
        return self.http.patch(path, json=body).raise_for_status().json()

    def answer(self, ls_task_id: int, result: object, **more: object) -> int:
        said = self.post(f"/api/tasks/{ls_task_id}/annotations/", {"result": result, "lead_time": 4.5} | more)
        assert isinstance(said["id"], int)
        return said["id"]

    def tasks(self, project_id: int) -> list[Item]:
        params: dict[str, str | int] = {"project": project_id, "page_size": 5000, "resolve_uri": "false"}
        found: list[Item] = self.get("/api/tasks/", **params)["tasks"]
        return found


@pytest.fixture(scope="session")
def accounts(label_studio_stack: SessionStack) -> Iterator[list[Account]]:
    """The administrator and the two annotators."""
    url = label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
    clients = [
        httpx.Client(base_url=url, headers={"Authorization": f"Token {person['token']}"}, timeout=60)
        for person in label_studio_stack.people
    ]
    yield [Account(client) for client in clients]
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def labelling(label_studio_stack: SessionStack) -> Iterator[LabelStudio]:
    settings = label_studio_stack.settings
    with LabelStudio(settings["FIRSTHAND_LABEL_STUDIO_URL"], settings["FIRSTHAND_LABEL_STUDIO_TOKEN"]) as opened:
        yield opened


@pytest.fixture(scope="session")
def source(label_studio_stack: SessionStack) -> S3Source:
    settings = label_studio_stack.settings
    return S3Source(
        bucket=settings["FIRSTHAND_S3_WORKING_BUCKET"],
        region=settings["FIRSTHAND_S3_REGION"],
        access_key_id=settings["FIRSTHAND_LABELLING_S3_ACCESS_KEY_ID"],
        secret_access_key=settings["FIRSTHAND_LABELLING_S3_SECRET_ACCESS_KEY"],
        endpoint_url=settings["FIRSTHAND_S3_ENDPOINT_URL"],
    )


@pytest.fixture
def taxonomy(accounts: list[Account]) -> Iterator[Taxonomy]:
    """The current taxonomy under a version that no other test has; its projects are gone afterwards."""
    made = dataclasses.replace(taxonomies.load(), version=Version(9, os.getpid() % 1_000_000, next(_NUMBERS)))
    yield made
    page = accounts[0].get("/api/projects/", title=project_title(made), page_size=100, include="id,title")
    for project in page["results"]:
        if project["title"].startswith(project_title(made)):
            accounts[0].http.delete(f"/api/projects/{project['id']}/").raise_for_status()


@pytest.fixture
def project_id(labelling: LabelStudio, taxonomy: Taxonomy, source: S3Source) -> int:
    return labelling.ensure_project(taxonomy, storage=source)


@pytest.fixture
def some_clips() -> Callable[[int], list[ClipTask]]:
    return lambda number: [a_clip(str(uuid4())) for _ in range(number)]


def a_clip(clip_id: str) -> ClipTask:
    """A clip of 300 frames that nobody has ever cut."""
    return ClipTask(
        clip_id=ClipId(UUID(clip_id)),
        recording_id=RecordingId(UUID(int=1)),
        video_url=f"s3://working/clips/{clip_id}.mp4",
        frame_rate=NTSC,
        frame_count=300,
        digest=Sha256.of(clip_id.encode()),
        taxonomy_digest=Sha256.of(b"words"),
    )


def an_answer(start: int = 7, end: int = 26, kind: str = "reload", choices: Sequence[str] = ("active",)) -> list[Item]:
    said: list[Item] = [
        {"type": "timelinelabels", "from_name": "events"}
        | {"value": {"ranges": [{"start": start, "end": end}], "timelinelabels": [kind]}}
    ]
    questions = {"threat_level": list(choices), "viewpoint": ["officer"]}
    questions |= {"visibility": ["clear"], "simulated_weapon": ["none"]}
    said += [
        {"type": "choices", "from_name": f"clip_{question}", "value": {"choices": answers}}
        for question, answers in questions.items()
    ]
    return [{"id": f"r{at}", "to_name": "video", "origin": "manual"} | item for at, item in enumerate(said)]
