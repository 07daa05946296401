"""Speech goes from a likely frame to a pause; what is shorter than a word is none."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.sound_hint import HintKind
from pipeline.domain.speech import SpeechParameters, judge_speech
from pipeline.domain.timeline import Span

P = SpeechParameters()
FRAME_S = Fraction(P.frame_samples, P.sample_rate_hz)
MARGIN_S = Fraction(P.margin_ms, 1000)
HOUR = Span(Fraction(0), Fraction(3600))
RUNS = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0]), st.integers(1, 40)), max_size=12)


def spans(probabilities: list[float], within: Span = HOUR) -> list[Span]:
    return [one.hint.span for one in judge_speech(probabilities, P, within) if one.hint is not None]


def test_a_region_reaches_a_little_beyond_its_frames_and_has_their_mean_as_score() -> None:
    (judged,) = judge_speech([0.0] * 10 + [0.8] * 10 + [0.6] * 10 + [0.0] * 30, P, HOUR)
    assert judged.hint is not None
    assert judged.hint.kind is HintKind.SPEECH
    assert judged.hint.span == Span(10 * FRAME_S - MARGIN_S, 30 * FRAME_S + MARGIN_S)
    assert judged.hint.score == 0.7


def test_breathing_is_no_pause_and_a_wavering_voice_is_one_region() -> None:
    assert len(spans([1.0] * 10 + [0.0] * 10 + [1.0] * 10)) == 1
    assert len(spans([1.0] * 10 + [0.4] * 50 + [1.0] * 10)) == 1
    assert len(spans([1.0] * 10 + [0.0] * 20 + [1.0] * 10)) == 2


def test_what_is_too_short_is_none_and_that_is_told() -> None:
    (judged,) = judge_speech([0.0, 1.0, 1.0, 0.0] + [0.0] * 30, P, HOUR)
    assert (judged.hint, judged.reason) == (None, "too short for a word")


def test_speech_at_both_ends_stays_within_the_recording() -> None:
    within = Span(Fraction(0), 9 * FRAME_S)
    assert spans([1.0] * 10, within) == [within]
    assert spans([]) == []


@given(RUNS)
def test_regions_are_in_order_apart_and_within(runs: list[tuple[float, int]]) -> None:
    probabilities = [probability for probability, count in runs for _ in range(count)]
    within = Span(Fraction(0), max(FRAME_S, len(probabilities) * FRAME_S))
    found = spans(probabilities, within)
    assert all(within.start_s <= one.start_s and one.end_s <= within.end_s for one in found)
    assert all(before.end_s < after.start_s for before, after in pairwise(found))


@given(RUNS, st.integers(1, 50))
def test_silence_before_moves_regions_and_changes_nothing_else(runs: list[tuple[float, int]], later: int) -> None:
    probabilities = [0.0] + [probability for probability, count in runs for _ in range(count)]
    moved = [one.shifted(later * FRAME_S) for one in spans(probabilities)]
    found = spans([0.0] * later + probabilities)
    assert [one.end_s for one in found] == [one.end_s for one in moved]
    # Of a region that begins with the recording, the margin was cut off.
    assert all(abs(one.start_s - other.start_s) <= MARGIN_S for one, other in zip(found, moved, strict=True))


@given(RUNS)
def test_a_stricter_threshold_finds_no_more_speech(runs: list[tuple[float, int]]) -> None:
    probabilities = [probability for probability, count in runs for _ in range(count)]
    strict = replace(P, likely=Fraction(9, 10))
    ours = spans(probabilities)
    for one in judge_speech(probabilities, strict, HOUR):
        if one.hint is not None:
            assert any(other.overlaps(one.hint.span) for other in ours)
