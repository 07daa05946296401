import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from subprocess import PIPE
from uuid import uuid4

import pytest

from infra.local.site import LABELLING
from pipeline.adapters.label_studio import ClipTask, LabelStudio
from pipeline.adapters.label_studio.client import PUSH_CLIPS
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId
from pipeline.errors import LabelStudioUnavailableError, SettingsError
from tests.adapters.label_studio.conftest import Account, a_clip, an_answer
from tests.footage import make_clip
from tests.stack_fixtures import SessionStack
from tests.stores import open_store

Clips = Callable[[int], list[ClipTask]]
ROOT = Path(__file__).resolve().parents[3]
PUSH = """
import json, sys
from pipeline.adapters.label_studio import LabelStudio
from tests.adapters.label_studio.conftest import a_clip
url, token, project_id, clip_ids = json.loads(sys.stdin.readline())
clips = [a_clip(clip_id) for clip_id in clip_ids]
print("pushing", flush=True)
LabelStudio(url, token).push(project_id, clips)
"""


@pytest.fixture
def a_stored_clip(label_studio_stack: SessionStack, some_clips: Clips, tmp_path: Path) -> tuple[ClipTask, bytes]:
    made = make_clip(tmp_path / "clip.mp4", output_options="-movflags +faststart")
    digest = Sha256.of(made.read_bytes())
    key = f"clips/seen/{digest}.mp4"
    open_store(label_studio_stack.home).put_once(
        "working", key, made, digest=digest, media_type="video/mp4", reader=LABELLING
    )
    return dataclasses.replace(some_clips(1)[0], video_url=f"s3://working/{key}", digest=digest), made.read_bytes()


