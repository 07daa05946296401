"""Send clips out to be labelled: one annotation task for a clip and a taxonomy."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from pipeline.adapters.label_studio import ClipTask, LabelStudio, S3Source
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.damage import Damage
from pipeline.domain.footage import Clip
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.labels import Taxonomy
from pipeline.records import Database, annotations, clips, custody, damages
from pipeline.records.clips import ShownClip

log = structlog.get_logger()


def submit_clips(
    *,
    taxonomy: Taxonomy,
    source: S3Source,
    labelling: LabelStudio,
    db: Database,
    clock: Callable[[], datetime],
    with_damaged: bool = False,
) -> list[ClipId]:
    """Send out every clip that has no task under this taxonomy yet.

    A clip of which anything is damaged enters no release: it is sent out only `with_damaged`.

    Safe to repeat, and to run twice at once: pushing is serialised by a lock, and Label Studio is asked which clips it
    has before any is pushed, so a kill between pushing and recording makes no second task.

    Returns:
        The clips that were sent out, in order.

    Raises:
        LabelStudioUnavailableError: Label Studio did not answer; what was pushed is found again next time.
        AccessDeniedError: Label Studio refused the token.
    """
    with db.exclusive(f"submit:{taxonomy.digest}"):
        with db.begin() as session:
            waiting = clips.clips_without_task(session, taxonomy.digest)
            if not with_damaged:
                damaged = damages.all_damages(session)
                waiting = [clip for clip in waiting if not _is_damaged(clip, damaged)]
            shown = clips.shown_clips(session, [clip.clip_id for clip in waiting])
        parts = [shown[clip.clip_id] for clip in waiting if clip.clip_id in shown]
        if not parts:
            return []
        project_id = labelling.ensure_project(taxonomy, storage=source)
        pushed = labelling.push(project_id, _tasks(parts))
        at = clock()
        with db.begin() as session:
            for part in parts:
                clip_id = part.clip.clip_id
                task = annotations.SentTask(
                    clip_id=clip_id,
                    taxonomy_digest=taxonomy.digest,
                    clip_digest=part.made.digest,
                    project_id=project_id,
                    task_id=pushed[clip_id],
                    submitted_at=at,
                )
                if annotations.add_task(session, task):
                    custody.append(session, _was_submitted(task))
    log.info("clips_submitted", project_id=project_id, clips=len(parts))
    return [part.clip.clip_id for part in parts]


def _is_damaged(clip: Clip, damaged: Mapping[RecordingId, Damage]) -> bool:
    damage = damaged.get(clip.recording_id)
    return damage is not None and damage.touches(clip.span)


def _tasks(parts: Sequence[ShownClip]) -> list[ClipTask]:
    return [
        ClipTask(
            clip_id=part.clip.clip_id,
            recording_id=part.clip.recording_id,
            video_url=f"s3://{part.made.at.bucket}/{part.made.at.key}",
            frame_rate=part.frame_rate,
            frame_count=part.made.frame_count,
            digest=part.made.digest,
        )
        for part in parts
    ]


def _was_submitted(task: annotations.SentTask) -> CustodyEvent:
    return CustodyEvent(
        "submitted",
        "clip",
        str(task.clip_id),
        task.submitted_at,
        {"taxonomy": task.taxonomy_digest.hex, "digest": task.clip_digest.hex, "task": str(task.task_id)},
    )
