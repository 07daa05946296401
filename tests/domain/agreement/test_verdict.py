from fractions import Fraction

from hypothesis import given

from pipeline.domain.agreement.verdict import Threshold, judge
from pipeline.domain.labels import ClipLabels
from tests.domain.agreement.marks import TAXONOMY, people, said

SHOT = ("shot_fired", "1", "1.1")


def verdict(*answers: ClipLabels, threshold: Threshold | None = None) -> tuple[str, tuple[str, ...]]:
    named = {f"annotator-{number}": labels for number, labels in enumerate(answers)}
    found = judge(named, taxonomy=TAXONOMY, threshold=threshold or Threshold())
    return found.state, found.reasons


def test_a_clip_that_too_few_answered_is_open() -> None:
    assert verdict(said()) == ("open", ("1 of 2 people have answered",))


def test_people_who_say_the_same_settle_a_clip() -> None:
    assert verdict(said(SHOT), said(SHOT)) == ("settled", ())
    assert verdict(said(), said()) == ("settled", ())


def test_an_event_that_only_one_marked_is_disputed() -> None:
    state, reasons = verdict(said(SHOT), said())
    assert state == "disputed"
    assert reasons == ("Shot fired: 0 events marked by both, 1 by one only",)


def test_different_answers_to_a_required_question_are_disputed() -> None:
    state, reasons = verdict(said(threat="active"), said(threat="none"))
    assert state == "disputed"
    assert reasons == ("Threat level: Active attack / None",)


def test_enough_agreement_is_enough() -> None:
    four = [("shot_fired", str(at), f"{at}.1") for at in (1, 3, 5, 7)]
    assert verdict(said(*four), said(*four[:3]))[0] == "settled"
    assert verdict(said(*four), said(*four[:2]))[0] == "disputed"
    assert verdict(said(*four), said(*four[:2]), threshold=Threshold(f1_min=Fraction(1, 2)))[0] == "settled"


def test_of_three_people_every_two_must_agree() -> None:
    assert verdict(said(SHOT), said(SHOT), said())[0] == "disputed"


@given(people)
def test_an_answer_more_never_opens_a_clip_again(answers: dict[str, ClipLabels]) -> None:
    found = judge(answers, taxonomy=TAXONOMY, threshold=Threshold())
    assert (found.state == "open") == (len(answers) < 2)
    assert (found.state == "settled") == (found.reasons == ())
