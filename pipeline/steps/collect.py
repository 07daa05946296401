"""Fetch what annotators answered: keep the answer as it came, and its labels in exact seconds."""

import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from pipeline.adapters.label_studio import LabelStudio, Readout, ReceivedAnnotation, S3Source, read_labels
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import AnnotationId, derive
from pipeline.domain.labels import DELETED, SKIPPED, ClipLabels, Taxonomy
from pipeline.errors import InvalidLabelsError
from pipeline.records import Database, annotations, clips, custody
from pipeline.records.annotations import Answer, SentTask
from pipeline.records.clips import ShownClip

log = structlog.get_logger()

OVERLAP = timedelta(minutes=10)
"""How far to look back before the newest known answer: one that was being saved then may show up late."""


NOBODY = 0
"""What the adapter gives for an account that was deleted."""


@dataclass(frozen=True, slots=True)
class Collected:
    """How many answers were new, how many of those could not be taken as labels, and how many are gone."""

    new: int
    refused: int
    deleted: int = 0
    """Answers that were taken back since they were collected."""


def collect_annotations(
    *,
    taxonomy: Taxonomy,
    source: S3Source,
    labelling: LabelStudio,
    pseudonym_key: bytes,
    db: Database,
    clock: Callable[[], datetime],
) -> Collected:
    """Record every answer that was given, changed or deleted since the last time.

    An answer that does not fit its clip or the taxonomy is recorded with the reason and counts for nothing; of one that
    was deleted, that it was, and what it said stays in the records. Safe to repeat: an answer is named by its id in
    Label Studio and the moment it was last changed.

    Raises:
        LabelStudioUnavailableError: Label Studio did not answer; what was recorded stays.
    """
    with db.begin() as session:
        tasks = annotations.tasks_under(session, taxonomy.digest)
        known = annotations.known_answers(session, taxonomy.digest)
        newest = annotations.newest_answered_at(session, taxonomy.digest)
        waiting = annotations.unanswered(session, taxonomy.digest)
    if not tasks:
        return Collected(0, 0)
    project_id = labelling.ensure_project(taxonomy, storage=source)
    # An answer may be older than our record of its task, when a kill came between sending out and recording. So as long
    # as a clip has no answer, everything is read; it costs 17 s for 10,000 tasks.
    since = newest - OVERLAP if newest and not waiting else None
    new = refused = 0
    read = labelling.read(project_id, updated_since=since)
    with db.begin() as session:
        shown = clips.shown_clips(session, [received.clip_id for received in read.answers])
    for received in read.answers:
        task = tasks.get(received.clip_id)
        answer_id = AnnotationId(
            derive("annotation", project_id, received.ls_annotation_id, received.updated_at.isoformat())
        )
        if task is None or answer_id in known:
            continue
        answer = _answer(
            answer_id,
            received,
            task,
            shown[received.clip_id],
            taxonomy=taxonomy,
            pseudonym_key=pseudonym_key,
            at=clock(),
        )
        with db.begin() as session:
            if annotations.add_answer(session, answer):
                custody.append(session, _was_answered(answer))
                new += 1
                refused += answer.labels is None
    deleted = _record_deletions(read, project_id, taxonomy=taxonomy, labelling=labelling, db=db, clock=clock)
    log.info("annotations_collected", project_id=project_id, new=new, refused=refused, deleted=deleted)
    return Collected(new, refused, deleted)


def _record_deletions(
    read: Readout,
    project_id: int,
    *,
    taxonomy: Taxonomy,
    labelling: LabelStudio,
    db: Database,
    clock: Callable[[], datetime],
) -> int:
    """Record which of the answers that we know are gone; how many that are."""
    with db.begin() as session:
        standing = annotations.standing_answers(session, taxonomy.digest, list(read.held))
    deleted = 0
    for known in standing:
        ls_annotation_id = known.label_studio_annotation_id
        if ls_annotation_id in read.held[known.clip_id] or not labelling.is_deleted(ls_annotation_id):
            continue
        answer = replace(
            known,
            annotation_id=AnnotationId(
                derive("annotation", project_id, ls_annotation_id, known.answered_at.isoformat(), "deleted")
            ),
            # Just after what it takes back, so that an answer which the same person gave since then counts.
            answered_at=known.answered_at + timedelta(microseconds=1),
            raw=b"",
            labels=None,
            refusal=DELETED,
            lead_time_s=None,
            collected_at=clock(),
        )
        with db.begin() as session:
            if annotations.add_answer(session, answer):
                custody.append(session, replace(_was_answered(answer), kind="answer_deleted"))
                deleted += 1
    return deleted


def _answer(
    answer_id: AnnotationId,
    received: ReceivedAnnotation,
    task: SentTask,
    shown: ShownClip,
    *,
    taxonomy: Taxonomy,
    pseudonym_key: bytes,
    at: datetime,
) -> Answer:
    labels: ClipLabels | None = None
    refusal: str | None = None
    try:
        _check_counts(received)
        labels = read_labels(
            received,
            taxonomy=taxonomy,
            frame_rate=shown.frame_rate,
            duration_s=shown.clip.span.duration_s,
            digest=task.clip_digest,
        )
    except InvalidLabelsError as error:
        refusal = str(error)
    return Answer(
        annotation_id=answer_id,
        clip_id=task.clip_id,
        taxonomy_digest=taxonomy.digest,
        annotator=pseudonym(received.annotator, key=pseudonym_key),
        label_studio_annotation_id=received.ls_annotation_id,
        answered_at=received.updated_at,
        raw=received.result_json.encode(),
        labels=labels,
        refusal=refusal,
        collected_at=at,
        lead_time_s=_believable(received.lead_time_s),
    )


def _believable(lead_time_s: float | None) -> float | None:
    """Anybody can put anything into Label Studio's API; a time that cannot be is none."""
    if lead_time_s is None or not math.isfinite(lead_time_s) or lead_time_s < 0:
        return None
    return lead_time_s


def _check_counts(received: ReceivedAnnotation) -> None:
    if received.was_cancelled:
        raise InvalidLabelsError(SKIPPED)
    if received.annotator == NOBODY:
        raise InvalidLabelsError("the account that answered is gone: nobody can tell whose answer this is")


def pseudonym(user_id: int, *, key: bytes) -> str:
    """What our records call a Label Studio user: the same every time, and nothing that leads back without the key."""
    return f"annotator-{hmac.new(key, str(user_id).encode(), 'sha256').hexdigest()[:16]}"


def _was_answered(answer: Answer) -> CustodyEvent:
    return CustodyEvent(
        "labelled" if answer.labels is not None else "labels_refused",
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
