from fractions import Fraction

from hypothesis import given

from pipeline.domain.agreement.consensus import ConsensusEvent, Moment, consensus
from pipeline.domain.agreement.matching import Closeness
from pipeline.domain.labels import ClipLabels
from tests.domain.agreement.marks import TAXONOMY, people, said


def agreed(*answers: ClipLabels, marked_by_min: int = 2) -> tuple[ConsensusEvent, ...]:
    named = {f"annotator-{number}": labels for number, labels in enumerate(answers)}
    return consensus(named, taxonomy=TAXONOMY, closeness=Closeness(), marked_by_min=marked_by_min)


def moment(*seconds: str) -> Moment:
    return Moment(*map(Fraction, seconds))


def test_an_event_begins_between_the_earliest_and_the_latest_mark() -> None:
    (event,) = agreed(said(("casualty", "2", "8")), said(("casualty", "2.4", "8")), said(("casualty", "2.1", "9")))
    assert event == ConsensusEvent("casualty", moment("2", "2.1", "2.4"), moment("8", "8", "9"), marked_by=3, asked=3)


def test_two_people_give_the_middle() -> None:
    (event,) = agreed(said(("shot_fired", "1", "1.1")), said(("shot_fired", "1.2", "1.3")))
    assert event.onset == moment("1", "1.1", "1.2")


def test_an_event_that_too_few_marked_is_none() -> None:
    one = said(("reload", "1", "3"))
    assert agreed(one, said()) == ()
    assert len(agreed(one, said(), marked_by_min=1)) == 1


def test_two_marks_of_one_person_stay_two_events() -> None:
    twice = said(("shot_fired", "1", "1.1"), ("shot_fired", "1.3", "1.4"))
    assert [event.onset.median_s for event in agreed(twice, twice)] == [1, Fraction(13, 10)]


def test_a_chain_of_marks_is_not_one_event_where_its_ends_are_too_far_apart() -> None:
    found = agreed(
        said(("shot_fired", "1", "1.1")), said(("shot_fired", "1.4", "1.5")), said(("shot_fired", "1.8", "1.9"))
    )
    assert [event.marked_by for event in found] == [2]


@given(people)
def test_no_mark_counts_twice_and_the_order_of_people_does_not_matter(answers: dict[str, ClipLabels]) -> None:
    found = consensus(answers, taxonomy=TAXONOMY, closeness=Closeness(), marked_by_min=1)
    assert sum(event.marked_by for event in found) == sum(len(labels.events) for labels in answers.values())
    assert all(1 <= event.marked_by <= event.asked == len(answers) for event in found)
    assert all(event.onset.earliest_s <= event.onset.median_s <= event.onset.latest_s for event in found)
    turned = dict(reversed(answers.items()))
    assert consensus(turned, taxonomy=TAXONOMY, closeness=Closeness(), marked_by_min=1) == found
