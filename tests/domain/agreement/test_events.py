from fractions import Fraction

from hypothesis import given

from pipeline.domain.agreement.events import EventAgreement, agree_on_events, pooled
from pipeline.domain.agreement.matching import Closeness
from pipeline.domain.labels import ClipLabels
from tests.domain.agreement.marks import TAXONOMY, people, said


def agreement(first: ClipLabels, second: ClipLabels) -> dict[str, EventAgreement]:
    return {found.kind: found for found in agree_on_events(first, second, taxonomy=TAXONOMY, closeness=Closeness())}


def test_figures_by_hand() -> None:
    """Two shots of three found by both; a casualty that one person sees half a second later and a second longer."""
    first = said(
        ("shot_fired", "1", "1.1"), ("shot_fired", "4", "4.1"), ("shot_fired", "7", "7.1"), ("casualty", "5", "9")
    )
    second = said(("shot_fired", "1.2", "1.3"), ("shot_fired", "3.9", "4.4"), ("casualty", "5.5", "10"))
    found = agreement(first, second)
    shots, casualty = found["shot_fired"], found["casualty"]
    assert (shots.both, shots.first_only, shots.second_only) == (2, 1, 0)
    assert shots.f1 == Fraction(4, 5)
    assert shots.onset_errors_ms == (200, -100)
    assert shots.onset_error_ms == 150
    assert (shots.tious, shots.mean_tiou, shots.offset_errors_ms, shots.offset_error_ms) == ((), None, (), None)
    assert casualty.mean_tiou == Fraction(7, 10)
    assert (casualty.onset_error_ms, casualty.offset_error_ms) == (500, 1000)
    assert found["reload"].f1 is None


def test_every_label_is_told_in_the_order_of_the_taxonomy() -> None:
    assert list(agreement(said(), said())) == [kind.key for kind in TAXONOMY.events]


def test_many_clips_are_pooled_by_counts() -> None:
    one = agree_on_events(
        said(("shot_fired", "1", "2")), said(("shot_fired", "1", "2")), taxonomy=TAXONOMY, closeness=Closeness()
    )
    other = agree_on_events(
        said(("shot_fired", "1", "2"), ("shot_fired", "5", "6")), said(), taxonomy=TAXONOMY, closeness=Closeness()
    )
    shots = next(found for found in pooled([one, other]) if found.kind == "shot_fired")
    assert (shots.both, shots.first_only, shots.f1) == (1, 2, Fraction(1, 2))
    assert shots.onset_errors_ms == (Fraction(0),)


@given(people)
def test_f1_lies_between_0_and_1_and_does_not_depend_on_who_is_first(answers: dict[str, ClipLabels]) -> None:
    given_answers = list(answers.values())
    for first in given_answers:
        for second in given_answers:
            found, turned = agreement(first, second), agreement(second, first)
            for kind, one in found.items():
                assert one.f1 is None or 0 <= one.f1 <= 1
                assert one.f1 == turned[kind].f1
                assert sorted(one.onset_errors_ms) == sorted(-error for error in turned[kind].onset_errors_ms)
