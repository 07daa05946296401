"""Label Studio, as the steps see it: projects made, clips sent out, answers read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Self

import structlog
from label_studio_sdk import ImportApiRequest

from pipeline.adapters.label_studio import projects
from pipeline.adapters.label_studio.connection import Connection
from pipeline.adapters.label_studio.projects import S3Source
from pipeline.adapters.label_studio.results import Readout, ReceivedAnnotation
from pipeline.adapters.label_studio.tasks import ClipTask, Filter, FoundTask, clip_id_of, find_tasks, tasks_where
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import Taxonomy
from pipeline.errors import LabelStudioUnavailableError, SettingsError

log = structlog.get_logger()

PUSH_CLIPS: Final = 250
"""Clips pushed in one request. Larger ones gain little (1,000 took 0.6 s in one, 0.7 s in four), and a smaller one is
sooner done when we are killed while it runs: what was not yet there when we look again would be pushed twice."""
TIMEOUT_S: Final = 120.0

_ANSWER_FIELDS: Final = "id,data,annotations,completed_by,result,was_cancelled,created_at,updated_at,lead_time"
"""Of tasks and of the annotations in them alike: what is not named here is left out of both."""


class LabelStudio:
    """One Label Studio server. Everything it does is safe to repeat."""

    def __init__(self, url: str, token: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._connection = Connection(url, token, timeout_s=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all sockets."""
        self._connection.close()

    def whoami(self) -> int:
        """The id of the account whose token this is.

        Raises:
            AccessDeniedError: the token is refused.
            LabelStudioUnavailableError: the server does not answer.
            SettingsError: what answers is not a Label Studio.
        """
        with self._connection.sdk("ask who we are") as sdk:
            user_id = sdk.users.whoami().id
        if not isinstance(user_id, int):
            raise SettingsError(
                f"expected a Label Studio at {self._connection.url}, found something that knows no users"
            )
        return user_id

    def ensure_project(self, taxonomy: Taxonomy, *, storage: S3Source) -> int:
        """The id of the taxonomy's project, made if there is none, with clips from `storage`.

        Raises:
            SettingsError: the taxonomy was changed without a new version, or the store cannot be reached.
            LabelStudioUnavailableError: the server did not answer; what was made is found again next time.
            AccessDeniedError: the token is refused.
        """
        return projects.ensure_project(self._connection, taxonomy, storage)

    def push(self, project_id: int, tasks: Sequence[ClipTask]) -> dict[ClipId, int]:
        """See that each of these clips has one task in the project.

        Callers see to it that only one of them pushes to a project at a time: Label Studio knows no uniqueness. A task
        that nobody has answered yet is brought up to date; one that somebody has is left as it was seen.

        Returns:
            Label Studio's task id for each clip.

        Raises:
            LabelStudioUnavailableError: the server did not answer, or not what it must; what was pushed is found again.
        """
        wanted = {task.clip_id: task for task in tasks}
        found = find_tasks(self._connection, project_id, list(wanted))
        missing = [clip_id for clip_id in wanted if clip_id not in found]
        for at in range(0, len(missing), PUSH_CLIPS):
            self._import(project_id, [wanted[clip_id] for clip_id in missing[at : at + PUSH_CLIPS]])
        if missing:
            found |= find_tasks(self._connection, project_id, missing)
        if lost := [str(clip_id) for clip_id in wanted if clip_id not in found]:
            raise LabelStudioUnavailableError(
                f"expected a task in project {project_id} for each of {len(wanted)} clips, found none for {len(lost)} "
                f"of them, such as {lost[0]}"
            )
        if missing:
            log.info("clips_pushed", project_id=project_id, pushed=len(missing), known=len(wanted) - len(missing))
        return {clip_id: self._settle(task, found[clip_id]) for clip_id, task in wanted.items()}

    def read(self, project_id: int, *, updated_since: datetime | None) -> Readout:
        """All answers of a project, or those given or changed at or after a moment.

        The moment is one of the server's clock. An answer that is being saved now shows up a little later, so callers
        look back a little further than the newest that they have.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
        """
        received: list[ReceivedAnnotation] = []
        held: dict[ClipId, frozenset[int]] = {}
        for clip_id, answers in self._answers(project_id, updated_since):
            held[clip_id] = held.get(clip_id, frozenset()) | {answer.ls_annotation_id for answer in answers}
            received += [answer for answer in answers if updated_since is None or answer.updated_at >= updated_since]
        ordered = sorted(received, key=lambda answer: (answer.updated_at, answer.ls_annotation_id))
        return Readout(tuple(ordered), held)

    def is_deleted(self, ls_annotation_id: int) -> bool:
        """Whether there is no annotation of this id any more.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
            AccessDeniedError: the token is refused.
        """
        return not self._connection.exists(
            f"/api/annotations/{ls_annotation_id}/", purpose=f"look for annotation {ls_annotation_id}"
        )

    def _answers(
        self, project_id: int, updated_since: datetime | None
    ) -> Iterator[tuple[ClipId, list[ReceivedAnnotation]]]:
        """Each task that was touched: its clip, and all its answers."""
        filters: list[Filter] = []
        if updated_since is not None:
            # A task is touched whenever one of its annotations is saved or deleted, a moment after it.
            moment = updated_since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            filters.append(
                {
                    "filter": "filter:tasks:updated_at",
                    "operator": "greater_or_equal",
                    "type": "Datetime",
                    "value": moment,
                }
            )
        for row in tasks_where(self._connection, project_id, filters, fields="all", include=_ANSWER_FIELDS):
            clip_id = clip_id_of(row["data"])
            if clip_id is None:
                log.warning("foreign_task_passed_over", project_id=project_id, ls_task_id=row["id"])
                continue
            yield clip_id, [_received(row["id"], clip_id, row["data"], each) for each in row["annotations"]]

    def _import(self, project_id: int, tasks: Sequence[ClipTask]) -> None:
        with self._connection.sdk(f"push {len(tasks)} clips to project {project_id}") as sdk:
            made = sdk.projects.import_tasks(project_id, request=[ImportApiRequest(data=task.data()) for task in tasks])
        if made.task_count != len(tasks):
            raise LabelStudioUnavailableError(
                f"pushed {len(tasks)} clips to project {project_id}: expected as many tasks, found {made.task_count}"
            )

    def _settle(self, wanted: ClipTask, found: Sequence[FoundTask]) -> int:
        """Keep one of a clip's tasks, and see that it shows what it should."""
        kept, *spare = sorted(found, key=lambda task: (not task.answered, task.task_id))
        for task in spare:
            if task.answered:
                log.warning("spare_task_left", clip_id=str(wanted.clip_id), ls_task_id=task.task_id)
                continue
            with self._connection.sdk(f"delete the spare task {task.task_id}") as sdk:
                sdk.tasks.delete(str(task.task_id))
            log.warning("spare_task_deleted", clip_id=str(wanted.clip_id), ls_task_id=task.task_id)
        if kept.data != wanted.data():
            if kept.answered:
                log.warning("answered_task_left", clip_id=str(wanted.clip_id), ls_task_id=kept.task_id)
                return kept.task_id
            with self._connection.sdk(f"update task {kept.task_id}") as sdk:
                # The server replaces all data by what is sent: a part would drop the rest.
                sdk.tasks.update(str(kept.task_id), data=wanted.data())
            log.info("task_updated", clip_id=str(wanted.clip_id), ls_task_id=kept.task_id)
        return kept.task_id


def _received(
    ls_task_id: int, clip_id: ClipId, data: Mapping[str, Any], annotation: Mapping[str, Any]
) -> ReceivedAnnotation:
    lead_time = annotation.get("lead_time")
    return ReceivedAnnotation(
        ls_task_id=ls_task_id,
        ls_annotation_id=annotation["id"],
        clip_id=clip_id,
        annotator=annotation.get("completed_by") or 0,
        created_at=datetime.fromisoformat(annotation["created_at"]),
        updated_at=datetime.fromisoformat(annotation["updated_at"]),
        lead_time_s=None if lead_time is None else float(lead_time),
        was_cancelled=bool(annotation["was_cancelled"]),
        result_json=_as_written(annotation["result"]),
        served_fps=str(data.get("fps", "")),
        served_frame_rate=str(data.get("frame_rate", "")),
        served_digest=str(data.get("sha256", "")),
    )


def _as_written(result: object) -> str:
    """The result's text as the server wrote it, by the rules by which it writes; a test compares the two."""
    text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
