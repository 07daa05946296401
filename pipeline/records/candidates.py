"""What the rule about releases needs to know of every clip."""

from collections import defaultdict

from sqlalchemy.orm import Session

from pipeline.domain.agreement.verdict import Threshold, judge
from pipeline.domain.damage import Damage
from pipeline.domain.footage import Clip
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.labels import SAYS_NOTHING, Taxonomy
from pipeline.domain.release import Candidate
from pipeline.records import annotations, clips, damages, decisions, duplicates
from pipeline.records.annotations import Answer


def candidates(session: Session, taxonomy: Taxonomy) -> list[Candidate]:
    """Every clip, with who labelled it under a taxonomy, what is wrong with their answers, and why it is refused."""
    answers: dict[ClipId, list[Answer]] = defaultdict(list)
    for answer in annotations.current_answers(session, taxonomy.digest):
        answers[answer.clip_id].append(answer)
    decided = annotations.adjudicated(session, taxonomy.digest)
    refused = decisions.refused_recordings(session)
    damaged = damages.all_damages(session)
    held_back = duplicates.recordings_held_back(session)
    return [
        Candidate(
            clip_id=clip.clip_id,
            annotators=frozenset(answer.annotator for answer in answers[clip.clip_id] if answer.labels is not None),
            label_mistakes=tuple(
                answer.refusal
                for answer in answers[clip.clip_id]
                if answer.refusal and answer.refusal not in SAYS_NOTHING
            ),
            quarantine_reason=refused.get(clip.recording_id),
            damage=_damage_of(clip, damaged),
            dispute=None if clip.clip_id in decided else _dispute_of(answers[clip.clip_id], taxonomy),
            is_duplicate=clip.recording_id in held_back,
        )
        for clip in clips.all_clips(session)
    ]


def _dispute_of(answers: list[Answer], taxonomy: Taxonomy) -> str | None:
    said = {answer.annotator: answer.labels for answer in answers if answer.labels is not None}
    verdict = judge(said, taxonomy=taxonomy, threshold=Threshold())
    return "; ".join(verdict.reasons) if verdict.state == "disputed" else None


def _damage_of(clip: Clip, damaged: dict[RecordingId, Damage]) -> str | None:
    damage = damaged.get(clip.recording_id)
    part = None if damage is None else damage.part_within(clip.span)
    return None if damage is None or part is None else f"its {part}: {damage.summary}"
