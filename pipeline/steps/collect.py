"""Fetch what annotators answered: keep the answer as it came, and its labels in exact seconds."""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import structlog

from pipeline.adapters.label_studio import (
    SHOWN_CONTROLS,
    ClipTask,
    LabelStudio,
    Readout,
    ReceivedAnnotation,
    S3Source,
    read_labels,
)
from pipeline.domain.custody import CustodyEvent, EventKind
from pipeline.domain.desk import ADJUDICATION, Desk, trespass
from pipeline.domain.digest import Sha256
from pipeline.domain.doorbell import Doorbell
from pipeline.domain.footage import Location
from pipeline.domain.ids import AnnotationId, ClipId, derive
from pipeline.domain.labels import DELETED, SKIPPED, ClipLabels, Taxonomy
from pipeline.domain.pseudonym import pseudonym
from pipeline.errors import InvalidLabelsError
from pipeline.records import Database, annotations, clips, custody, desk_tasks, findings, people, readings, softened
from pipeline.records.annotations import Answer, SentTask
from pipeline.records.clips import ShownClip
from pipeline.records.findings import Finding, FindingKind
from pipeline.records.readings import Reading

log = structlog.get_logger()

OVERLAP = timedelta(minutes=10)
"""How far to look back before the moment up to which everything was read: what was being saved may show up late."""
OTHER_WORDS = "the project asked in other words than the taxonomy's when this answer was found; save it again"


@dataclass(frozen=True, slots=True)
class Collected:
    """How many answers were new, how many of those could not be taken as labels, and how many are gone."""

    new: int
    refused: int
    deleted: int = 0
    """Answers that were taken back since they were collected."""
    found: int = 0
    """Things that are not as we left them and are no answers; `firsthand annotate findings` lists them."""


def collect_annotations(
    *,
    taxonomy: Taxonomy,
    source: S3Source,
    labelling: LabelStudio,
    pseudonym_key: bytes,
    db: Database,
    clock: Callable[[], datetime],
    doorbell: Doorbell | None = None,
    thorough: bool = False,
) -> Collected:
    """Record every answer that was given, changed or deleted since the last time.

    An answer that does not fit its clip or the taxonomy is recorded with the reason and counts for nothing; of one that
    was deleted, that it was, and what it said stays in the records. A project whose configuration somebody changed is
    given its own again, and what was answered meanwhile counts for nothing until it is saved again. Tasks that were
    deleted, doubled or put there by others are looked for when their number is not right, and always when `thorough`.
    All desks are read; what somebody answered at the desk of another counts for nothing.

    Safe to repeat, and to run twice at once: an answer is named by its id in Label Studio and the moment it was last
    changed. Memory stays as it is, however many answers there are.

    Raises:
        LabelStudioUnavailableError: Label Studio did not answer; what was recorded stays, the rest is read next time.
        AccessDeniedError: Label Studio refused the token.
    """
    with db.begin() as session:
        desks = desk_tasks.desks_in_use(session, taxonomy.digest)
        adjudicators = frozenset(one.annotator for one in people.everybody(session) if one.role == "adjudicator")
    collected = Collected(0, 0)
    for desk in desks:
        project_id = labelling.ensure_project(taxonomy, storage=source, doorbell=doorbell, desk=desk)
        with db.begin() as session:
            tasks = desk_tasks.tasks_on(session, taxonomy.digest, desk)
            reading = readings.newest_reading(session, taxonomy.digest, project_id)
        collecting = _Collecting(
            taxonomy, desk, adjudicators, project_id, tasks, labelling, pseudonym_key, db, clock, collected
        )
        collecting.look_at_configuration()
        for page in labelling.pages(project_id, updated_since=reading.read_through - OVERLAP if reading else None):
            collecting.look_at_configuration()
            collecting.take(page)
        if thorough or labelling.count(project_id) != len(tasks):
            collecting.reconcile()
        collecting.remember()
        collected = collecting.collected
    log.info("annotations_collected", desks=len(desks), **asdict(collected))
    return collected


