"""Send clips out to be labelled: one annotation task for a clip and a taxonomy."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from pipeline.adapters.label_studio import ClipTask, LabelStudio, S3Source
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.footage import Clip, ClipRendition, Recording
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import Taxonomy
from pipeline.records import Database, annotations, clips, custody, footage

log = structlog.get_logger()


def submit_clips(
    *,
    taxonomy: Taxonomy,
    source: S3Source,
    labelling: LabelStudio,
    db: Database,
    clock: Callable[[], datetime],
) -> list[ClipId]:
    """Send out every clip that has no task under this taxonomy yet.

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
            parts = [
                (
                    clip,
                    clips.rendition_of_clip(session, clip.clip_id),
                    footage.get_recording(session, clip.recording_id),
                )
                for clip in waiting
            ]
        if not parts:
            return []
        project_id = labelling.ensure_project(taxonomy, storage=source)
        pushed = labelling.push(project_id, _tasks(parts))
        at = clock()
        with db.begin() as session:
            for clip, made, _recording in parts:
                task = annotations.SentTask(
                    clip_id=clip.clip_id,
                    taxonomy_digest=taxonomy.digest,
                    clip_digest=made.digest,
                    project_id=project_id,
                    task_id=pushed[clip.clip_id],
                    submitted_at=at,
                )
                if annotations.add_task(session, task):
                    custody.append(session, _was_submitted(task))
    log.info("clips_submitted", project_id=project_id, clips=len(parts))
    return [clip.clip_id for clip, _, _ in parts]


def _tasks(parts: Sequence[tuple[Clip, ClipRendition, Recording]]) -> list[ClipTask]:
    return [
        ClipTask(
            clip_id=clip.clip_id,
            recording_id=clip.recording_id,
            video_url=f"s3://{made.at.bucket}/{made.at.key}",
            frame_rate=recording.frame_rate,
            frame_count=made.frame_count,
            digest=made.digest,
        )
        for clip, made, recording in parts
    ]


def _was_submitted(task: annotations.SentTask) -> CustodyEvent:
    return CustodyEvent(
        "submitted",
        "clip",
        str(task.clip_id),
        task.submitted_at,
        {"taxonomy": task.taxonomy_digest.hex, "digest": task.clip_digest.hex, "task": str(task.task_id)},
    )
