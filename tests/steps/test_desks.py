"""allot, hand_out, collect, refer, enrol and retire with a real Label Studio: who gets what, and whose word counts."""

import dataclasses
import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from pipeline.adapters.label_studio.desks import desk_title
from pipeline.domain.agreement.verdict import Threshold
from pipeline.domain.allotment import Allotment, Policy
from pipeline.domain.desk import ADJUDICATION, Desk, desk_of
from pipeline.domain.hint import Hint
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.labels import Taxonomy
from pipeline.domain.pseudonym import pseudonym
from pipeline.domain.version import Version
from pipeline.errors import NotPermittedError, UsageError
from pipeline.records import annotations, people
from pipeline.records.desks import desk_states
from pipeline.steps.allot import allot_clips
from pipeline.steps.collect import Collected, collect_annotations
from pipeline.steps.enrol import Enrolled, enrol_annotator
from pipeline.steps.hand_out import HandedOut, hand_out_clips
from pipeline.steps.refer import refer_disputed
from pipeline.steps.retire import retire_annotator
from pipeline.steps.submit import submit_clips
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account, Item, an_answer
from tests.benches import Benches
from tests.builders import Chain
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stack_fixtures import SessionStack
from tests.steps.conftest import Events
from tests.stored import store_chain

NUMBERS = itertools.count(1)
HOURS_S = 4 * 3600.0
TWO_EACH = Policy(annotators_per_clip=2, gold_every=0)


@dataclasses.dataclass(frozen=True)
class Office:
    """Two annotators and an adjudicator, enrolled under a taxonomy that no other test has."""

    bench: Workbench
    taxonomy: Taxonomy
    accounts: dict[str, Account]
    """By pseudonym; the two annotators come first."""
    hints: dict[RecordingId, list[Hint]] = dataclasses.field(default_factory=dict)

    @property
    def key(self) -> bytes:
        return self.bench.settings.pseudonym_key.get_secret_value().encode()

    @property
    def annotators(self) -> list[str]:
        return list(self.accounts)[:2]

    @property
    def adjudicator(self) -> str:
        return list(self.accounts)[2]

    def enrol(self, email: str, role: str = "annotator") -> Enrolled:
        bench = self.bench
        return enrol_annotator(
            email,
            role,  # type: ignore[arg-type]
            labelling=bench.labelling,
            pseudonym_key=self.key,
            db=bench.db,
            clock=bench.clock,
        )

    def allot(self, policy: Policy = TWO_EACH, *, limit_s: float = HOURS_S) -> list[Allotment]:
        bench = self.bench
        return allot_clips(
            taxonomy=self.taxonomy, policy=policy, limit_s=limit_s, db=bench.db, clock=now, hints=self.hints
        )

    def hand_out(self, *, limit_s: float = HOURS_S) -> HandedOut:
        bench = self.bench
        return hand_out_clips(
            taxonomy=self.taxonomy,
            source=bench.clip_source,
            labelling=bench.labelling,
            limit_s=limit_s,
            db=bench.db,
            clock=now,  # the day's limit compares it with Label Studio's clock
            hints=self.hints,
        )

    def collect(self) -> Collected:
        bench = self.bench
        return collect_annotations(
            taxonomy=self.taxonomy,
            source=bench.clip_source,
            labelling=bench.labelling,
            pseudonym_key=self.key,
            db=bench.db,
            clock=bench.clock,
        )

    def refer(self) -> list[ClipId]:
        bench = self.bench
        return refer_disputed(
            taxonomy=self.taxonomy,
            threshold=Threshold(),
            source=bench.clip_source,
            labelling=bench.labelling,
            db=bench.db,
            clock=bench.clock,
        )

    def tasks(self, desk: Desk) -> dict[str, Item]:
        """What lies on a desk in Label Studio, by clip id, each once."""
        project_id = self.bench.labelling.ensure_project(self.taxonomy, storage=self.bench.clip_source, desk=desk)
        return {task["data"]["clip_id"]: task for task in next(iter(self.accounts.values())).tasks(project_id)}

    def answer(self, who: str, clip_id: ClipId, said: list[Item], *, desk: Desk | None = None, **more: object) -> int:
        task = self.tasks(desk_of(who) if desk is None else desk)[str(clip_id)]
        return self.accounts[who].answer(task["id"], said, **more)