@dataclass(slots=True)
class _Collecting:
    """One reading of one project."""

    taxonomy: Taxonomy
    desk: Desk
    adjudicators: Collection[str]
    project_id: int
    tasks: Mapping[ClipId, SentTask]
    labelling: LabelStudio
    pseudonym_key: bytes
    db: Database
    clock: Callable[[], datetime]
    collected: Collected
    asked_in_other_words: bool = False
    read_through: datetime | None = None
    unrecorded_since: datetime | None = None
    """When the first answer was given to a task that we pushed and have not recorded yet."""

    def look_at_configuration(self) -> None:
        """Called after a page was read and before it is recorded: what is recorded was answered in our words."""
        if self.labelling.is_as_made(self.project_id, self.taxonomy, self.desk):
            return
        self.asked_in_other_words = True
        why = (
            f"somebody changed what project {self.project_id} asks; it asks in the words of {self.taxonomy.name} again"
        )
        self._tell(FindingKind.CONFIGURATION_CHANGED, why)
        self.labelling.restore(self.project_id, self.taxonomy, self.desk)

    def take(self, page: Readout) -> None:
        """Record what is new on a page, and what is gone."""
        names = {self._answer_id(received): received for received in page.answers}
        with self.db.begin() as session:
            known = annotations.known_among(session, list(names))
            fresh = {name: received for name, received in names.items() if name not in known}
            shown = clips.shown_clips(session, [received.clip_id for received in fresh.values()])
            soft = softened.shown_instead(session, list(shown))
        for answer_id, received in fresh.items():
            if received.clip_id in self.tasks:
                self._record(answer_id, received, shown[received.clip_id], soft.get(received.clip_id))
            elif received.clip_id in shown:
                self.unrecorded_since = min(self.unrecorded_since or received.updated_at, received.updated_at)
        self._record_deletions(page.held)
        if page.touched_until is not None:
            self.read_through = max(self.read_through or page.touched_until, page.touched_until)

    def reconcile(self) -> None:
        """Compare the project's tasks with those that we sent out."""
        census = self.labelling.census(self.project_id)
        with self.db.begin() as session:
            ours = clips.known_clips(session, [counted.clip_id for counted in census.values() if counted.clip_id])
        by_clip: dict[ClipId, list[int]] = defaultdict(list)
        for task_id, counted in census.items():
            clip_id = counted.clip_id
            if clip_id is None or clip_id not in ours:
                self._tell(FindingKind.FOREIGN_TASK, f"task {task_id} names no clip of ours", task_id=task_id)
                continue
            by_clip[clip_id].append(task_id)
            # One of our own words that is not recorded was pushed by a run that was killed: the next one records it.
            if clip_id not in self.tasks and counted.taxonomy != self.taxonomy.digest.hex:
                why = f"task {task_id} of clip {clip_id} is of another project: it was to be labelled in other words"
                self._tell(FindingKind.FOREIGN_TASK, why, task_id=task_id, clip_id=clip_id)
        gone: list[ClipId] = []
        doubled: dict[ClipId, int] = {}
        for clip_id, task in self.tasks.items():
            here = by_clip.get(clip_id, [])
            if task.task_id not in here:
                gone.append(clip_id)
                what = "names another clip now" if task.task_id in census else "was deleted"
                why = f"task {task.task_id} of clip {clip_id} {what}; the next submit sends the clip out again"
                self._tell(FindingKind.TASK_DELETED, why, task_id=task.task_id, clip_id=clip_id)
            elif len(here) > 1:
                doubled[clip_id] = task.task_id
                for spare in set(here) - {task.task_id}:
                    why = f"clip {clip_id} was sent out as task {task.task_id}, and task {spare} shows it too"
                    self._tell(FindingKind.TASK_TWICE, why, task_id=spare, clip_id=clip_id)
        if doubled:
            self.labelling.drop_spares(self.project_id, doubled)
        self._record_deletions({clip_id: frozenset() for clip_id in gone})

    def remember(self) -> None:
        """Record how far everything was read; answers to tasks that are not recorded yet are read again."""
        through = min((at for at in (self.read_through, self.unrecorded_since) if at), default=None)
        if through is not None:
            with self.db.begin() as session:
                reading = Reading(self.project_id, through)
                readings.add_reading(session, self.taxonomy.digest, reading, at=self.clock())

    def _answer_id(self, received: ReceivedAnnotation) -> AnnotationId:
        moment = received.updated_at.isoformat()
        return AnnotationId(derive("annotation", self.project_id, received.ls_annotation_id, moment))

    def _record(
        self, answer_id: AnnotationId, received: ReceivedAnnotation, shown: ShownClip, soft: Location | None
    ) -> None:
        labels: ClipLabels | None = None
        refusal: str | None = None
        try:
            labels = self._labels(received, shown, soft)
        except InvalidLabelsError as error:
            refusal = str(error)
        answer = Answer(
            annotation_id=answer_id,
            clip_id=received.clip_id,
            taxonomy_digest=self.taxonomy.digest,
            annotator=pseudonym(received.annotator, key=self.pseudonym_key),
            label_studio_annotation_id=received.ls_annotation_id,
            answered_at=received.updated_at,
            raw=received.result_json.encode(),
            labels=labels,
            refusal=refusal,
            collected_at=self.clock(),
            lead_time_s=_believable(received.lead_time_s),
            desk=self.desk,
        )
        with self.db.begin() as session:
            if annotations.add_answer(session, answer):
                custody.append(session, _was_answered(answer))
                self._count(new=1, refused=int(answer.labels is None))

    def _labels(self, received: ReceivedAnnotation, shown: ShownClip, soft: Location | None) -> ClipLabels:
        who = pseudonym(received.annotator, key=self.pseudonym_key)
        if reason := trespass(self.desk, who, adjudicators=self.adjudicators):
            raise InvalidLabelsError(reason)
        if received.was_cancelled:
            raise InvalidLabelsError(SKIPPED)
        sent = ClipTask.of(shown.clip, shown.made, shown.frame_rate, taxonomy_digest=self.taxonomy.digest)
        if soft is not None and received.served.get("video") == f"s3://{soft.bucket}/{soft.key}":
            sent = replace(sent, video_url=f"s3://{soft.bucket}/{soft.key}")
        only_shown = SHOWN_CONTROLS if self.desk == ADJUDICATION else ()
        labels = read_labels(received, taxonomy=self.taxonomy, clip=sent, only_shown=only_shown)
        if self.asked_in_other_words:
            raise InvalidLabelsError(OTHER_WORDS)
        return labels

    def _record_deletions(self, held: Mapping[ClipId, frozenset[int]]) -> None:
        """Record which of the answers that we know are gone."""
        with self.db.begin() as session:
            standing = annotations.standing_answers(session, self.taxonomy.digest, list(held), self.desk)
        for known in standing:
            ls_annotation_id = known.label_studio_annotation_id
            if ls_annotation_id in held[known.clip_id] or not self.labelling.is_deleted(ls_annotation_id):
                continue
            moment = known.answered_at.isoformat()
            answer = replace(
                known,
                annotation_id=AnnotationId(derive("annotation", self.project_id, ls_annotation_id, moment, "deleted")),
                # Just after what it takes back, so that an answer which the same person gave since then counts.
                answered_at=known.answered_at + timedelta(microseconds=1),
                raw=b"",
                labels=None,
                refusal=DELETED,
                lead_time_s=None,
                collected_at=self.clock(),
            )
            with self.db.begin() as session:
                if annotations.add_answer(session, answer):
                    custody.append(session, replace(_was_answered(answer), kind="answer_deleted"))
                    self._count(deleted=1)

    def _tell(
        self, kind: FindingKind, reason: str, *, task_id: int | None = None, clip_id: ClipId | None = None
    ) -> None:
        finding = Finding(self.taxonomy.digest, self.project_id, kind, reason, self.clock(), task_id, clip_id)
        with self.db.begin() as session:
            if findings.add_finding(session, finding):
                log.warning("labelling_finding", kind=kind.value, project_id=self.project_id, ls_task_id=task_id)
                self._count(found=1)

    def _count(self, *, new: int = 0, refused: int = 0, deleted: int = 0, found: int = 0) -> None:
        was = self.collected
        self.collected = Collected(was.new + new, was.refused + refused, was.deleted + deleted, was.found + found)


def _believable(lead_time_s: float | None) -> float | None:
    """Anybody can put anything into Label Studio's API; a time that cannot be is none."""
    if lead_time_s is None or not math.isfinite(lead_time_s) or lead_time_s < 0:
        return None
    return lead_time_s


def _was_answered(answer: Answer) -> CustodyEvent:
    usable: EventKind = "adjudicated" if answer.desk == ADJUDICATION else "labelled"
    return CustodyEvent(
        usable if answer.labels is not None else "labels_refused",
        "annotation",
        str(answer.annotation_id),
        answer.collected_at,
        {
            "clip_id": str(answer.clip_id),
            "taxonomy": answer.taxonomy_digest.hex,
            "raw": Sha256.of(answer.raw).hex,
            "annotator": answer.annotator,
        },
    )
