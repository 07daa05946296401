"""Carry answers that were given under one taxonomy into the words of another, where that is declared."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from pipeline.domain.custody import CustodyEvent
from pipeline.domain.ids import AnnotationId, derive
from pipeline.domain.label_mapping import LabelMapping
from pipeline.errors import InvalidLabelsError, UsageError
from pipeline.records import Database, annotations, carried, clips, custody
from pipeline.records.annotations import Answer
from pipeline.records.clips import ShownClip

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Carried:
    """How many answers were carried over now, and why others cannot be."""

    carried: int
    left: tuple[tuple[AnnotationId, str], ...]
    """Answers that have no meaning in the new words, and why."""


def carry_labels(mapping: LabelMapping, *, db: Database, clock: Callable[[], datetime]) -> Carried:
    """Record what every answer of the old taxonomy means in the new one; the old answer stays as it is.

    A carried answer is its author's, of the moment when they gave it: one that they give in the new words counts from
    then on. What was refused, skipped or deleted before is carried as such only where an answer had been carried.
    Safe to repeat: answers that came or changed since are carried then.

    Raises:
        UsageError: the mapping says that carried answers lack something: clips must be sent out again.
    """
    if not mapping.complete:
        raise UsageError(
            f"answers of {mapping.source.name} do not say all that {mapping.target.name} asks: send the clips out "
            "again; what was answered is drawn on them beforehand"
        )
    with db.begin() as session:
        decided = annotations.adjudicated(session, mapping.source.digest)
        answers = [*annotations.current_answers(session, mapping.source.digest), *decided.values()]
        already = carried.carried_clips(session, mapping.target.digest)
        shown = clips.shown_clips(session, [answer.clip_id for answer in answers])
    count = 0
    left: list[tuple[AnnotationId, str]] = []
    for answer in answers:
        if answer.labels is None and answer.clip_id not in already:
            continue
        try:
            meant = _meant(answer, mapping, shown[answer.clip_id])
        except InvalidLabelsError as error:
            left.append((answer.annotation_id, str(error)))
            continue
        at = clock()
        with db.begin() as session:
            if annotations.add_answer(session, replace(meant, collected_at=at)):
                new_id, old_id = meant.annotation_id, answer.annotation_id
                carried.add_carried(session, new_id, source=old_id, mapping_digest=mapping.digest, at=at)
                custody.append(session, _was_carried(meant, answer, mapping, at))
                count += 1
    log.info("labels_carried", source=mapping.source.name, target=mapping.target.name, carried=count, left=len(left))
    return Carried(count, tuple(left))


def _meant(answer: Answer, mapping: LabelMapping, shown: ShownClip) -> Answer:
    labels = answer.labels
    if labels is not None:
        labels = mapping.carry(labels, frame_s=1 / shown.frame_rate, duration_s=shown.clip.span.duration_s)
    return replace(
        answer,
        annotation_id=AnnotationId(derive("annotation", "carried", answer.annotation_id, mapping.digest.hex)),
        taxonomy_digest=mapping.target.digest,
        labels=labels,
    )


def _was_carried(meant: Answer, answer: Answer, mapping: LabelMapping, at: datetime) -> CustodyEvent:
    return CustodyEvent(
        "carried",
        "annotation",
        str(meant.annotation_id),
        at,
        {"from": str(answer.annotation_id), "mapping": mapping.digest.hex, "taxonomy": mapping.target.digest.hex},
    )
