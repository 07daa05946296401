"""Lay on each annotator's desk what they were given, and take back what they may not do now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from pipeline.adapters.label_studio import ClipTask, DeskTask, LabelStudio, S3Source
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.desk import desk_of
from pipeline.domain.doorbell import Doorbell
from pipeline.domain.footage import Location
from pipeline.domain.hint import pre_annotations
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import Taxonomy
from pipeline.records import Database, clips, custody, desk_tasks, softened
from pipeline.records.annotations import SentTask
from pipeline.records.clips import ShownClip
from pipeline.records.desks import DeskState, desk_states
from pipeline.records.to_label import Hints

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What lies on all desks now."""

    on_desks: int
    taken_back: int


def hand_out_clips(
    *,
    taxonomy: Taxonomy,
    source: S3Source,
    labelling: LabelStudio,
    limit_s: float,
    db: Database,
    clock: Callable[[], datetime],
    hints: Hints,
    doorbell: Doorbell | None = None,
) -> HandedOut:
    """Bring every desk to what should lie on it: the clips its annotator was given and has not answered.

    Of somebody who retired, or has reached the day's limit, everything is taken back that they have not begun; after a
    limit it comes back the next day. A clip about which somebody warned waits until it is softened. Safe to repeat: a
    desk is compared with what should be on it.

    Raises:
        LabelStudioUnavailableError: Label Studio did not answer; the desks done so far are right.
        AccessDeniedError: Label Studio refused the token.
    """
    with db.begin() as session:
        states = desk_states(session, taxonomy.digest, limit_s=limit_s, now=clock())
        known = desk_tasks.desks_in_use(session, taxonomy.digest)
        showing = softened.shown_instead(session, [clip_id for state in states for clip_id in state.open])
    on_desks = taken_back = 0
    for state in states:
        wanted = _wanted(state, showing)
        if not wanted and desk_of(state.person.annotator) not in known:
            continue
        with db.exclusive(f"desk:{taxonomy.digest}:{state.person.annotator}"):
            taken_back += _lay_out(
                state,
                wanted,
                showing=showing,
                taxonomy=taxonomy,
                source=source,
                labelling=labelling,
                db=db,
                clock=clock,
                hints=hints,
                doorbell=doorbell,
            )
        on_desks += len(wanted)
    log.info("clips_handed_out", on_desks=on_desks, taken_back=taken_back)
    return HandedOut(on_desks, taken_back)


def _wanted(state: DeskState, showing: Mapping[ClipId, Location | None]) -> list[ClipId]:
    if not state.person.is_active or state.room.limit_reached:
        return []
    return [clip_id for clip_id in state.open if not (clip_id in showing and showing[clip_id] is None)]


def _lay_out(
    state: DeskState,
    wanted: Sequence[ClipId],
    *,
    showing: Mapping[ClipId, Location | None],
    taxonomy: Taxonomy,
    source: S3Source,
    labelling: LabelStudio,
    db: Database,
    clock: Callable[[], datetime],
    hints: Hints,
    doorbell: Doorbell | None,
) -> int:
    desk = desk_of(state.person.annotator)
    project_id = labelling.ensure_project(taxonomy, storage=source, doorbell=doorbell, desk=desk)
    taken = labelling.take_back(project_id, keep=frozenset(wanted))
    with db.begin() as session:
        desk_tasks.withdraw(session, project_id, taken, at=clock())
        shown = clips.shown_clips(session, wanted)
    tasks = [_task(shown[clip_id], hints, taxonomy, showing.get(clip_id)) for clip_id in wanted]
    drawn = {task.clip_id: task.clip.drawn for task in tasks}
    pushed = labelling.push(project_id, tasks)
    at = clock()
    with db.begin() as session:
        for clip_id in wanted:
            digest, task_id = shown[clip_id].made.digest, pushed[clip_id]
            task = SentTask(clip_id, taxonomy.digest, digest, project_id, task_id, submitted_at=at, desk=desk)
            if desk_tasks.add_task(session, task):
                custody.append(session, _was_submitted(task))
            desk_tasks.add_hints(session, task, drawn[clip_id], at=at)
    return len(taken)


def _task(part: ShownClip, hints: Hints, taxonomy: Taxonomy, softened_at: Location | None) -> DeskTask:
    drawn = pre_annotations(
        hints.get(part.clip.recording_id, ()), clip=part.clip.span, frame_rate=part.frame_rate, taxonomy=taxonomy
    )
    clip = ClipTask.of(part.clip, part.made, part.frame_rate, taxonomy_digest=taxonomy.digest, drawn=drawn)
    return DeskTask(clip, f"s3://{softened_at.bucket}/{softened_at.key}" if softened_at else None)


def _was_submitted(task: SentTask) -> CustodyEvent:
    return CustodyEvent(
        "submitted",
        "clip",
        str(task.clip_id),
        task.submitted_at,
        {
            "taxonomy": task.taxonomy_digest.hex,
            "digest": task.clip_digest.hex,
            "task": str(task.task_id),
            "desk": task.desk,
        },
    )