def test_a_task_holds_what_the_player_and_we_need(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    (clip,) = some_clips(1)
    pushed = labelling.push(project_id, [clip])
    (task,) = accounts[0].tasks(project_id)
    assert pushed == {clip.clip_id: task["id"]}
    assert task["data"] == {
        "video": clip.video_url,
        "fps": "29.97002997002997",
        "frame_rate": "30000/1001",
        "frame_count": 300,
        "clip_id": str(clip.clip_id),
        "recording_id": str(clip.recording_id),
        "sha256": clip.digest.hex,
        "taxonomy": clip.taxonomy_digest.hex,
        "hints": "",
    }
    assert float(Fraction(task["data"]["frame_rate"])) == float(task["data"]["fps"])


def test_pushing_again_pushes_nothing(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    clips = some_clips(3)
    pushed = labelling.push(project_id, clips)
    before = accounts[0].tasks(project_id)
    assert labelling.push(project_id, clips) == pushed
    assert accounts[0].tasks(project_id) == before


def test_more_than_one_request_takes_are_pushed_once_each_and_only_the_missing(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    clips = some_clips(2 * PUSH_CLIPS + 30)
    first = labelling.push(project_id, clips[: PUSH_CLIPS + 7])
    everything = labelling.push(project_id, clips)
    tasks = accounts[0].tasks(project_id)
    assert len(tasks) == len(clips) == len(set(everything.values()))
    assert everything == {ClipId(clip.clip_id): everything[clip.clip_id] for clip in clips}
    assert first.items() <= everything.items()
    assert {task["data"]["clip_id"]: task["id"] for task in tasks} == {
        str(clip_id): ls_task_id for clip_id, ls_task_id in everything.items()
    }
    # Few of many: these are looked up by a filter, where the calls above listed the whole project.
    assert labelling.push(project_id, clips[-5:]) == {clip.clip_id: everything[clip.clip_id] for clip in clips[-5:]}
    (one_more,) = some_clips(1)
    assert set(labelling.push(project_id, [clips[0], one_more])) == {clips[0].clip_id, one_more.clip_id}
    assert len(accounts[0].tasks(project_id)) == len(clips) + 1


def test_a_push_that_was_killed_and_is_repeated_leaves_one_task_for_each_clip(
    label_studio_stack: SessionStack, labelling: LabelStudio, project_id: int, accounts: list[Account]
) -> None:
    clip_ids = [str(uuid4()) for _ in range(2 * PUSH_CLIPS)]
    settings = label_studio_stack.settings
    told = [settings["FIRSTHAND_LABEL_STUDIO_URL"], settings["FIRSTHAND_LABEL_STUDIO_TOKEN"], project_id, clip_ids]
    with subprocess.Popen([sys.executable, "-c", PUSH], cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as pushing:
        assert pushing.stdin is not None
        assert pushing.stdout is not None
        pushing.stdin.write(json.dumps(told) + "\n")
        pushing.stdin.flush()
        assert pushing.stdout.readline() == "pushing\n"
        time.sleep(0.3)
        pushing.kill()
    clips = [a_clip(clip_id) for clip_id in clip_ids]
    pushed = labelling.push(project_id, clips)
    # What the server was still doing when we looked has come by now, and is found.
    assert labelling.push(project_id, clips) == pushed
    tasks = accounts[0].tasks(project_id)
    assert sorted(task["data"]["clip_id"] for task in tasks) == sorted(clip_ids)


def test_nothing_to_push_is_nothing_pushed(labelling: LabelStudio, project_id: int) -> None:
    assert labelling.push(project_id, []) == {}


def test_a_task_that_came_twice_is_left_once(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    clips = some_clips(4)
    pushed = labelling.push(project_id, clips)
    # As if a request had been killed on our side, and done on the server's after we had looked.
    accounts[0].post(f"/api/projects/{project_id}/import", [{"data": clip.data()} for clip in clips[:2]])
    assert len(accounts[0].tasks(project_id)) == 6
    assert labelling.push(project_id, clips) == pushed
    assert sorted(task["id"] for task in accounts[0].tasks(project_id)) == sorted(pushed.values())


def test_of_two_tasks_the_one_that_somebody_answered_is_kept(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    (clip,) = some_clips(1)
    labelling.push(project_id, [clip])
    accounts[0].post(f"/api/projects/{project_id}/import", [{"data": clip.data()}])
    later = max(task["id"] for task in accounts[0].tasks(project_id))
    accounts[1].answer(later, an_answer())
    assert labelling.push(project_id, [clip]) == {clip.clip_id: later}
    assert [task["id"] for task in accounts[0].tasks(project_id)] == [later]


def test_work_is_never_deleted_even_if_two_tasks_hold_some(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    (clip,) = some_clips(1)
    (first,) = labelling.push(project_id, [clip]).values()
    accounts[0].post(f"/api/projects/{project_id}/import", [{"data": clip.data()}])
    for task in accounts[0].tasks(project_id):
        accounts[1].answer(task["id"], [], was_cancelled=True)
    assert labelling.push(project_id, [clip]) == {clip.clip_id: first}
    assert len(accounts[0].tasks(project_id)) == 2


def test_a_clip_that_was_made_anew_replaces_the_old_while_nobody_has_answered(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    seen, unseen = some_clips(2)
    pushed = labelling.push(project_id, [seen, unseen])
    accounts[1].answer(pushed[seen.clip_id], an_answer())
    anew = [dataclasses.replace(clip, digest=Sha256.of(b"anew")) for clip in (seen, unseen)]
    assert labelling.push(project_id, anew) == pushed
    data = {task["id"]: task["data"] for task in accounts[0].tasks(project_id)}
    assert data[pushed[unseen.clip_id]] == anew[1].data()
    # What somebody said is about what they saw.
    assert data[pushed[seen.clip_id]] == seen.data()


def test_a_project_that_is_gone_is_told(labelling: LabelStudio, some_clips: Clips) -> None:
    with pytest.raises(SettingsError, match=r"list the tasks of project 999999: .* answered 404"):
        labelling.push(999_999, some_clips(1))


def test_an_annotators_browser_gets_the_clip_in_ranges(
    labelling: LabelStudio, project_id: int, a_stored_clip: tuple[ClipTask, bytes], accounts: list[Account]
) -> None:
    clip, content = a_stored_clip
    (ls_task_id,) = labelling.push(project_id, [clip]).values()

    annotator = accounts[1]
    address = annotator.get(f"/api/tasks/{ls_task_id}/")["data"]["video"]
    assert address.startswith(str(annotator.http.base_url).rstrip("/"))
    moved = annotator.http.get(address)
    assert moved.status_code == 303
    origin = str(annotator.http.base_url).rstrip("/")
    signed = moved.headers["location"]
    part = annotator.http.get(signed, headers={"Range": "bytes=100-199", "Origin": origin, "Authorization": ""})
    assert (part.status_code, part.content) == (206, content[100:200])
    assert part.headers["content-type"] == "video/mp4"
    assert part.headers["access-control-allow-origin"] in {origin, "*"}


def test_a_lookup_that_cannot_find_what_is_there_is_not_believed(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    clips = some_clips(30)
    oldest, *_ = labelling.push(project_id, clips).values()
    # The server compares letters: this is still the same clip, and no filter finds it any more.
    hidden = clips[0].data() | {"clip_id": str(clips[0].clip_id).upper()}
    accounts[0].patch(f"/api/tasks/{oldest}/", {"data": hidden})
    with pytest.raises(LabelStudioUnavailableError, match="which has a task: expected that one and none but these"):
        labelling.push(project_id, [clips[1], *some_clips(1)])
    assert len(accounts[0].tasks(project_id)) == 30
