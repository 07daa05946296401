"""Which measured rises are hints: loud, sudden and bright, within the recording, and not a thousand of them."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.impulse import ImpulseCandidate, ImpulseParameters, judge_impulses, score_of
from pipeline.domain.sound_hint import HintKind
from pipeline.domain.timeline import Span

P = ImpulseParameters()
MINUTE = Span(Fraction(0), Fraction(60))
SHOT = ImpulseCandidate(Fraction(10), Fraction(10) + Fraction(1, 20), crest_db=40, rise_db=40, brightness_db=-1)
CANDIDATES = st.builds(
    lambda at, lasts, crest, rise, bright: ImpulseCandidate(at, at + lasts, crest, rise, bright),
    st.fractions(-1, 61, max_denominator=200),
    st.fractions(Fraction(1, 200), 1, max_denominator=200),
    st.floats(0, 90),
    st.floats(0, 90),
    st.floats(-60, 0),
)


def test_a_clear_shot_is_a_hint() -> None:
    (judged,) = judge_impulses([SHOT], P, MINUTE)
    assert judged.hint is not None
    assert judged.hint.kind is HintKind.IMPULSE
    assert judged.hint.span == Span(SHOT.onset_s, SHOT.end_s)
    assert judged.hint.score == pytest.approx(0.93)


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"crest_db": 7.9}, "hardly louder"),
        ({"rise_db": 5.9}, "not sudden"),
        ({"brightness_db": -15.1}, "dull"),
        ({"crest_db": 10, "brightness_db": -12}, "weak and dull"),
        ({"onset_s": Fraction(60), "end_s": Fraction(61)}, "not in the recording"),
    ],
)
def test_what_lacks_one_of_it_is_none_and_the_reason_is_told(spoiled: dict[str, Fraction], reason: str) -> None:
    (judged,) = judge_impulses([replace(SHOT, **spoiled)], P, MINUTE)
    assert judged.hint is None
    assert reason in judged.reason


@given(st.lists(CANDIDATES, max_size=20))
def test_every_candidate_is_judged_and_every_hint_lies_in_the_recording(candidates: list[ImpulseCandidate]) -> None:
    judged = judge_impulses(candidates, P, MINUTE)
    assert len(judged) == len(candidates)
    for one in judged:
        assert one.reason
        if one.hint is not None:
            assert MINUTE.start_s <= one.hint.span.start_s < one.hint.span.end_s <= MINUTE.end_s


@given(CANDIDATES, st.floats(0, 20), st.floats(0, 20))
def test_what_is_louder_or_brighter_has_no_lower_score(one: ImpulseCandidate, louder: float, brighter: float) -> None:
    more = replace(one, crest_db=one.crest_db + louder, brightness_db=min(0.0, one.brightness_db + brighter))
    assert 0 <= score_of(one, P) <= score_of(more, P) <= 1


def test_of_clatter_the_clearest_of_each_minute_are_kept() -> None:
    few = replace(P, per_minute_max=2)
    crests = [20, 10, 30, 15]
    clatter = [replace(SHOT, onset_s=Fraction(at), end_s=Fraction(at + 1), crest_db=c) for at, c in enumerate(crests)]
    later = replace(SHOT, onset_s=Fraction(61), end_s=Fraction(62), crest_db=9)
    judged = judge_impulses([later, *clatter], few, Span(Fraction(0), Fraction(120)))
    assert [one.hint is not None for one in judged] == [True, False, True, False, True]
    assert judged[1].reason == "not among the 2 clearest of its minute"
