"""Who answers in a demonstration? The accounts of the local stack, through Label Studio's API, as a browser would.

The answers are invented, and always the same for the same clip and account: two accounts mark the same events a few
frames apart, and now and then one of them sees one that the other does not. Nothing here looks at a picture.

Safe to repeat: a task that an account has already answered is passed over, and each answer carries an id of its own, so
that one which was being saved when we were killed is not saved twice.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from pipeline.errors import StackError

TITLE_PREFIX: Final = "Firsthand "
"""Projects whose title begins like this are ours."""
EVENTS: Final = "events"
VIDEO: Final = "video"

_PAGE_TASKS: Final = 200
_TIMEOUT_S: Final = 60.0
_JITTER_FRAMES: Final = 3
_MOST_EVENTS: Final = 3
_DISAGREE_ONE_IN: Final = 6
_NAMESPACE: Final = uuid.UUID("6c1b3a52-5a0c-4a6f-9a51-0f1f5a0b6f0e")


@dataclass(frozen=True, slots=True)
class Mark:
    """One event on the timeline."""

    kind: str
    start_frame: int
    """Counted from 1."""
    end_frame: int
    """Counted from 1; this frame still belongs to it."""


@dataclass(frozen=True, slots=True)
class ClipAnswer:
    """What one account says about one clip."""

    marks: tuple[Mark, ...]
    choices: Mapping[str, Sequence[str]]
    """Answers by the name of the control that asks."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that an account has not answered yet, and what it may say about it."""

    task_id: int
    clip_id: str
    frame_count: int
    kinds: tuple[str, ...]
    questions: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Annotated:
    """What an account did."""

    answered: int
    already_answered: int


