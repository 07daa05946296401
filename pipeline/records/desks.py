"""How does it stand with the desk of each annotator: what lies on it, what they did, how long they were exposed?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from statistics import median

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.allotment import Allotment, Taker
from pipeline.domain.digest import Sha256
from pipeline.domain.exposure import Exposure, Room, Sitting, exposures, pace_s, room
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import DELETED, SKIPPED
from pipeline.records import annotations, people
from pipeline.records.people import Person
from pipeline.records.tables import AnnotationRow, ClipRow

NO_ROOM = Room(0, limit_reached=False, because="retired")


@dataclass(frozen=True, slots=True)
class DeskState:
    """One annotator and their desk under one taxonomy."""

    person: Person
    allotments: tuple[Allotment, ...]
    """Everything that they were given, in the order in which to work on it."""
    open: tuple[ClipId, ...]
    """What of it they have not answered, in the same order."""
    skipped: frozenset[ClipId]
    exposures: tuple[Exposure, ...]
    """Day by day, whatever taxonomy they worked under."""
    exposed_today_s: float
    pace_s: float | None
    room: Room

    @property
    def counts_for(self) -> frozenset[ClipId]:
        """The clips for which nobody else needs to be found in their place."""
        waiting = frozenset() if self.person.is_active else frozenset(self.open)
        given = {allotment.clip_id for allotment in self.allotments if allotment.purpose == "label"}
        return frozenset(given) - self.skipped - waiting

    @property
    def taker(self) -> Taker:
        """They, as somebody who can be given clips."""
        had = {allotment.clip_id: allotment.purpose for allotment in self.allotments}
        return Taker(self.person.annotator, self.room.clips, had)


def desk_states(session: Session, taxonomy_digest: Sha256, *, limit_s: float, now: datetime) -> list[DeskState]:
    """Every annotator, in the order in which they came.

    Args:
        session: a transaction.
        taxonomy_digest: the taxonomy under which clips are given out.
        limit_s: how long somebody may be exposed in a day.
        now: for which day that is asked.
    """
    sat = sittings(session)
    answered: dict[str, dict[ClipId, str | None]] = defaultdict(dict)
    for answer in annotations.own_answers(session, taxonomy_digest):
        answered[answer.annotator][answer.clip_id] = answer.refusal
    given: dict[str, list[Allotment]] = defaultdict(list)
    for allotment in people.allotments(session, taxonomy_digest):
        given[allotment.annotator].append(allotment)
    typical_s = _typical_clip_s(session)
    return [
        _state(
            person,
            given[person.annotator],
            answered=answered[person.annotator],
            sat=sat[person.annotator],
            typical_s=typical_s,
            limit_s=limit_s,
            now=now,
        )
        for person in people.everybody(session)
        if person.role == "annotator"
    ]


def sittings(session: Session) -> dict[str, list[Sitting]]:
    """When everybody sat before which clip, by pseudonym; asked for somebody unknown, it tells of none."""
    query = (
        sa.select(
            AnnotationRow.annotator,
            AnnotationRow.label_studio_annotation_id,
            AnnotationRow.answered_at,
            AnnotationRow.lead_time_s,
            ClipRow.start_num,
            ClipRow.start_den,
            ClipRow.end_num,
            ClipRow.end_den,
        )
        .join(ClipRow, ClipRow.clip_id == AnnotationRow.clip_id)
        .where(sa.or_(AnnotationRow.refusal.is_(None), AnnotationRow.refusal != DELETED))
        .order_by(AnnotationRow.answered_at)
    )
    found: dict[str, list[Sitting]] = defaultdict(list)
    for row in session.execute(query):
        clip_s = Fraction(row.end_num, row.end_den) - Fraction(row.start_num, row.start_den)
        sitting = Sitting(row.label_studio_annotation_id, row.answered_at, clip_s, row.lead_time_s)
        found[row.annotator].append(sitting)
    return found


def _state(
    person: Person,
    given: Sequence[Allotment],
    *,
    answered: dict[ClipId, str | None],
    sat: Sequence[Sitting],
    typical_s: Fraction | None,
    limit_s: float,
    now: datetime,
) -> DeskState:
    is_open = [allotment.clip_id for allotment in given if answered.get(allotment.clip_id, DELETED) == DELETED]
    days = exposures(sat)
    today_s = sum(day.seconds for day in days if day.day == now.date())
    pace = pace_s(sat)
    return DeskState(
        person=person,
        allotments=tuple(given),
        open=tuple(is_open),
        skipped=frozenset(clip_id for clip_id, refusal in answered.items() if refusal == SKIPPED),
        exposures=days,
        exposed_today_s=today_s,
        pace_s=pace,
        room=room(exposed_s=today_s, limit_s=limit_s, on_desk=len(is_open), pace=pace, typical_clip_s=typical_s)
        if person.is_active
        else NO_ROOM,
    )


def _typical_clip_s(session: Session) -> Fraction | None:
    rows = session.execute(
        sa.select(ClipRow.start_num, ClipRow.start_den, ClipRow.end_num, ClipRow.end_den)
        .order_by(ClipRow.cut_at.desc())
        .limit(100)
    )
    lengths_s = [Fraction(row.end_num, row.end_den) - Fraction(row.start_num, row.start_den) for row in rows]
    return median(lengths_s) if lengths_s else None
