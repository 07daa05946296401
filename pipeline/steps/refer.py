"""Send disputed clips to adjudication, with the answers that disagree."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from pipeline.adapters.label_studio import ClipTask, DisputedTask, LabelStudio, S3Source
from pipeline.domain.agreement.consensus import agreed_labels
from pipeline.domain.agreement.verdict import Threshold, Verdict, judge
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.desk import ADJUDICATION
from pipeline.domain.doorbell import Doorbell
from pipeline.domain.footage import Location
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import Taxonomy
from pipeline.records import Database, annotations, clips, custody, desk_tasks, people, softened
from pipeline.records.annotations import Answer, SentTask
from pipeline.records.clips import ShownClip
from pipeline.records.people import Referral

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Dispute:
    """A clip and the answers that disagree on it."""

    answers: tuple[Answer, ...]
    """In order of their ids, which tells nothing of who gave them."""
    verdict: Verdict

    def referral(self, clip_id: ClipId, at: datetime) -> Referral:
        ids = tuple(answer.annotation_id for answer in self.answers)
        return Referral(clip_id, ids, "; ".join(self.verdict.reasons), at)


def refer_disputed(
    *,
    taxonomy: Taxonomy,
    threshold: Threshold,
    source: S3Source,
    labelling: LabelStudio,
    db: Database,
    clock: Callable[[], datetime],
    doorbell: Doorbell | None = None,
) -> list[ClipId]:
    """Bring the desk of adjudication to what should lie on it: every clip that is disputed and not decided.

    What is no longer disputed, because somebody changed an answer, is taken back unless somebody has begun; where the
    answers are others than those that were shown, they are shown anew. Without an adjudicator nothing is sent. Safe to
    repeat.

    Returns:
        The clips that lie there undecided, in order.

    Raises:
        LabelStudioUnavailableError: Label Studio did not answer; what was sent is found again next time.
    """
    with db.exclusive(f"refer:{taxonomy.digest}"):
        with db.begin() as session:
            if not any(one.role == "adjudicator" and one.is_active for one in people.everybody(session)):
                return []
            given: dict[ClipId, list[Answer]] = defaultdict(list)
            for answer in annotations.current_answers(session, taxonomy.digest):
                given[answer.clip_id].append(answer)
            decided = annotations.adjudicated(session, taxonomy.digest)
            disputes = _disputes(given, taxonomy, threshold, exclude=decided)
            any_before = bool(people.referrals(session, taxonomy.digest))
            shown = clips.shown_clips(session, list(disputes))
            showing = softened.shown_instead(session, list(disputes))
        if not disputes and not any_before:
            return []
        return _refer(
            disputes,
            shown=shown,
            showing=showing,
            taxonomy=taxonomy,
            source=source,
            labelling=labelling,
            db=db,
            clock=clock,
            doorbell=doorbell,
        )


def _refer(
    disputes: Mapping[ClipId, _Dispute],
    *,
    shown: Mapping[ClipId, ShownClip],
    showing: Mapping[ClipId, Location | None],
    taxonomy: Taxonomy,
    source: S3Source,
    labelling: LabelStudio,
    db: Database,
    clock: Callable[[], datetime],
    doorbell: Doorbell | None,
) -> list[ClipId]:
    at = clock()
    project_id = labelling.ensure_project(taxonomy, storage=source, doorbell=doorbell, desk=ADJUDICATION)
    referrals = {clip_id: dispute.referral(clip_id, at) for clip_id, dispute in disputes.items()}
    taken = labelling.take_back(project_id, keep=frozenset(disputes))
    with db.begin() as session:
        desk_tasks.withdraw(session, project_id, taken, at=at)
    tasks = [
        _task(shown[clip_id], dispute, taxonomy, showing.get(clip_id)) for clip_id, dispute in sorted(disputes.items())
    ]
    pushed = labelling.push(project_id, tasks)
    with db.begin() as session:
        for clip_id, referral in sorted(referrals.items()):
            digest, task_id = shown[clip_id].made.digest, pushed[clip_id]
            task = SentTask(clip_id, taxonomy.digest, digest, project_id, task_id, submitted_at=at, desk=ADJUDICATION)
            desk_tasks.add_task(session, task)
            if people.add_referral(session, taxonomy.digest, referral):
                custody.append(session, _was_referred(referral, task))
    log.info("clips_referred", project_id=project_id, clips=len(referrals), taken_back=len(taken))
    return sorted(referrals)


def _disputes(
    given: Mapping[ClipId, Sequence[Answer]],
    taxonomy: Taxonomy,
    threshold: Threshold,
    *,
    exclude: Mapping[ClipId, Answer],
) -> dict[ClipId, _Dispute]:
    found = {}
    for clip_id, answers in given.items():
        usable = sorted((one for one in answers if one.labels is not None), key=lambda one: one.annotation_id)
        said = {one.annotator: one.labels for one in usable if one.labels is not None}
        verdict = judge(said, taxonomy=taxonomy, threshold=threshold)
        if verdict.state == "disputed" and clip_id not in exclude:
            found[clip_id] = _Dispute(tuple(usable), verdict)
    return found


def _task(part: ShownClip, dispute: _Dispute, taxonomy: Taxonomy, softened_at: Location | None) -> DisputedTask:
    said = {str(number): one.labels for number, one in enumerate(dispute.answers) if one.labels is not None}
    return DisputedTask(
        clip=ClipTask.of(part.clip, part.made, part.frame_rate, taxonomy_digest=taxonomy.digest),
        said=tuple(said.values()),
        agreed=agreed_labels(said, taxonomy=taxonomy),
        taxonomy=taxonomy,
        softened_url=f"s3://{softened_at.bucket}/{softened_at.key}" if softened_at else None,
    )


def _was_referred(referral: Referral, task: SentTask) -> CustodyEvent:
    return CustodyEvent(
        "referred",
        "clip",
        str(referral.clip_id),
        referral.referred_at,
        {
            "taxonomy": task.taxonomy_digest.hex,
            "digest": task.clip_digest.hex,
            "task": str(task.task_id),
            "annotations": " ".join(map(str, referral.annotation_ids)),
        },
    )
