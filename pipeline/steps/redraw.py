"""Bring up to date what is drawn on clips beforehand, where nobody has answered yet."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from pipeline.adapters.label_studio import ClipTask, LabelStudio, S3Source
from pipeline.domain.hint import NOTHING_DRAWN, Hint, pre_annotations
from pipeline.domain.ids import RecordingId
from pipeline.domain.labels import Taxonomy
from pipeline.records import Database, annotations, clips, task_hints
from pipeline.records.task_hints import SentHints

log = structlog.get_logger()

BATCH_CLIPS = 1000


def redraw_hints(
    *,
    taxonomy: Taxonomy,
    source: S3Source,
    labelling: LabelStudio,
    db: Database,
    clock: Callable[[], datetime],
    hints: Mapping[RecordingId, Sequence[Hint]],
) -> int:
    """Draw anew on every clip that was sent out, that nobody has answered, and of which other things are suggested now.

    A label on one camera suggests something about another that was sent out long ago. Safe to repeat: what is drawn is
    recorded when Label Studio has it. An answer that is given while this runs is left, with what its author saw.

    Returns:
        On how many clips.

    Raises:
        LabelStudioUnavailableError: Label Studio did not answer; what was drawn stays, and the rest is drawn next time.
        AccessDeniedError: Label Studio refused the token.
    """
    with db.exclusive(f"submit:{taxonomy.digest}"):
        with db.begin() as session:
            tasks = annotations.tasks_under(session, taxonomy.digest)
            answered = annotations.answered_clips(session, taxonomy.digest)
            before = task_hints.newest_hints(session, taxonomy.digest)
            open_clips = [clip_id for clip_id in tasks if clip_id not in answered]
            shown = clips.shown_clips(session, open_clips)
        changed = []
        for clip_id, part in shown.items():
            drawn = pre_annotations(
                hints.get(part.clip.recording_id, ()),
                clip=part.clip.span,
                frame_rate=part.frame_rate,
                taxonomy=taxonomy,
            )
            if drawn != (before[clip_id].drawn if clip_id in before else NOTHING_DRAWN):
                given = (part.clip, part.made, part.frame_rate)
                changed.append(ClipTask.of(*given, taxonomy_digest=taxonomy.digest, drawn=drawn))
        if not changed:
            return 0
        project_id = labelling.ensure_project(taxonomy, storage=source)
        for at in range(0, len(changed), BATCH_CLIPS):
            batch = changed[at : at + BATCH_CLIPS]
            labelling.push(project_id, batch)
            with db.begin() as session:
                sent = [SentHints(task.clip_id, task.drawn, clock()) for task in batch]
                task_hints.add_hints(session, taxonomy.digest, sent)
    log.info("hints_redrawn", project_id=project_id, clips=len(changed))
    return len(changed)
