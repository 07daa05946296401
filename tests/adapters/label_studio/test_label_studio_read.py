import json
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

from pipeline.adapters.label_studio import ClipTask, LabelStudio, read_labels
from pipeline.adapters.label_studio.tasks import PAGE_TASKS
from pipeline.domain.labels import EventLabel, Taxonomy
from pipeline.domain.timeline import Span
from tests.adapters.label_studio.conftest import Account, an_answer

Clips = Callable[[int], list[ClipTask]]
A_MOMENT = timedelta(microseconds=1)


def test_an_answer_comes_back_with_who_and_when_and_reads_as_exact_seconds(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account], taxonomy: Taxonomy
) -> None:
    (clip,) = some_clips(1)
    (ls_task_id,) = labelling.push(project_id, [clip]).values()
    said = accounts[2].answer(ls_task_id, an_answer(7, 26, "firearm_aimed"))
    (received,) = labelling.read(project_id, updated_since=None).answers

    kept = accounts[2].get(f"/api/annotations/{said}/")
    me = accounts[2].get("/api/current-user/whoami")["id"]
    found = (received.ls_annotation_id, received.ls_task_id, received.clip_id, received.annotator)
    assert found == (said, ls_task_id, clip.clip_id, me)
    assert received.updated_at.isoformat().replace("+00:00", "Z") == kept["updated_at"]
    assert received.created_at <= received.updated_at
    assert (received.lead_time_s, received.was_cancelled) == (4.5, False)

    labels = read_labels(received, taxonomy=taxonomy, clip=clip)
    assert labels.events == (EventLabel("firearm_aimed", Span(Fraction(1001, 5000), Fraction(13013, 15000))),)


def test_the_result_is_the_text_that_the_server_sent(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    (ls_task_id,) = labelling.push(project_id, some_clips(1)).values()
    awkward: list[Any] = [
        {"id": 'ü/\\" \u2028 \u2029 😀', "x": [1e-9, 1.0, 123456789012345678901, 0.1, True, None], "": {}},
        {"score": 0.30000000000000004},
    ]
    accounts[1].answer(ls_task_id, awkward)
    (received,) = labelling.read(project_id, updated_since=None).answers
    body = accounts[1].http.get(f"/api/tasks/{ls_task_id}/annotations/").text
    assert f'"result":{received.result_json},' in body
    assert json.loads(received.result_json) == awkward


def test_answers_of_all_annotators_are_read_the_oldest_change_first(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    first, second = labelling.push(project_id, some_clips(2)).values()
    order = [
        accounts[2].answer(second, an_answer()),
        accounts[1].answer(second, an_answer()),
        accounts[1].answer(first, an_answer()),
    ]
    assert [received.ls_annotation_id for received in labelling.read(project_id, updated_since=None).answers] == order
    accounts[2].patch(f"/api/annotations/{order[0]}/", {"result": an_answer(1, 2)})
    received = labelling.read(project_id, updated_since=None).answers
    assert [answer.ls_annotation_id for answer in received] == [*order[1:], order[0]]


def test_only_what_changed_since_is_read(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    pushed = list(labelling.push(project_id, some_clips(3)).values())
    for ls_task_id in pushed:
        accounts[1].answer(ls_task_id, an_answer())
    everything = labelling.read(project_id, updated_since=None).answers
    newest = everything[-1].updated_at
    assert labelling.read(project_id, updated_since=newest).answers == everything[-1:]
    assert labelling.read(project_id, updated_since=newest + A_MOMENT).answers == ()
    assert labelling.read(project_id, updated_since=everything[0].updated_at).answers == everything

    # The other answer of the same task has not changed, and is not read again.
    accounts[2].answer(pushed[0], an_answer(3, 4))
    (fresh,) = labelling.read(project_id, updated_since=newest + A_MOMENT).answers
    assert (fresh.ls_task_id, fresh.annotator) != (everything[0].ls_task_id, everything[0].annotator)
    accounts[1].patch(f"/api/annotations/{everything[0].ls_annotation_id}/", {"result": an_answer(5, 6)})
    changed = labelling.read(project_id, updated_since=fresh.updated_at + A_MOMENT).answers
    assert [answer.ls_annotation_id for answer in changed] == [everything[0].ls_annotation_id]
    assert changed[0].result_json != everything[0].result_json


def test_a_skipped_clip_is_told_as_such(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    (ls_task_id,) = labelling.push(project_id, some_clips(1)).values()
    accounts[1].answer(ls_task_id, [], was_cancelled=True)
    (received,) = labelling.read(project_id, updated_since=None).answers
    assert received.was_cancelled


def test_more_tasks_than_a_page_holds_are_all_read(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    clips = some_clips(PAGE_TASKS + 20)
    pushed = labelling.push(project_id, clips)
    ids = sorted(pushed.values())
    # The first and the last of the first page, the first of the second, and the very last.
    chosen = [ids[0], ids[PAGE_TASKS - 1], ids[PAGE_TASKS], ids[-1]]
    for ls_task_id in chosen:
        accounts[1].answer(ls_task_id, an_answer())
    received = labelling.read(project_id, updated_since=None).answers
    assert [answer.ls_task_id for answer in received] == chosen


def test_a_task_that_is_not_ours_is_passed_over(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    (ls_task_id,) = labelling.push(project_id, some_clips(1)).values()
    for clip_id in ("", "not an id"):
        data = {"video": "s3://working/x.mp4", "fps": "25", "clip_id": clip_id}
        accounts[0].post(f"/api/projects/{project_id}/import", [{"data": data}])
    accounts[0].post(f"/api/projects/{project_id}/import", [{"data": {"video": "s3://working/y.mp4", "fps": "25"}}])
    for task in accounts[0].tasks(project_id):
        accounts[1].answer(task["id"], an_answer())
    received = labelling.read(project_id, updated_since=None).answers
    assert [answer.ls_task_id for answer in received] == [ls_task_id]


def test_what_the_task_says_now_is_told_with_the_answer(
    labelling: LabelStudio, project_id: int, some_clips: Clips, accounts: list[Account]
) -> None:
    (clip,) = some_clips(1)
    (ls_task_id,) = labelling.push(project_id, [clip]).values()
    accounts[1].answer(ls_task_id, an_answer())
    edited = {name: value for name, value in clip.data().items() if name != "sha256"} | {"fps": "24"}
    accounts[2].patch(f"/api/tasks/{ls_task_id}/", {"data": edited})
    (received,) = labelling.read(project_id, updated_since=None).answers
    assert received.served == edited
