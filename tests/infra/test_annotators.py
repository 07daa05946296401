import dataclasses
import socket
from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest

from infra.local.annotators import (
    ClipAnswer,
    Mark,
    OpenTask,
    annotate,
    annotate_everything,
    invented_answer,
)
from pipeline.errors import StackError
from tests.stack_fixtures import SessionStack

TITLE = "Answered by a test"
KINDS = ("reload", "casualty", "forced_entry")
TASK = OpenTask(1, str(UUID(int=1)), 300, KINDS, {"clip_light": ("day", "night")})
CONFIG = """
<View>
  <TimelineLabels name="events" toName="video"><Label value="Reload" alias="reload"/></TimelineLabels>
  <Video name="video" value="$video" frameRate="$fps"/>
  <Choices name="clip_light" toName="video"><Choice value="Day" alias="day"/></Choices>
</View>
"""


@pytest.fixture(scope="session")
def admin(label_studio_stack: SessionStack) -> Iterator[httpx.Client]:
    settings = label_studio_stack.settings
    headers = {"Authorization": f"Token {settings['FIRSTHAND_LABEL_STUDIO_TOKEN']}"}
    with httpx.Client(base_url=settings["FIRSTHAND_LABEL_STUDIO_URL"], headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def clip_ids(admin: httpx.Client) -> Iterator[list[str]]:
    """Three clips in a project of ours, which is gone afterwards."""
    made = admin.post("/api/projects/", json={"title": TITLE, "label_config": CONFIG})
    project_id = made.raise_for_status().json()["id"]
    ids = [str(uuid4()) for _ in range(3)]
    data = [{"video": "x", "fps": "25.0", "frame_count": 100, "clip_id": clip_id} for clip_id in ids]
    stranger = {"video": "x", "fps": "25.0"}
    tasks = [{"data": content} for content in (*data, stranger)]
    admin.post(f"/api/projects/{project_id}/import", json=tasks).raise_for_status()
    yield ids
    admin.delete(f"/api/projects/{project_id}/").raise_for_status()


def test_an_account_always_says_the_same_and_another_nearly_the_same() -> None:
    differ = 0
    for number in range(200):
        task = dataclasses.replace(TASK, clip_id=str(UUID(int=number)))
        one, other = invented_answer(task, "one"), invented_answer(task, "other")
        assert one == invented_answer(task, "one")
        differ += one != other
        assert one.choices == other.choices
        for mark in (*one.marks, *other.marks):
            assert mark.kind in KINDS
            assert 1 <= mark.start_frame <= mark.end_frame <= task.frame_count
    assert 20 < differ < 200


def test_a_clip_of_one_frame_can_be_answered() -> None:
    for number in range(50):
        task = dataclasses.replace(TASK, clip_id=str(UUID(int=number)), frame_count=1)
        assert all((mark.start_frame, mark.end_frame) == (1, 1) for mark in invented_answer(task, "one").marks)


def test_every_open_task_is_answered_once_by_each(
    label_studio_stack: SessionStack, admin: httpx.Client, clip_ids: list[str]
) -> None:
    url = label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
    tokens = [person["token"] for person in label_studio_stack.people if person["role"] == "annotator"]
    given = {person["id"]: set[str]() for person in admin.get("/api/users").json()}

    def answer(task: OpenTask, account: str) -> ClipAnswer | None:
        assert account.endswith("@firsthand.invalid")
        if task.clip_id not in clip_ids or (task.clip_id == clip_ids[2] and account.startswith("annotator1")):
            return None
        assert (task.kinds, task.questions) == (("reload",), {"clip_light": ("day",)})
        return ClipAnswer((Mark("reload", 2, 5),), {"clip_light": ("day",)})

    assert [annotate(url, token, answer=answer, title_prefix=TITLE).answered for token in tokens] == [2, 3]
    assert [annotate(url, token, answer=answer, title_prefix=TITLE).answered for token in tokens] == [0, 0]

    project_id = admin.get("/api/projects/", params={"title": TITLE}).json()["results"][0]["id"]
    rows = admin.get("/api/tasks/", params={"project": project_id, "fields": "all", "page_size": 100}).json()["tasks"]
    for row in rows:
        for annotation in row["annotations"]:
            given[annotation["completed_by"]].add(row["data"]["clip_id"])
            assert [(item["from_name"], item["to_name"], item["value"]) for item in annotation["result"]] == [
                ("events", "video", {"ranges": [{"start": 2, "end": 5}], "timelinelabels": ["reload"]}),
                ("clip_light", "video", {"choices": ["day"]}),
            ]
    assert sorted(len(clips) for clips in given.values() if clips) == [2, 3]


def test_everything_open_is_answered_and_the_second_time_nothing(
    label_studio_stack: SessionStack, clip_ids: list[str]
) -> None:
    url = label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
    tokens = [person["token"] for person in label_studio_stack.people if person["role"] == "annotator"]
    assert annotate_everything(url, tokens=tokens, title_prefix=TITLE) == 2 * len(clip_ids)
    assert annotate_everything(url, tokens=tokens, title_prefix=TITLE) == 0


def test_a_refused_token_is_told(label_studio_stack: SessionStack) -> None:
    with pytest.raises(StackError, match="whoami, found 401"):
        annotate(label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"], "0" * 40)


def test_a_server_that_is_down_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StackError, match="did not answer"):
        annotate(f"http://127.0.0.1:{port}", "0" * 40)
