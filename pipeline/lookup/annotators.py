"""Who labels: how much lies on each desk, how long everybody was exposed today, where their desks are?"""

from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.desk import ADJUDICATION, SHARED, Desk, Role, desk_of
from pipeline.domain.exposure import exposures
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import Taxonomy
from pipeline.records import Database, Session, annotations, clips, desk_tasks, people
from pipeline.records.desks import DeskState, desk_states, sittings


@dataclass(frozen=True, slots=True)
class AnnotatorLine:
    """Somebody who labels or adjudicates, by pseudonym."""

    annotator: str
    role: Role
    enrolled_at: datetime
    retired_at: datetime | None
    on_desk: int
    """Clips that lie before them unanswered; before all adjudicators the same."""
    answers: int
    """Clips that they answered under the taxonomy."""
    exposed_today_minutes: float
    room_because: str
    """Why they get more clips now, or none."""
    desk_url: str | None
    """Their desk in Label Studio; `None` before anything was laid on it."""


def list_annotators(
    db: Database, *, taxonomy: Taxonomy, limit_minutes: int, now: datetime, label_studio_url: str
) -> list[AnnotatorLine]:
    """Everybody who was ever enrolled, in the order in which they came. Changes nothing."""
    with db.begin() as session:
        states = {
            state.person.annotator: state
            for state in desk_states(session, taxonomy.digest, limit_s=limit_minutes * 60, now=now)
        }
        sat = sittings(session)
        decided = annotations.adjudicated(session, taxonomy.digest)
        undecided = set(desk_tasks.tasks_on(session, taxonomy.digest, ADJUDICATION)) - set(decided)
        own: dict[str, int] = {}
        for answer in [*annotations.own_answers(session, taxonomy.digest), *decided.values()]:
            own[answer.annotator] = own.get(answer.annotator, 0) + (answer.labels is not None)
        lines = []
        for person in people.everybody(session):
            state = states.get(person.annotator)
            today_s = sum(day.seconds for day in exposures(sat[person.annotator]) if day.day == now.date())
            lines.append(
                AnnotatorLine(
                    annotator=person.annotator,
                    role=person.role,
                    enrolled_at=person.enrolled_at,
                    retired_at=person.retired_at,
                    on_desk=len(_lying(session, taxonomy, state)) if state else len(undecided),
                    answers=own.get(person.annotator, 0),
                    exposed_today_minutes=round(today_s / 60, 1),
                    room_because=state.room.because if state else "adjudicators take what is disputed",
                    desk_url=_desk_url(session, taxonomy, person.annotator, label_studio_url, mine=state is not None),
                )
            )
    return lines


def desk_projects(db: Database, *, taxonomy: Taxonomy) -> dict[Desk, int]:
    """The project of Label Studio that each desk is, as far as anything was laid on it; the shared one left out."""
    with db.begin() as session:
        found = {
            desk: desk_tasks.project_of(session, taxonomy.digest, desk)
            for desk in desk_tasks.desks_in_use(session, taxonomy.digest)
            if desk != SHARED
        }
    return {desk: project_id for desk, project_id in found.items() if project_id is not None}


def clips_to_give_out(db: Database, *, taxonomy: Taxonomy, annotators_per_clip: int) -> int:
    """How many clips fewer people have than are to label them. Clips on the shared desk are left out."""
    with db.begin() as session:
        given: dict[ClipId, int] = {}
        for one in people.allotments(session, taxonomy.digest):
            given[one.clip_id] = given.get(one.clip_id, 0) + (one.purpose == "label")
        waiting = clips.clips_without_task(session, taxonomy.digest)
    return sum(given.get(clip.clip_id, 0) < annotators_per_clip for clip in waiting)


def _lying(session: Session, taxonomy: Taxonomy, state: DeskState) -> set[ClipId]:
    """What was laid on somebody's desk, not taken back and not answered."""
    return set(state.open) & set(desk_tasks.tasks_on(session, taxonomy.digest, desk_of(state.person.annotator)))


def _desk_url(session: Session, taxonomy: Taxonomy, annotator: str, url: str, *, mine: bool) -> str | None:
    project_id = desk_tasks.project_of(session, taxonomy.digest, desk_of(annotator) if mine else ADJUDICATION)
    return None if project_id is None else f"{url.rstrip('/')}/projects/{project_id}/data"
