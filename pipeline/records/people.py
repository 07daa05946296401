"""People who label, and what each was given: pseudonyms, allotments, referrals to adjudication, gold clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.allotment import Allotment, Purpose
from pipeline.domain.desk import Role
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import AnnotationId, ClipId, derive
from pipeline.records.footage import insert_new
from pipeline.records.tables_people import (
    AllotmentRow,
    AnnotatorRetirementRow,
    AnnotatorRow,
    GoldClipRow,
    ReferralRow,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who labels or adjudicates, by pseudonym."""

    annotator: str
    role: Role
    label_studio_user_id: int
    enrolled_at: datetime
    retired_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether they may be given clips."""
        return self.retired_at is None


@dataclass(frozen=True, slots=True)
class Referral:
    """A disputed clip that adjudicators are to decide."""

    clip_id: ClipId
    annotation_ids: tuple[AnnotationId, ...]
    """The answers that disagree."""
    because: str
    referred_at: datetime


def add_person(session: Session, person: Person) -> bool:
    """Record somebody; whether they are new."""
    return insert_new(
        session,
        AnnotatorRow,
        annotator=person.annotator,
        role=person.role,
        label_studio_user_id=person.label_studio_user_id,
        enrolled_at=person.enrolled_at,
    )


def retire(session: Session, annotator: str, *, because: str, at: datetime) -> bool:
    """Record that somebody gets no more clips; whether that is new."""
    return insert_new(session, AnnotatorRetirementRow, annotator=annotator, because=because, retired_at=at)


def everybody(session: Session) -> list[Person]:
    """Everybody who was ever enrolled, in the order in which they came."""
    query = (
        sa.select(AnnotatorRow, AnnotatorRetirementRow.retired_at)
        .outerjoin(AnnotatorRetirementRow, AnnotatorRetirementRow.annotator == AnnotatorRow.annotator)
        .order_by(AnnotatorRow.enrolled_at, AnnotatorRow.annotator)
    )
    return [
        Person(row.annotator, cast("Role", row.role), row.label_studio_user_id, row.enrolled_at, retired_at)
        for row, retired_at in session.execute(query)
    ]


def add_allotments(session: Session, taxonomy_digest: Sha256, given: Sequence[Allotment], *, at: datetime) -> int:
    """Record what was given to whom, in this order; how many are new."""
    query = (
        sa.select(AllotmentRow.annotator, sa.func.max(AllotmentRow.ordinal))
        .where(AllotmentRow.taxonomy_digest == taxonomy_digest.hex)
        .group_by(AllotmentRow.annotator)
    )
    counted = {row[0]: int(row[1]) for row in session.execute(query)}
    new = 0
    for allotment in given:
        counted[allotment.annotator] = counted.get(allotment.annotator, 0) + 1
        new += insert_new(
            session,
            AllotmentRow,
            annotator=allotment.annotator,
            taxonomy_digest=taxonomy_digest.hex,
            clip_id=allotment.clip_id,
            ordinal=counted[allotment.annotator],
            purpose=allotment.purpose,
            because=allotment.because,
            allotted_at=at,
        )
    return new


def allotments(session: Session, taxonomy_digest: Sha256, annotator: str | None = None) -> list[Allotment]:
    """What was given out under a taxonomy, to one or to all, in the order in which each should work on it."""
    query = sa.select(AllotmentRow).where(AllotmentRow.taxonomy_digest == taxonomy_digest.hex)
    if annotator is not None:
        query = query.where(AllotmentRow.annotator == annotator)
    rows = session.scalars(query.order_by(AllotmentRow.annotator, AllotmentRow.ordinal, AllotmentRow.clip_id))
    return [Allotment(ClipId(row.clip_id), row.annotator, cast("Purpose", row.purpose), row.because) for row in rows]


def add_referral(session: Session, taxonomy_digest: Sha256, referral: Referral) -> bool:
    """Record that a clip went to adjudication; whether it is new."""
    return insert_new(
        session,
        ReferralRow,
        referral_id=derive("referral", referral.clip_id, taxonomy_digest.hex, *referral.annotation_ids),
        clip_id=referral.clip_id,
        taxonomy_digest=taxonomy_digest.hex,
        annotation_ids=list(referral.annotation_ids),
        because=referral.because,
        referred_at=referral.referred_at,
    )


def referrals(session: Session, taxonomy_digest: Sha256) -> dict[ClipId, Referral]:
    """The newest referral of each clip under a taxonomy."""
    rows = session.scalars(
        sa.select(ReferralRow)
        .where(ReferralRow.taxonomy_digest == taxonomy_digest.hex)
        .order_by(ReferralRow.referred_at, ReferralRow.referral_id)
    )
    return {
        ClipId(row.clip_id): Referral(
            ClipId(row.clip_id), tuple(map(AnnotationId, row.annotation_ids)), row.because, row.referred_at
        )
        for row in rows
    }


def mark_gold(
    session: Session, clip_id: ClipId, taxonomy_digest: Sha256, *, by: str, because: str, at: datetime
) -> bool:
    """Record that annotators may be checked by a clip; whether that is new."""
    return insert_new(
        session,
        GoldClipRow,
        clip_id=clip_id,
        taxonomy_digest=taxonomy_digest.hex,
        marked_by=by,
        because=because,
        marked_at=at,
    )


def gold_clips(session: Session, taxonomy_digest: Sha256) -> list[ClipId]:
    """The clips by which annotators are checked, in order of id."""
    query = sa.select(GoldClipRow.clip_id).where(GoldClipRow.taxonomy_digest == taxonomy_digest.hex)
    return [ClipId(clip_id) for clip_id in session.scalars(query.order_by(GoldClipRow.clip_id))]
