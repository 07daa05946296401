from fractions import Fraction

from hypothesis import given

from pipeline.domain.agreement.decided import Decided, DecidedEvent, decide
from pipeline.domain.labels import ChoiceAnswer, ClipLabels
from tests.domain.agreement.marks import TAXONOMY, people, said, span


def what_counts(*answers: ClipLabels, adjudicated: ClipLabels | None = None) -> Decided:
    return decide(answers, adjudicated, taxonomy=TAXONOMY)


def test_what_two_agree_on_begins_between_their_marks() -> None:
    found = what_counts(said(("casualty", "2", "8")), said(("casualty", "2.4", "8"), ("reload", "1", "1.5")))
    assert found.events == (
        DecidedEvent("casualty", span("2.2", "8"), Fraction(2), Fraction("2.4"), Fraction(1), adjudicated=False),
    )


def test_of_three_two_are_enough_and_the_agreement_says_so() -> None:
    (event,) = what_counts(said(("casualty", "2", "8")), said(("casualty", "2", "8")), said()).events
    assert event.agreement == Fraction(2, 3)


def test_one_alone_counts_with_a_point_for_an_interval() -> None:
    (event,) = what_counts(said(("shot_fired", "1", "1.1"))).events
    assert (event.onset_earliest_s, event.onset_latest_s, event.agreement) == (1, 1, 1)


def test_an_adjudicator_decides_and_those_who_marked_the_same_widen_the_interval() -> None:
    found = what_counts(
        said(("shot_fired", "1", "1.1"), ("reload", "4", "6")),
        said(("shot_fired", "7", "7.1"), threat="none"),
        adjudicated=said(("shot_fired", "1.2", "1.3"), threat="imminent"),
    )
    assert found.events == (
        DecidedEvent("shot_fired", span("1.2", "1.3"), Fraction(1), Fraction("1.2"), Fraction(1, 2), adjudicated=True),
    )
    assert ChoiceAnswer("threat_level", "imminent") in found.choices


def test_answers_to_questions_count_when_all_gave_them() -> None:
    found = what_counts(said(threat="active"), said(threat="none"))
    assert {choice.question for choice in found.choices} == {"viewpoint", "visibility", "simulated_weapon"}


def test_nobody_says_nothing() -> None:
    assert what_counts() == Decided()


@given(people)
def test_every_onset_lies_in_its_interval(answers: dict[str, ClipLabels]) -> None:
    for event in what_counts(*answers.values()).events:
        assert event.onset_earliest_s <= event.span.start_s <= event.onset_latest_s
        assert 0 < event.agreement <= 1