@pytest.fixture(scope="module")
def clients(label_studio_stack: SessionStack) -> Iterator[dict[str, Account]]:
    """By e-mail address: the two annotators, then the adjudicator."""
    url = label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
    found = {
        person["email"]: httpx.Client(base_url=url, headers={"Authorization": f"Token {person['token']}"}, timeout=60)
        for person in label_studio_stack.people
        if person["role"] != "administrator"
    }
    yield {email: Account(client) for email, client in found.items()}
    for client in found.values():
        client.close()


@pytest.fixture(scope="module")
def enrolled(benches: Benches, clients: dict[str, Account], tmp_path_factory: pytest.TempPathFactory) -> Office:
    bench = benches.make(tmp_path_factory.mktemp("office"))
    office = Office(bench, bench.taxonomy, {})
    for (email, account), role in zip(clients.items(), ("annotator", "annotator", "adjudicator"), strict=True):
        office.accounts[office.enrol(email, role).annotator] = account
    return office


@pytest.fixture(scope="module")
def chain(enrolled: Office) -> Chain:
    return store_chain(enrolled.bench)


@pytest.fixture
def bench(enrolled: Office) -> Workbench:
    return enrolled.bench


@pytest.fixture
def office(enrolled: Office, chain: Chain) -> Iterator[Office]:
    assert len(chain.clips) == 3
    version = Version(6, os.getpid() % 1_000_000, next(NUMBERS))
    made = dataclasses.replace(enrolled, taxonomy=dataclasses.replace(enrolled.taxonomy, version=version))
    yield made
    anybody = next(iter(made.accounts.values()))
    page = anybody.get("/api/projects/", title=desk_title(made.taxonomy, Desk("")), page_size=100, include="id,title")
    for project in page["results"]:
        anybody.http.delete(f"/api/projects/{project['id']}/").raise_for_status()


def now() -> datetime:
    return datetime.now(UTC)


def test_every_clip_lies_on_two_desks_once_and_each_annotator_sees_their_own_work_alone(
    office: Office, chain: Chain, events: Events
) -> None:
    given = office.allot()
    assert sorted((one.clip_id, one.annotator) for one in given) == sorted(
        itertools.product((clip.clip_id for clip in chain.clips), office.annotators)
    )
    assert office.hand_out() == HandedOut(on_desks=6, taken_back=0)
    first, second = office.annotators
    clip_id = chain.clips[0].clip_id
    office.answer(first, clip_id, an_answer())
    seen = office.tasks(desk_of(second))
    assert [task["total_annotations"] for task in seen.values()] == [0, 0, 0]
    streamed = office.accounts[second].get(f"/api/projects/{seen[str(clip_id)]['project']}/next")
    assert streamed["annotations"] == streamed["predictions"] == []
    kinds = [kind for kind, _ in events(clip_id)]
    assert kinds.count("submitted") >= 2
    before = census(office.bench)
    assert (office.allot(), office.hand_out()) == ([], HandedOut(on_desks=6, taken_back=0))
    assert census(office.bench) == before
    assert office.tasks(desk_of(second)) == seen


def test_with_people_enrolled_nothing_goes_to_the_shared_desk(office: Office) -> None:
    bench = office.bench
    sent = submit_clips(
        taxonomy=office.taxonomy,
        source=bench.clip_source,
        labelling=bench.labelling,
        db=bench.db,
        clock=bench.clock,
        hints={},
    )
    assert sent == []


def test_two_who_hand_out_at_once_lay_each_clip_on_a_desk_once(office: Office) -> None:
    with ThreadPoolExecutor(2) as pool:
        given = list(pool.map(lambda _: len(office.allot()), range(2)))
        assert sorted(given) == [0, 6]
        list(pool.map(lambda _: office.hand_out(), range(2)))
    first, second = office.annotators
    for who in (first, second):
        project_id = office.bench.labelling.ensure_project(
            office.taxonomy, storage=office.bench.clip_source, desk=desk_of(who)
        )
        assert len(office.accounts[who].tasks(project_id)) == 3


