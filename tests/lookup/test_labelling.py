from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from pipeline.domain import taxonomies
from pipeline.domain.agreement.verdict import Threshold
from pipeline.domain.allotment import Allotment
from pipeline.domain.desk import ADJUDICATION, desk_of
from pipeline.domain.footage import Clip
from pipeline.domain.hint import DrawnBefore, HintSource, PreAnnotation
from pipeline.domain.labels import DELETED, SKIPPED, ClipLabels
from pipeline.lookup.labelling import labelling, refused_answers
from pipeline.lookup.labelling_lines import DayLine, LabelLine, Labelling
from pipeline.records import Database, annotations, desk_tasks, people
from tests.builders import NOON, a_chain, a_task, add_chain, an_answer, some_labels
from tests.databases import Databases
from tests.domain.agreement.marks import said
from tests.people import a_person

TAXONOMY = taxonomies.load()
SHOT = some_labels(at_s=Fraction(2))


@pytest.fixture(scope="module")
def found(db: Database) -> Labelling:
    """Five clips: settled, disputed, answered by one, skipped by one, and without an answer."""
    chain = add_chain_of_five(db)
    with db.begin() as session:
        for number, clip in enumerate(chain, 1):
            annotations.add_task(session, a_task(clip, number, taxonomy_digest=TAXONOMY.digest))
        given: list[tuple[int, str, ClipLabels | None, float | None]] = [
            (0, "annotator-a", SHOT, 30.0),
            (0, "annotator-b", some_labels(at_s=Fraction(21, 10)), 60.0),
            (1, "annotator-a", SHOT, 4.0),
            (1, "annotator-b", said(), None),
            (2, "annotator-a", SHOT, 20.0),
            (3, "annotator-b", None, 2.0),
        ]
        for number, (clip_number, annotator, labels, lead_time_s) in enumerate(given, 1):
            answer = an_answer(
                chain[clip_number],
                number,
                annotator=annotator,
                labels=labels,
                refusal=None if labels else SKIPPED,
                lead_time_s=lead_time_s,
                taxonomy_digest=TAXONOMY.digest,
                answered_at=NOON + timedelta(days=number // 4),
            )
            assert annotations.add_answer(session, answer)
    return told(db)


def add_chain_of_five(db: Database) -> tuple[Clip, ...]:
    with db.begin() as session:
        return add_chain(session, a_chain(clip_count=5)).clips


def told(db: Database, annotators: int = 2) -> Labelling:
    return labelling(
        db,
        taxonomy=TAXONOMY,
        threshold=Threshold(annotators=annotators),
        now=NOON + timedelta(days=1),
        label_studio_url="http://studio/",
        limit_s=4 * 3600.0,
    )


def test_clips_are_counted_by_how_they_stand(found: Labelling) -> None:
    assert (found.clips, found.settled, found.disputed, found.open) == (5, 1, 1, 3)
    assert found.answers_left == 1 + 2 + 2


def test_what_is_left_is_forecast_from_what_was_done(found: Labelling) -> None:
    assert found.hours_left == round(5 * 20.0 / 3600, 2)
    assert [line.answers for line in found.days] == [3, 3]
    assert found.days[0] == DayLine(NOON.date(), 3)
    assert found.days_left == round(5 * 2 / 6, 1)


def test_agreement_is_told_per_label(found: Labelling) -> None:
    (shots,) = [line for line in found.labels if line.label == "shot_fired"]
    assert shots == LabelLine(
        label="shot_fired",
        marked_by_both=1,
        marked_by_one=1,
        f1=0.667,
        mean_tiou=None,
        onset_error_ms=100.0,
        offset_error_ms=None,
    )
    assert {line.f1 for line in found.labels if line.label != "shot_fired"} == {None}


def test_agreement_is_told_per_question(found: Labelling) -> None:
    by_question = {line.question: line for line in found.questions}
    weapon = by_question["simulated_weapon"]
    assert (weapon.clips, weapon.answers) == (2, 4)
    # none, none | none, handgun: 2 of 4 ordered pairs differ, chance gives 6 of 12
    assert weapon.alpha == 0.0
    assert by_question["threat_level"].alpha is None
    assert "the same answer" in by_question["threat_level"].because


def test_people_are_told_by_pseudonym_with_their_time_and_haste(found: Labelling) -> None:
    first, second = found.people
    assert (first.annotator, first.answers, first.skipped, first.refused) == ("annotator-a", 3, 0, 0)
    assert (first.median_answer_s, first.hasty, first.f1) == (20.0, 1, 0.667)
    assert (second.annotator, second.answers, second.skipped) == ("annotator-b", 2, 1)
    assert second.last_answer_at == NOON + timedelta(days=1)


def test_disputes_lead_into_label_studio(found: Labelling) -> None:
    (dispute,) = found.disputes
    assert dispute.url == "http://studio/projects/1/data?task=2"
    assert dispute.reasons == (
        "Shot fired: 0 events marked by both, 1 by one only",
        "Simulated weapon: Handgun / None",
    )


def test_asking_for_more_people_opens_clips(db: Database, found: Labelling) -> None:
    more = told(db, annotators=3)
    assert (more.open, more.settled, more.answers_left) == (5, 0, 5 * 3 - 5)
    assert replace(more, open=0, settled=0, disputed=0).labels == found.labels


def test_answers_that_cannot_be_used_are_listed_with_the_reason_until_they_are_mended(databases: Databases) -> None:
    db = databases.open(databases.make())
    clip, *_ = add_chain_of_five(db)
    with db.begin() as session:
        annotations.add_task(session, a_task(clip, 3, taxonomy_digest=TAXONOMY.digest))
        for number, refusal in ((1, "no such label"), (2, SKIPPED), (3, DELETED)):
            answer = an_answer(clip, number, annotator=f"annotator-{number}", taxonomy_digest=TAXONOMY.digest)
            annotations.add_answer(session, replace(answer, labels=None, refusal=refusal))
    (line,) = refused_answers(db, taxonomy=TAXONOMY, label_studio_url="http://studio")
    assert (line.clip_id, line.annotator, line.reason) == (clip.clip_id, "annotator-1", "no such label")
    assert line.url == "http://studio/projects/1/data?task=3"
    with db.begin() as session:
        mended = an_answer(clip, 1, annotator="annotator-1", answered_at=NOON + timedelta(seconds=9))
        annotations.add_answer(session, replace(mended, taxonomy_digest=TAXONOMY.digest))
    assert refused_answers(db, taxonomy=TAXONOMY, label_studio_url="http://studio") == []


def test_before_anybody_answered_there_is_nothing_to_forecast(databases: Databases) -> None:
    empty = told(databases.open(databases.make()))
    assert (empty.clips, empty.hours_left, empty.days_left, empty.people, empty.labels) == (0, None, None, (), ())


def test_a_disputed_clip_that_somebody_decided_is_disputed_no_more(databases: Databases) -> None:
    db = databases.open(databases.make())
    clip, *_ = add_chain_of_five(db)
    with db.begin() as session:
        annotations.add_task(session, a_task(clip, 1, taxonomy_digest=TAXONOMY.digest))
        for number, labels in enumerate((SHOT, said()), 1):
            given = an_answer(clip, number, annotator=f"annotator-{number}", labels=labels)
            annotations.add_answer(session, replace(given, taxonomy_digest=TAXONOMY.digest))
        referred = a_task(clip, 9, taxonomy_digest=TAXONOMY.digest, desk=ADJUDICATION)
        desk_tasks.add_task(session, replace(referred, project_id=2))
    before = told(db)
    assert (before.disputed, before.adjudicated) == (1, 0)
    assert before.disputes[0].url == "http://studio/projects/2/data?task=9", "where it is decided"
    with db.begin() as session:
        decision = an_answer(clip, 3, annotator="annotator-j", desk=ADJUDICATION)
        annotations.add_answer(session, replace(decision, taxonomy_digest=TAXONOMY.digest))
    after = told(db)
    assert (after.disputed, after.adjudicated, after.disputes) == (0, 1, ())
    assert after.labels == before.labels, "an adjudicator is no third annotator"


def test_gold_clips_and_accepted_suggestions_are_told_of_each_person(databases: Databases) -> None:
    db = databases.open(databases.make())
    gold, drawn_on, *_ = add_chain_of_five(db)
    person = a_person(1)
    mine = desk_of(person.annotator)
    suggested = PreAnnotation(SHOT.events[0], Fraction(1, 2), HintSource.BOOKMARK)
    with db.begin() as session:
        people.add_person(session, person)
        given = [Allotment(gold.clip_id, person.annotator, "gold", "so")]
        given.append(Allotment(drawn_on.clip_id, person.annotator, "label", "so"))
        people.add_allotments(session, TAXONOMY.digest, given, at=NOON)
        for number, clip in enumerate((gold, drawn_on), 1):
            laid = a_task(clip, number, taxonomy_digest=TAXONOMY.digest, desk=mine)
            desk_tasks.add_task(session, laid)
            desk_tasks.add_hints(session, laid, DrawnBefore((suggested,)), at=NOON)
        answers = [
            an_answer(gold, 1, annotator="annotator-j", desk=ADJUDICATION, labels=said()),
            an_answer(gold, 2, annotator=person.annotator, desk=mine, labels=SHOT, lead_time_s=60.0),
            an_answer(drawn_on, 3, annotator=person.annotator, desk=mine, labels=SHOT, lead_time_s=2.0),
        ]
        for answer in answers:
            annotations.add_answer(session, replace(answer, taxonomy_digest=TAXONOMY.digest))
    found = told(db)
    (line,) = found.people
    assert (line.annotator, line.stamped, line.gold_clips, line.gold_f1) == (person.annotator, 1, 1, 0.0)
    assert (found.clips, found.open, found.answers_left) == (1, 1, 1), "gold clips are no work of their own"
    assert [(one.annotator, one.role, one.answers) for one in found.forecast] == [(person.annotator, "annotator", 1)]
    assert "clips are disputed as often as so far" in found.assumptions


def test_agreement_is_told_week_by_week_for_all_and_for_each(found: Labelling) -> None:
    """The first clip was answered on a Sunday; of the second, the last answer came on the Monday after."""
    sunday_s_week = NOON.date() - timedelta(days=NOON.weekday())
    shots = [line for line in found.over_time if line.about == "shot_fired"]
    assert [(line.week, line.annotator, line.measure, line.value, line.count) for line in shots] == [
        (week, annotator, "f1", value, count)
        for week, value, count in ((sunday_s_week, 1.0, 2), (sunday_s_week + timedelta(days=7), 0.0, 1))
        for annotator in (None, "annotator-a", "annotator-b")
    ]
