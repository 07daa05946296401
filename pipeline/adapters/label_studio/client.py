"""Label Studio, as the steps see it: projects made, clips sent out, answers read."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Self, cast

import structlog
from label_studio_sdk import ImportApiRequest
from label_studio_sdk import LabelStudio as Sdk

from pipeline.adapters.label_studio import accounts, projects
from pipeline.adapters.label_studio.connection import Connection
from pipeline.adapters.label_studio.projects import S3Source
from pipeline.adapters.label_studio.results import Readout, ReceivedAnnotation
from pipeline.adapters.label_studio.tasks import (
    HINTS_VERSION,
    PAGE_TASKS,
    CountedTask,
    Filter,
    FoundTask,
    Pushable,
    clip_id_of,
    count_tasks,
    find_tasks,
    newest_task,
    tasks_after,
    tasks_where,
)
from pipeline.domain.desk import SHARED, Desk
from pipeline.domain.doorbell import Doorbell
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import Taxonomy
from pipeline.errors import LabelStudioUnavailableError, SettingsError

log = structlog.get_logger()

PUSH_CLIPS: Final = 250
"""Clips pushed in one request. Larger ones gain little (1,000 took 0.6 s in one, 0.7 s in four), and a smaller one is
sooner done when we are killed while it runs: what was not yet there when we look again would be pushed twice."""
TIMEOUT_S: Final = 120.0

_ANSWER_FIELDS: Final = (
    "id,data,annotations,completed_by,result,was_cancelled,created_at,updated_at,updated_by,lead_time"
)
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

    def ensure_project(
        self, taxonomy: Taxonomy, *, storage: S3Source, doorbell: Doorbell | None = None, desk: Desk = SHARED
    ) -> int:
        """The id of the taxonomy's project for a desk, made if there is none, with clips from `storage`.

        Raises:
            SettingsError: the taxonomy was changed without a new version, or the store cannot be reached.
            LabelStudioUnavailableError: the server did not answer; what was made is found again next time.
            AccessDeniedError: the token is refused.
        """
        return projects.ensure_project(self._connection, taxonomy, storage, doorbell, desk)

    def is_as_made(self, project_id: int, taxonomy: Taxonomy, desk: Desk = SHARED) -> bool:
        """Whether the project asks in exactly the words of the taxonomy.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
        """
        return projects.is_as_made(self._connection, project_id, taxonomy, desk)

    def restore(self, project_id: int, taxonomy: Taxonomy, desk: Desk = SHARED) -> None:
        """Make the project ask in the words of the taxonomy again.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
        """
        projects.restore(self._connection, project_id, taxonomy, desk)

    def push(self, project_id: int, tasks: Sequence[Pushable]) -> dict[ClipId, int]:
        """See that each of these clips has one task in the project.

        Callers see to it that only one of them pushes to a project at a time: Label Studio knows no uniqueness. A task
        that nobody has answered yet is brought up to date, with what is drawn on it beforehand; one that somebody has
        is left as it was seen. Callers push a thousand clips or so at once, so that memory stays as it is.

        Returns:
            Label Studio's task id for each clip.

        Raises:
            LabelStudioUnavailableError: the server did not answer, or not what it must; what was pushed is found again.
        """
        wanted = {task.clip_id: task for task in tasks}
        newest = newest_task(self._connection, project_id)
        found = find_tasks(self._connection, project_id, list(wanted))
        missing = [clip_id for clip_id in wanted if clip_id not in found]
        for at in range(0, len(missing), PUSH_CLIPS):
            self._import(project_id, [wanted[clip_id] for clip_id in missing[at : at + PUSH_CLIPS]])
        if missing:
            # Also what a push that was killed had asked for, and the server did while we looked.
            found |= tasks_after(self._connection, project_id, newest, missing)
        if lost := [str(clip_id) for clip_id in wanted if clip_id not in found]:
            raise LabelStudioUnavailableError(
                f"expected a task in project {project_id} for each of {len(wanted)} clips, found none for {len(lost)} "
                f"of them, such as {lost[0]}"
            )
        if missing:
            log.info("clips_pushed", project_id=project_id, pushed=len(missing), known=len(wanted) - len(missing))
        return {clip_id: self._settle(task, found[clip_id]) for clip_id, task in wanted.items()}

    def take_back(self, project_id: int, *, keep: Collection[ClipId]) -> list[int]:
        """Take clips off a desk, all but these and those on which somebody has begun. Safe to repeat.

        An answered clip stays, and so does one with a draft: nobody loses what they have done.

        Returns:
            The tasks that were taken back.

        Raises:
            LabelStudioUnavailableError: the server did not answer; what was taken back so far is.
        """
        taken: list[int] = []
        rows = tasks_where(self._connection, project_id, include="id,data,total_annotations,cancelled_annotations")
        for row in list(rows):
            clip_id = clip_id_of(row["data"])
            if clip_id is None or clip_id in keep or row["total_annotations"] or row["cancelled_annotations"]:
                continue
            # A task tells its reader of the reader's own drafts alone; this tells of everybody's.
            purpose = f"look at task {row['id']}"
            begun = self._connection.get(f"/api/tasks/{row['id']}/drafts", {}, purpose=purpose)
            answered = self._connection.get(f"/api/tasks/{row['id']}/annotations/", {}, purpose=purpose)
            if begun or answered:
                continue
            with self._connection.sdk(f"take back task {row['id']}") as sdk:
                sdk.tasks.delete(str(row["id"]))
            taken.append(row["id"])
        if taken:
            log.info("clips_taken_back", project_id=project_id, clips=len(taken))
        return taken

    def ensure_account(self, email: str, password: str) -> accounts.Account:
        """See that somebody can log in; an account that is there keeps its password. Safe to repeat.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
            AccessDeniedError: the token is refused.
            UsageError: Label Studio does not take the e-mail address.
            NotPermittedError: the account was closed.
        """
        return accounts.ensure_account(self._connection, email, password)

    def close_account(self, user_id: int) -> None:
        """See that an account can do nothing any more; its answers stay. Safe to repeat.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
            AccessDeniedError: the token is refused, or it is the account's own.
        """
        accounts.close_account(self._connection, user_id)

    def read(self, project_id: int, *, updated_since: datetime | None) -> Readout:
        """All answers of a project, or those given or changed at or after a moment: `pages`, all at once.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
        """
        answers: list[ReceivedAnnotation] = []
        held: dict[ClipId, frozenset[int]] = {}
        touched: list[datetime] = []
        for page in self.pages(project_id, updated_since=updated_since):
            answers += page.answers
            touched += [page.touched_until] if page.touched_until else []
            for clip_id, ids in page.held.items():
                held[clip_id] = held.get(clip_id, frozenset()) | ids
        ordered = sorted(answers, key=lambda answer: (answer.updated_at, answer.ls_annotation_id))
        return Readout(tuple(ordered), held, max(touched, default=None))

    def pages(self, project_id: int, *, updated_since: datetime | None) -> Iterator[Readout]:
        """The answers of a project given or changed at or after a moment, of some hundred tasks at a time.

        The moment is one of the server's clock. An answer that is being saved now shows up a little later, so callers
        look back a little further than the newest that they have. Tasks come by their number: one that is made while
        this runs comes last, and none is passed over.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
        """
        filters: list[Filter] = []
        if updated_since is not None:
            # A task is touched whenever one of its annotations is saved or deleted, a moment after it.
            moment = updated_since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            named = {"filter": "filter:tasks:updated_at", "operator": "greater_or_equal", "type": "Datetime"}
            filters.append({**named, "value": moment})
        rows = tasks_where(self._connection, project_id, filters, fields="all", include=_ANSWER_FIELDS)
        while page := list(islice(rows, PAGE_TASKS)):
            yield self._readout(project_id, page, updated_since)

    def census(self, project_id: int) -> dict[int, CountedTask]:
        """Every task of a project by its number, and what it says it is.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
        """
        rows = tasks_where(self._connection, project_id, include="id,data")
        return {row["id"]: CountedTask(clip_id_of(row["data"]), str(row["data"].get("taxonomy"))) for row in rows}

    def count(self, project_id: int) -> int:
        """How many tasks a project has.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
        """
        return count_tasks(self._connection, project_id)

    def drop_spares(self, project_id: int, kept: Mapping[ClipId, int]) -> None:
        """Delete the tasks of these clips other than the kept ones, as far as nobody has answered them.

        Raises:
            LabelStudioUnavailableError: the server did not answer; what is deleted stays so.
        """
        for clip_id, tasks in find_tasks(self._connection, project_id, list(kept)).items():
            for task in tasks:
                if task.task_id != kept[clip_id] and not task.answered:
                    self._delete(clip_id, task)

    def is_deleted(self, ls_annotation_id: int) -> bool:
        """Whether there is no annotation of this id any more.

        Raises:
            LabelStudioUnavailableError: the server did not answer.
            AccessDeniedError: the token is refused.
        """
        return not self._connection.exists(
            f"/api/annotations/{ls_annotation_id}/", purpose=f"look for annotation {ls_annotation_id}"
        )

    def _readout(self, project_id: int, rows: Sequence[Mapping[str, Any]], updated_since: datetime | None) -> Readout:
        received: list[ReceivedAnnotation] = []
        held: dict[ClipId, frozenset[int]] = {}
        for row in rows:
            clip_id = clip_id_of(row["data"])
            if clip_id is None:
                log.warning("foreign_task_passed_over", project_id=project_id, ls_task_id=row["id"])
                continue
            answers = [_received(row["id"], clip_id, row["data"], each) for each in row["annotations"]]
            held[clip_id] = held.get(clip_id, frozenset()) | {answer.ls_annotation_id for answer in answers}
            received += [answer for answer in answers if updated_since is None or answer.updated_at >= updated_since]
        touched = (datetime.fromisoformat(row["updated_at"]) for row in rows)
        return Readout(tuple(received), held, max(touched, default=None))

    def _import(self, project_id: int, tasks: Sequence[Pushable]) -> None:
        wanted = [{"data": task.data(), "predictions": task.predictions()} for task in tasks]
        with self._connection.sdk(f"push {len(tasks)} clips to project {project_id}") as sdk:
            # The SDK's own type asks for the task of a prediction, which is not there yet; plain objects it sends on.
            made = sdk.projects.import_tasks(project_id, request=cast("list[ImportApiRequest]", wanted))
        if made.task_count != len(tasks):
            raise LabelStudioUnavailableError(
                f"pushed {len(tasks)} clips to project {project_id}: expected as many tasks, found {made.task_count}"
            )

    def _settle(self, wanted: Pushable, found: Sequence[FoundTask]) -> int:
        """Keep one of a clip's tasks, and see that it shows what it should."""
        kept, *spare = sorted(found, key=lambda task: (not task.answered, task.task_id))
        for task in spare:
            if task.answered:
                log.warning("spare_task_left", clip_id=str(wanted.clip_id), ls_task_id=task.task_id)
                continue
            self._delete(wanted.clip_id, task)
        if kept.data != wanted.data():
            if kept.answered:
                log.warning("answered_task_left", clip_id=str(wanted.clip_id), ls_task_id=kept.task_id)
                return kept.task_id
            with self._connection.sdk(f"update task {kept.task_id}") as sdk:
                if kept.data.get("hints") != wanted.data()["hints"]:
                    self._draw(sdk, wanted, kept.task_id)
                # Last, because it says that the rest is done. All data are replaced by what is sent: a part would drop
                # the others.
                sdk.tasks.update(str(kept.task_id), data=wanted.data())
            log.info("task_updated", clip_id=str(wanted.clip_id), ls_task_id=kept.task_id)
        return kept.task_id

    def _draw(self, sdk: Sdk, wanted: Pushable, ls_task_id: int) -> None:
        for before in sdk.predictions.list(task=ls_task_id):
            if before.model_version == HINTS_VERSION and before.id is not None:
                sdk.predictions.delete(before.id)
        for prediction in wanted.predictions():
            sdk.predictions.create(task=ls_task_id, **prediction)

    def _delete(self, clip_id: ClipId, task: FoundTask) -> None:
        with self._connection.sdk(f"delete the spare task {task.task_id}") as sdk:
            sdk.tasks.delete(str(task.task_id))
        log.warning("spare_task_deleted", clip_id=str(clip_id), ls_task_id=task.task_id)


def _received(
    ls_task_id: int, clip_id: ClipId, data: Mapping[str, Any], annotation: Mapping[str, Any]
) -> ReceivedAnnotation:
    lead_time = annotation.get("lead_time")
    return ReceivedAnnotation(
        ls_task_id=ls_task_id,
        ls_annotation_id=annotation["id"],
        clip_id=clip_id,
        annotator=annotation.get("completed_by") or 0,
        last_editor=annotation.get("updated_by") or 0,
        created_at=datetime.fromisoformat(annotation["created_at"]),
        updated_at=datetime.fromisoformat(annotation["updated_at"]),
        lead_time_s=None if lead_time is None else float(lead_time),
        was_cancelled=bool(annotation["was_cancelled"]),
        result_json=_as_written(annotation["result"]),
        served={str(name): value for name, value in data.items()},
    )


def _as_written(result: object) -> str:
    """The result's text as the server wrote it, by the rules by which it writes; a test compares the two."""
    text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
