"""Decisions about uploads in quarantine: record one, list those of an upload."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.decision import Decision, Ruling
from pipeline.domain.ids import RecordingId, UploadId
from pipeline.records.footage import insert_new
from pipeline.records.tables import QuarantineRow, RecordingOriginalRow, UploadContentRow
from pipeline.records.tables_intake import QuarantineDecisionRow, StandingQuarantine


@dataclass(frozen=True, slots=True)
class PastRefusal:
    """One refusal of an upload, also one that was released since."""

    attempt: int
    error_kind: str
    reason: str
    quarantined_at: datetime


def refusals_of(session: Session, upload_id: UploadId) -> list[PastRefusal]:
    """Every refusal of an upload, oldest first."""
    rows = session.scalars(
        sa.select(QuarantineRow).where(QuarantineRow.upload_id == upload_id).order_by(QuarantineRow.attempt)
    )
    return [PastRefusal(row.attempt, row.error_kind, row.reason, row.quarantined_at) for row in rows]


def add_decision(session: Session, decision: Decision) -> bool:
    """Record a decision; whether that refusal was undecided. The first stays."""
    return insert_new(
        session,
        QuarantineDecisionRow,
        upload_id=decision.upload_id,
        attempt=decision.attempt,
        decision=decision.ruling,
        decided_by=decision.decided_by,
        because=decision.because,
        decided_at=decision.decided_at,
    )


def decisions_of(session: Session, upload_id: UploadId) -> list[Decision]:
    """What was decided about an upload, oldest first."""
    return [
        _decision(row)
        for row in session.scalars(
            sa.select(QuarantineDecisionRow)
            .where(QuarantineDecisionRow.upload_id == upload_id)
            .order_by(QuarantineDecisionRow.attempt)
        )
    ]


def rejections(session: Session) -> dict[UploadId, Decision]:
    """Every upload that was rejected for good."""
    rows = session.scalars(sa.select(QuarantineDecisionRow).where(QuarantineDecisionRow.decision == "rejected"))
    return {UploadId(row.upload_id): _decision(row) for row in rows}


def refused() -> sa.Select[UUID]:
    """The query for the ids of recordings of which every upload is in quarantine."""
    return (
        sa.select(RecordingOriginalRow.recording_id)
        .join(UploadContentRow, UploadContentRow.digest == RecordingOriginalRow.digest)
        .join(StandingQuarantine, StandingQuarantine.upload_id == UploadContentRow.upload_id, isouter=True)
        .group_by(RecordingOriginalRow.recording_id)
        .having(sa.func.count(StandingQuarantine.upload_id) == sa.func.count(UploadContentRow.upload_id))
    )


def refused_recordings(session: Session) -> dict[RecordingId, str]:
    """Those recordings, each with a reason."""
    every = refused().add_columns(sa.func.max(StandingQuarantine.reason))
    return {RecordingId(row[0]): row[1] for row in session.execute(every)}


def overruled_kinds(session: Session, upload_id: UploadId) -> frozenset[str]:
    """The kinds of refusal of an upload that somebody has released."""
    return frozenset(
        session.scalars(
            sa.select(QuarantineRow.error_kind)
            .join(
                QuarantineDecisionRow,
                sa.and_(
                    QuarantineDecisionRow.upload_id == QuarantineRow.upload_id,
                    QuarantineDecisionRow.attempt == QuarantineRow.attempt,
                ),
            )
            .where(QuarantineRow.upload_id == upload_id, QuarantineDecisionRow.decision == "released")
        )
    )


def _decision(row: QuarantineDecisionRow) -> Decision:
    ruling: Ruling = "released" if row.decision == "released" else "rejected"
    return Decision(UploadId(row.upload_id), row.attempt, ruling, row.decided_by, row.because, row.decided_at)