def test_dying_between_pushing_and_recording_makes_no_second_task(office: Office, databases: Databases) -> None:
    before = census(office.bench)
    dies_while_recording(office.bench, databases, office.allot)
    assert census(office.bench) == before
    office.allot()
    dies_while_recording(office.bench, databases, office.hand_out)
    pushed = office.tasks(desk_of(office.annotators[0]))
    assert len(pushed) == 3
    office.hand_out()
    assert office.tasks(desk_of(office.annotators[0])) == pushed
    assert census(office.bench).new_rows(before) == {"allotments": 6, "desk_tasks": 6, "custody_events": 12}


def test_an_answer_at_somebody_elses_desk_counts_for_nothing_and_hides_nothing(office: Office, chain: Chain) -> None:
    office.allot()
    office.hand_out()
    first, second = office.annotators
    clip_id = chain.clips[0].clip_id
    office.answer(second, clip_id, an_answer())
    office.answer(second, clip_id, an_answer(40, 50), desk=desk_of(first))
    assert office.collect() == Collected(new=2, refused=1)
    with office.bench.db.begin() as session:
        (own,) = annotations.current_answers(session, office.taxonomy.digest)
        both = annotations.answers_for(session, clip_id)
    assert (own.annotator, own.desk, own.refusal) == (second, desk_of(second), None)
    (refused,) = [one for one in both if one.refusal and one.taxonomy_digest == own.taxonomy_digest]
    assert f"{second} answered at the desk of {first}" in str(refused.refusal)


def test_a_dispute_goes_to_the_adjudicator_whose_answer_decides(office: Office, chain: Chain, events: Events) -> None:
    office.allot()
    office.hand_out()
    first, second = office.annotators
    disputed, agreed = chain.clips[0].clip_id, chain.clips[1].clip_id
    for who, start in ((first, 7), (second, 120)):
        office.answer(who, disputed, an_answer(start, start + 20))
        office.answer(who, agreed, an_answer())
    office.collect()
    assert office.refer() == [disputed]
    assert office.refer() == [disputed]
    (task,) = office.tasks(ADJUDICATION).values()
    shown = office.accounts[first].get(f"/api/tasks/{task['id']}/")["predictions"]
    (prediction,) = shown
    locked = [item for item in prediction["result"] if item["from_name"].startswith("said_")]
    assert sorted(item["value"]["ranges"][0]["start"] for item in locked) == [7, 120]
    assert {item["from_name"] for item in locked} == {"said_a", "said_b"}
    text = str(task["data"]) + str(shown)
    assert not any(who in text for who in office.annotators)

    office.answer(first, disputed, an_answer(), desk=ADJUDICATION)
    decided = [*locked, *an_answer(9, 26)]
    office.answer(office.adjudicator, disputed, decided, desk=ADJUDICATION)
    assert office.collect() == Collected(new=2, refused=1)
    with office.bench.db.begin() as session:
        (found,) = annotations.adjudicated(session, office.taxonomy.digest).values()
        referral = people.referrals(session, office.taxonomy.digest)[disputed]
        current = annotations.current_answers(session, office.taxonomy.digest)
    assert (found.clip_id, found.annotator) == (disputed, office.adjudicator)
    assert found.labels is not None
    (event,) = found.labels.events
    assert event.span.start_s == 8 / (30000 / 1001) or float(event.span.start_s) == pytest.approx(8 * 1001 / 30000)
    assert set(referral.annotation_ids) == {one.annotation_id for one in current if one.clip_id == disputed}
    assert [kind for kind, _ in events(found.annotation_id)] == ["adjudicated"]
    assert office.refer() == []
    before = census(office.bench)
    assert office.collect() == Collected(new=0, refused=0)
    assert census(office.bench) == before


