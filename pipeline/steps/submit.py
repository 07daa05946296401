"""Send clips out to be labelled, the most promising first: one annotation task for a clip and a taxonomy."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from pipeline.adapters.label_studio import ClipTask, LabelStudio, S3Source
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.doorbell import Doorbell
from pipeline.domain.hint import Hint, pre_annotations
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.labels import Taxonomy
from pipeline.records import Database, Session, annotations, clips, custody, people, task_hints, to_label
from pipeline.records.annotations import SentTask
from pipeline.records.clips import ShownClip
from pipeline.records.task_hints import SentHints

log = structlog.get_logger()

BATCH_CLIPS = 1000
"""Clips that are looked up, pushed and recorded together: so much is at stake when we are killed, and in memory."""

Hints = Mapping[RecordingId, Sequence[Hint]]


def submit_clips(
    *,
    taxonomy: Taxonomy,
    source: S3Source,
    labelling: LabelStudio,
    db: Database,
    clock: Callable[[], datetime],
    hints: Hints,
    doorbell: Doorbell | None = None,
    with_damaged: bool = False,
    clips_max: int | None = None,
) -> list[ClipId]:
    """Send out every clip that has no task under this taxonomy yet, or as many as are wanted, in order of priority.

    As long as nobody is enrolled: when annotators are, every clip is allotted to some of them and laid on their own
    desks, and nothing is sent to the shared one.

    A clip is sent out only when its bytes have passed the gate (`gate_clips`). One of which anything is damaged enters
    no release: it is sent out only `with_damaged`. One that has a carried answer is not asked about again. One whose
    task somebody deleted gets another.

    Safe to repeat, and to run twice at once: pushing is serialised by a lock, and Label Studio is asked which clips it
    has before any is pushed, so a kill between pushing and recording makes no second task.

    Args:
        taxonomy: the words to ask in.
        source: where Label Studio finds clips.
        labelling: Label Studio.
        db: the records.
        clock: now.
        hints: what is suggested about recordings: it brings clips forward, and is drawn on them beforehand.
        doorbell: what Label Studio is to ring when something was answered.
        with_damaged: damaged clips too.
        clips_max: how many clips to send out at most; the others wait for the next time.

    Returns:
        The clips that were sent out, in order.

    Raises:
        LabelStudioUnavailableError: Label Studio did not answer; what was pushed is found again next time.
        AccessDeniedError: Label Studio refused the token.
    """
    with db.exclusive(f"submit:{taxonomy.digest}"):
        with db.begin() as session:
            if any(one.role == "annotator" and one.is_active for one in people.everybody(session)):
                return []
            placed = to_label.in_order_of_priority(session, taxonomy, hints, with_damaged=with_damaged)[:clips_max]
        if not placed:
            return []
        project_id = labelling.ensure_project(taxonomy, storage=source, doorbell=doorbell)
        for at in range(0, len(placed), BATCH_CLIPS):
            batch = placed[at : at + BATCH_CLIPS]
            with db.begin() as session:
                shown = clips.shown_clips(session, [one.clip_id for one in batch])
            tasks = {one.clip_id: _task(shown[one.clip_id], hints, taxonomy) for one in batch}
            pushed = labelling.push(project_id, list(tasks.values()))
            because = {one.clip_id: one.because for one in batch}
            with db.begin() as session:
                _record(session, tasks, pushed, because, project_id=project_id, at=clock())
            log.info("clips_submitted", project_id=project_id, clips=len(batch))
    return [one.clip_id for one in placed]


def _task(part: ShownClip, hints: Hints, taxonomy: Taxonomy) -> ClipTask:
    drawn = pre_annotations(
        hints.get(part.clip.recording_id, ()), clip=part.clip.span, frame_rate=part.frame_rate, taxonomy=taxonomy
    )
    return ClipTask.of(part.clip, part.made, part.frame_rate, taxonomy_digest=taxonomy.digest, drawn=drawn)


def _record(
    session: Session,
    tasks: Mapping[ClipId, ClipTask],
    pushed: Mapping[ClipId, int],
    because: Mapping[ClipId, str],
    *,
    project_id: int,
    at: datetime,
) -> None:
    """Record a batch: the tasks that are new, or that are new instead of deleted ones."""
    sent = [
        SentTask(clip_id, task.taxonomy_digest, task.digest, project_id, pushed[clip_id], at)
        for clip_id, task in tasks.items()
    ]
    new = annotations.add_tasks(session, sent)
    news = [task for task in sent if task.clip_id in new or annotations.renew_task(session, task)]
    custody.append_all(session, [_was_submitted(task, because[task.clip_id]) for task in news])
    drawn = [SentHints(task.clip_id, tasks[task.clip_id].drawn, at) for task in news]
    if news:
        digest = news[0].taxonomy_digest
        task_hints.add_hints(session, digest, [one for one in drawn if one.drawn.events])


def _was_submitted(task: SentTask, because: str) -> CustodyEvent:
    return CustodyEvent(
        "submitted",
        "clip",
        str(task.clip_id),
        task.submitted_at,
        {
            "taxonomy": task.taxonomy_digest.hex,
            "digest": task.clip_digest.hex,
            "task": str(task.task_id),
            "because": because,
        },
    )