def invented_answer(task: OpenTask, account: str) -> ClipAnswer:
    """What an account says about a clip; always the same for the same two."""
    marks = []
    for at in range(_number(task.clip_id, "events", below=_MOST_EVENTS + 1)):
        if _number(task.clip_id, account, at, "overlooked", below=_DISAGREE_ONE_IN) == 0:
            continue
        kind = task.kinds[_number(task.clip_id, at, "kind", below=len(task.kinds))]
        start = 1 + _number(task.clip_id, at, "start", below=task.frame_count)
        length = 1 + _number(task.clip_id, at, "length", below=max(1, task.frame_count // 3))
        start = min(task.frame_count, start + _number(task.clip_id, account, at, "onset", below=_JITTER_FRAMES))
        end = start + length + _number(task.clip_id, account, at, "offset", below=_JITTER_FRAMES)
        marks.append(Mark(kind, start, min(task.frame_count, end)))
    choices = {
        control: (answers[_number(task.clip_id, control, below=len(answers))],)
        for control, answers in task.questions.items()
    }
    return ClipAnswer(tuple(marks), choices)


def annotate_everything(url: str, *, tokens: Sequence[str], title_prefix: str = TITLE_PREFIX) -> int:
    """Invent answers to every open task, as each of these accounts.

    Args:
        url: Label Studio.
        tokens: the API token of each account.
        title_prefix: how the titles of the projects begin that are to be answered.

    Returns:
        How many answers are new.

    Raises:
        StackError: Label Studio did not answer, or refused; what was answered so far stays.
    """
    return sum(annotate(url, token, title_prefix=title_prefix).answered for token in tokens)


def annotate(
    url: str,
    token: str,
    *,
    answer: Callable[[OpenTask, str], ClipAnswer | None] = invented_answer,
    title_prefix: str = TITLE_PREFIX,
    project_id: int | None = None,
) -> Annotated:
    """Answer every open task of every project of ours, as one account.

    Args:
        url: Label Studio.
        token: the account's API token.
        answer: says what this account, which is told by its e-mail address, answers to a task; `None` leaves it open.
        title_prefix: how the titles of the projects begin that are to be answered.
        project_id: the one of them that is to be answered; all when it is left out.

    Raises:
        StackError: Label Studio did not answer, or refused; what was answered so far stays.
    """
    answered = already_answered = 0
    with httpx.Client(base_url=url, headers={"Authorization": f"Token {token}"}, timeout=_TIMEOUT_S) as http:
        me = _ask(http, "GET", "/api/current-user/whoami")
        for project in _projects(http, title_prefix):
            if project_id not in {None, project["id"]}:
                continue
            for row in _tasks(http, project["id"]):
                if "clip_id" not in row["data"]:
                    continue
                if any(annotation["completed_by"] == me["id"] for annotation in row["annotations"]):
                    already_answered += 1
                    continue
                said = answer(_open_task(row, project["parsed_label_config"]), me["email"])
                if said is not None:
                    answered += _save(http, row["id"], said, name=f"{row['data']['clip_id']}/{me['email']}")
    return Annotated(answered, already_answered)


def _projects(http: httpx.Client, title_prefix: str) -> list[dict[str, Any]]:
    page = _ask(http, "GET", "/api/projects/", title=title_prefix, page_size=1000, include="id,title")
    ours = sorted(project["id"] for project in page["results"] if project["title"].startswith(title_prefix))
    return [_ask(http, "GET", f"/api/projects/{project_id}/") for project_id in ours]


def _tasks(http: httpx.Client, project_id: int) -> Iterator[dict[str, Any]]:
    seen = 0
    for number in range(1, 1_000_000):
        page = _ask(
            http,
            "GET",
            "/api/tasks/",
            project=project_id,
            page=number,
            page_size=_PAGE_TASKS,
            fields="all",
            include="id,data,annotations,completed_by",
        )
        yield from page["tasks"]
        seen += len(page["tasks"])
        if seen >= page["total"] or not page["tasks"]:
            return


def _open_task(row: Mapping[str, Any], controls: Mapping[str, Mapping[str, Any]]) -> OpenTask:
    return OpenTask(
        task_id=row["id"],
        clip_id=row["data"]["clip_id"],
        frame_count=int(row["data"]["frame_count"]),
        kinds=tuple(controls[EVENTS]["labels"]),
        questions={
            name: tuple(control["labels"]) for name, control in controls.items() if control["type"] == "Choices"
        },
    )


def _save(http: httpx.Client, task_id: int, said: ClipAnswer, *, name: str) -> int:
    result: list[dict[str, Any]] = [
        {
            "type": "timelinelabels",
            "from_name": EVENTS,
            "value": {
                "ranges": [{"start": mark.start_frame, "end": mark.end_frame}],
                "timelinelabels": [mark.kind],
            },
        }
        for mark in said.marks
    ]
    result += [
        {"type": "choices", "from_name": control, "value": {"choices": list(answers)}}
        for control, answers in sorted(said.choices.items())
    ]
    for at, item in enumerate(result):
        item |= {"id": _hash(name, at).hex()[:10], "to_name": VIDEO, "origin": "manual"}
    body = {
        "result": result,
        "lead_time": 5 + len(said.marks) * 4,
        "was_cancelled": False,
        "unique_id": str(uuid.uuid5(_NAMESPACE, f"{task_id}/{name}")),
    }
    return _ask(http, "POST", f"/api/tasks/{task_id}/annotations/", body=body) is not None


def _ask(http: httpx.Client, method: str, path: str, *, body: object = None, **params: str | int) -> Any:
    """What Label Studio answers; `None` when what was to be saved is there already."""
    try:
        response = http.request(method, path, params=params, json=body)
    except httpx.HTTPError as exc:
        raise StackError(f"Label Studio at {http.base_url} did not answer {method} {path}: {exc}") from exc
    if response.status_code == httpx.codes.CONFLICT:
        return None
    if response.is_error:
        raise StackError(
            f"expected Label Studio to do {method} {path}, found {response.status_code}: {response.text[:300]}"
        )
    return response.json()


def _number(*parts: object, below: int) -> int:
    return int.from_bytes(_hash(*parts)[:8], "big") % below


def _hash(*parts: object) -> bytes:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
