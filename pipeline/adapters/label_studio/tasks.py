"""What does a task in Label Studio hold, and how are tasks found?

Rules kept here:

* A task is known by the clip id in its data. Label Studio's own ids name nothing: SQLite gives a deleted one out again.
* `fps` is a decimal for Label Studio's player; `frame_rate` is the exact rational, and the one we trust.
* Pages are cut by id, not by number: whatever is added or deleted meanwhile, nothing is skipped, and the page after
  the last one (an error in Label Studio) is never asked for.
* What is drawn beforehand is a prediction of one model version, ours: an answer that was made from it says so.
* A filter that Label Studio does not understand finds nothing, and an empty answer looks like "not pushed yet". So
  every lookup also asks for a clip that is known to be there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Protocol, Self
from uuid import UUID

from pipeline.adapters.label_studio.config import EVENTS, VIDEO
from pipeline.adapters.label_studio.connection import Connection
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Clip, ClipRendition
from pipeline.domain.hint import NOTHING_DRAWN, DrawnBefore, PreAnnotation
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.errors import LabelStudioUnavailableError, SettingsError

HINTS_VERSION: Final = "firsthand-hints-1"
"""The model version of everything that is drawn beforehand; a project shows its annotators only this one."""

PAGE_TASKS: Final = 500
LOOKUP_CLIPS: Final = 80
"""Ids asked for at once: they stand in the URL, and common servers in front of Label Studio take 4 kB of it."""

LIST_TASKS_PER_CLIP: Final = 5
"""Up to this many tasks in a project for each clip that is asked for, listing all is quicker than looking up: measured
0.4 ms for a task listed, 0.2 s for a lookup, whether of one clip or of eighty."""

Filter = Mapping[str, str | float | list[str]]
"""One condition of the Data Manager."""


@dataclass(frozen=True, slots=True)
class ClipTask:
    """A clip, as it is sent out."""

    clip_id: ClipId
    recording_id: RecordingId
    video_url: str
    """`s3://bucket/key`; Label Studio makes a short-lived URL of it whenever somebody opens the task."""
    frame_rate: Fraction
    """Frames a second, constant."""
    frame_count: int
    digest: Sha256
    taxonomy_digest: Sha256
    """Under which words it is to be labelled: a task that was moved to the project of others is told by it."""
    drawn: DrawnBefore = NOTHING_DRAWN
    """What is drawn on it before anybody looks."""

    @classmethod
    def of(
        cls,
        clip: Clip,
        made: ClipRendition,
        frame_rate: Fraction,
        *,
        taxonomy_digest: Sha256,
        drawn: DrawnBefore = NOTHING_DRAWN,
    ) -> Self:
        """A clip, and the bytes of it that annotators see, at a rate in frames a second."""
        return cls(
            clip_id=clip.clip_id,
            recording_id=clip.recording_id,
            video_url=f"s3://{made.at.bucket}/{made.at.key}",
            frame_rate=frame_rate,
            frame_count=made.frame_count,
            digest=made.digest,
            taxonomy_digest=taxonomy_digest,
            drawn=drawn,
        )

    def data(self) -> dict[str, str | int]:
        """The task's data. An answer counts only as long as all of it but `hints` stands there."""
        return self.identity() | {"hints": self._mark()}

    def identity(self) -> dict[str, str | int]:
        """What an annotator is shown, and in which frames it is counted."""
        return {
            "video": self.video_url,
            "fps": repr(float(self.frame_rate)),
            "frame_rate": f"{self.frame_rate.numerator}/{self.frame_rate.denominator}",
            "frame_count": self.frame_count,
            "clip_id": str(self.clip_id),
            "recording_id": str(self.recording_id),
            "sha256": self.digest.hex,
            "taxonomy": self.taxonomy_digest.hex,
        }

    def predictions(self) -> list[dict[str, Any]]:
        """What is drawn beforehand, as Label Studio has it: one prediction, or none."""
        if not self.drawn.events:
            return []
        items = [self._drawn_item(number, one) for number, one in enumerate(self.drawn.events, 1)]
        return [{"model_version": HINTS_VERSION, "score": float(self.drawn.surest), "result": items}]

    def _drawn_item(self, number: int, one: PreAnnotation) -> dict[str, Any]:
        start, end = one.event.span.to_label_studio_range(self.frame_rate)
        return {
            "id": f"hint{number}",
            "type": "timelinelabels",
            "from_name": EVENTS,
            "to_name": VIDEO,
            "origin": "prediction",
            "score": float(one.score),
            "value": {"ranges": [{"start": start, "end": end}], "timelinelabels": [one.event.kind]},
        }

    def _mark(self) -> str:
        """Tells one drawing from another; empty when nothing is drawn."""
        return Sha256.of(json.dumps(self.predictions(), sort_keys=True).encode()).hex[:16] if self.drawn.events else ""


class Pushable(Protocol):
    """Anything that can be sent out as one task for a clip."""

    @property
    def clip_id(self) -> ClipId:
        """The clip that it is for."""
        ...

    def data(self) -> dict[str, str | int]:
        """The task's data, `clip_id` and `hints` among them; `hints` tells one drawing from another."""
        ...

    def predictions(self) -> list[dict[str, Any]]:
        """What is drawn on it beforehand, as Label Studio has it: one prediction of `HINTS_VERSION`, or none."""
        ...


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task that is in Label Studio."""

    task_id: int
    data: Mapping[str, Any]
    answered: bool
    """Whether anybody has answered or skipped it."""

    @property
    def clip_id(self) -> ClipId | None:
        """The clip that it names; `None` when it is not one of ours."""
        return clip_id_of(self.data)


@dataclass(frozen=True, slots=True)
class CountedTask:
    """What a task in Label Studio says it is."""

    clip_id: ClipId | None
    """The clip that it names; `None` where it names none."""
    taxonomy: str
    """The digest of the words under which it was sent out, as it says."""


def clip_id_of(data: Mapping[str, Any]) -> ClipId | None:
    """The clip that a task's data name; `None` when they name none."""
    try:
        return ClipId(UUID(str(data["clip_id"])))
    except (KeyError, ValueError):
        return None


