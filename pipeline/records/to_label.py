"""Which clips wait to be labelled, and in which order?

A clip waits when its bytes have passed the gate, nothing of it is damaged unless that is asked for, and no answer of an
older taxonomy was carried over to it. One whose task somebody deleted waits again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from pipeline.domain.damage import Damage
from pipeline.domain.footage import Clip
from pipeline.domain.hint import Hint, hints_within
from pipeline.domain.ids import RecordingId
from pipeline.domain.labels import Taxonomy
from pipeline.domain.priority import Candidate, Placed, Source, in_order
from pipeline.records import annotations, carried, clips, damages, exercises, findings, gates

_UNDECLARED = "undeclared"

Hints = Mapping[RecordingId, Sequence[Hint]]


def in_order_of_priority(session: Session, taxonomy: Taxonomy, hints: Hints, *, with_damaged: bool) -> list[Placed]:
    """The clips that may be sent out and do not lie on the shared desk, the one to label first first."""
    deleted = findings.deleted_tasks(session, taxonomy.digest)
    lost = [
        clips.get_clip(session, task.clip_id)
        for task in (annotations.tasks_under(session, taxonomy.digest).values() if deleted else ())
        if (task.project_id, task.task_id) in deleted
    ]
    waiting = [*clips.clips_without_task(session, taxonomy.digest), *lost]
    playable = gates.playable_clips(session)
    done = carried.carried_clips(session, taxonomy.digest)
    damaged = {} if with_damaged else damages.all_damages(session)
    origins = clips.origins(session)
    scenarios = {said.exercise_id: said.scenario for said in exercises.newest_declarations(session)}

    def source_of(recording_id: RecordingId) -> Source:
        exercise_id, camera = origins[recording_id]
        return scenarios.get(exercise_id, _UNDECLARED), camera

    sent: Counter[Source] = Counter()
    for recording_id, count in clips.clips_sent(session, taxonomy.digest).items():
        sent[source_of(recording_id)] += count
    candidates = [
        Candidate(
            clip.clip_id, *source_of(clip.recording_id), hints_within(hints.get(clip.recording_id, ()), clip.span)
        )
        for clip in waiting
        if clip.clip_id in playable and clip.clip_id not in done and not _is_damaged(clip, damaged)
    ]
    return in_order(candidates, sent)


def _is_damaged(clip: Clip, damaged: Mapping[RecordingId, Damage]) -> bool:
    damage = damaged.get(clip.recording_id)
    return damage is not None and damage.touches(clip.span)