def test_a_dispute_that_ends_by_itself_is_taken_off_the_desk_of_adjudication(office: Office, chain: Chain) -> None:
    office.allot()
    office.hand_out()
    first, second = office.annotators
    clip_id = chain.clips[0].clip_id
    office.answer(first, clip_id, an_answer())
    mistaken = office.answer(second, clip_id, an_answer(200, 220))
    office.collect()
    assert office.refer() == [clip_id]
    office.accounts[second].patch(f"/api/annotations/{mistaken}/", {"result": an_answer(190, 220)})
    office.collect()
    assert office.refer() == [clip_id]
    (task,) = office.tasks(ADJUDICATION).values()
    (prediction,) = office.accounts[first].get(f"/api/tasks/{task['id']}/")["predictions"]
    starts = {item["value"]["ranges"][0]["start"] for item in prediction["result"] if "ranges" in item["value"]}
    assert starts == {7, 190}
    office.accounts[second].patch(f"/api/annotations/{mistaken}/", {"result": an_answer()})
    office.collect()
    assert office.refer() == []
    assert office.tasks(ADJUDICATION) == {}


def test_at_the_days_limit_what_is_not_begun_is_taken_off_the_desk(office: Office, chain: Chain) -> None:
    office.allot()
    office.hand_out()
    first, second = office.annotators
    begun, untouched = chain.clips[1].clip_id, chain.clips[2].clip_id
    office.answer(first, chain.clips[0].clip_id, an_answer(), lead_time=250.0)
    office.accounts[first].post(
        f"/api/tasks/{office.tasks(desk_of(first))[str(begun)]['id']}/drafts", {"result": an_answer(), "lead_time": 3}
    )
    office.collect()
    with office.bench.db.begin() as session:  # what they did in other tests of today counts as well
        exposed = {
            state.person.annotator: state.exposed_today_s
            for state in desk_states(session, office.taxonomy.digest, limit_s=HOURS_S, now=now())
        }
    assert exposed[first] > exposed[second] + 100
    limited = office.hand_out(limit_s=exposed[first])
    assert limited == HandedOut(on_desks=3, taken_back=1)
    assert str(untouched) not in office.tasks(desk_of(first))
    assert len(office.tasks(desk_of(first))) == 2
    assert len(office.tasks(desk_of(second))) == 3
    assert office.hand_out(limit_s=exposed[first]) == HandedOut(on_desks=3, taken_back=0)
    assert office.hand_out() == HandedOut(on_desks=5, taken_back=0)
    assert len(office.tasks(desk_of(first))) == 3


def test_somebody_who_retires_leaves_their_clips_to_others_and_their_account_is_closed(
    office: Office,
) -> None:
    email = f"leaving{os.getpid()}@firsthand.invalid"
    new = office.enrol(email)
    assert (new.is_new, new.role) == (True, "annotator")
    assert new.password is not None
    assert office.enrol(email) == dataclasses.replace(new, is_new=False)
    with pytest.raises(NotPermittedError, match="enrolled as annotator, found adjudicator"):
        office.enrol(email, "adjudicator")
    bench = office.bench
    given = office.allot()
    office.hand_out()
    share = [one.clip_id for one in given if one.annotator == new.annotator]
    assert len(given) == 6
    assert share
    for _ in range(2):
        left = retire_annotator(
            new.annotator[:18], because="moved on", labelling=bench.labelling, db=bench.db, clock=bench.clock
        )
        assert (left.annotator, left.is_active) == (new.annotator, False)
    assert sorted(one.clip_id for one in office.allot()) == sorted(share)
    with pytest.raises(NotPermittedError, match="was closed"):
        office.enrol(email)
    with pytest.raises(UsageError, match="the pseudonym of one person"):
        retire_annotator("annotator-", because="who?", labelling=bench.labelling, db=bench.db, clock=bench.clock)
    assert left.annotator == pseudonym(left.label_studio_user_id, key=office.key)
    with httpx.Client(base_url=office.bench.settings.label_studio_url) as browser:
        browser.get("/user/login/")
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "email": email, "password": new.password}
        browser.post("/user/login/", data=form, headers={"Referer": f"{browser.base_url}user/login/"})
        task = next(iter(office.tasks(desk_of(office.annotators[0])).values()))
        assert browser.get(f"/api/tasks/{task['id']}/").status_code == 403
        assert browser.get(f"/api/projects/{task['project']}/next").status_code == 403