def tasks_where(
    connection: Connection, project_id: int, filters: Sequence[Filter] = (), *, fields: str = "task_only", include: str
) -> Iterator[dict[str, Any]]:
    """Every task of a project for which all filters hold, by rising id.

    Args:
        connection: the server.
        project_id: the project.
        filters: conditions of the Data Manager.
        fields: `all` to have annotations too.
        include: names of the wanted fields, comma between; `id` must be among them.
    """
    after = 0
    while True:
        newer: Filter = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": after}
        query = {"filters": {"conjunction": "and", "items": [newer, *filters]}, "ordering": ["tasks:id"]}
        rows, total = _page(
            connection,
            project_id,
            page_size=PAGE_TASKS,
            fields=fields,
            include=include,
            query=json.dumps(query, separators=(",", ":")),
        )
        yield from rows
        if len(rows) >= total:
            return
        if not rows or rows[-1]["id"] <= after:
            raise LabelStudioUnavailableError(
                f"expected {total} tasks of project {project_id} after task {after}, found {len(rows)}"
            )
        after = rows[-1]["id"]


def count_tasks(connection: Connection, project_id: int) -> int:
    """How many tasks a project has."""
    return _page(connection, project_id, page_size=1, include="id")[1]


def find_tasks(connection: Connection, project_id: int, clip_ids: Sequence[ClipId]) -> dict[ClipId, list[FoundTask]]:
    """The tasks that a project has for these clips, by rising task id; clips without one are left out.

    Raises:
        LabelStudioUnavailableError: the server did not answer, or the lookup itself cannot be trusted.
    """
    first, total = _page(connection, project_id, page_size=1, include="id,data")
    if not first or not clip_ids:
        return {}
    if total <= LIST_TASKS_PER_CLIP * len(clip_ids):
        tasks = _found(connection, project_id, ())
    else:
        witness = str(clip_id_of(first[0]["data"]))
        groups = [clip_ids[at : at + LOOKUP_CLIPS] for at in range(0, len(clip_ids), LOOKUP_CLIPS)]
        tasks = [task for group in groups for task in _looked_up(connection, project_id, group, witness)]
    return _by_clip(tasks, clip_ids)


def newest_task(connection: Connection, project_id: int) -> int:
    """The number of the task that was made last in a project; 0 where there is none."""
    query = json.dumps({"ordering": ["-tasks:id"]}, separators=(",", ":"))
    rows, _ = _page(connection, project_id, page_size=1, include="id", query=query)
    return int(rows[0]["id"]) if rows else 0


def tasks_after(
    connection: Connection, project_id: int, task_id: int, clip_ids: Sequence[ClipId]
) -> dict[ClipId, list[FoundTask]]:
    """The tasks that a project has for these clips among those made after one, by rising task id."""
    newer: Filter = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": task_id}
    return _by_clip(_found(connection, project_id, [newer]), clip_ids)


def _by_clip(tasks: Sequence[FoundTask], clip_ids: Sequence[ClipId]) -> dict[ClipId, list[FoundTask]]:
    wanted = set(clip_ids)
    found: dict[ClipId, list[FoundTask]] = {}
    for task in tasks:
        if task.clip_id is not None and task.clip_id in wanted:
            found.setdefault(task.clip_id, []).append(task)
    return found


def _looked_up(connection: Connection, project_id: int, clip_ids: Sequence[ClipId], witness: str) -> list[FoundTask]:
    """The tasks of a few clips; that of the witness must be among what the server finds."""
    asked = {str(clip_id) for clip_id in clip_ids}
    having: Filter = {
        "filter": "filter:tasks:data.clip_id",
        "operator": "in_list",
        "type": "String",
        "value": sorted(asked | {witness}),
    }
    tasks = _found(connection, project_id, [having])
    told = {str(task.clip_id) for task in tasks}
    if witness not in told or not told <= asked | {witness}:
        raise LabelStudioUnavailableError(
            f"looked up {len(asked)} clips in project {project_id} and clip {witness}, which has a task: expected that "
            f"one and none but these, found {len(told)} clips, {len(told - asked - {witness})} of them others"
        )
    return [task for task in tasks if str(task.clip_id) in asked]


def _found(connection: Connection, project_id: int, filters: Sequence[Filter]) -> list[FoundTask]:
    include = "id,data,total_annotations,cancelled_annotations"
    return [
        FoundTask(row["id"], row["data"], bool(row["total_annotations"] or row["cancelled_annotations"]))
        for row in tasks_where(connection, project_id, filters, include=include)
    ]


def _page(connection: Connection, project_id: int, **params: str | int) -> tuple[list[dict[str, Any]], int]:
    """The first tasks of those that are asked for, by rising id, and how many there are in all."""
    page = connection.get(
        "/api/tasks/",
        # Resolved, s3:// would be rewritten, and what we read would not be what we pushed.
        {"project": project_id, "resolve_uri": "false", **params},
        purpose=f"list the tasks of project {project_id}",
    )
    if not isinstance(page, dict) or not isinstance(page.get("tasks"), list) or not isinstance(page.get("total"), int):
        raise SettingsError(f"expected a page of tasks from Label Studio at {connection.url}, found {page!r:.200}")
    return page["tasks"], page["total"]
