from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.alignment import Candidate, Heard, Hearing, NotHeard, WindowLag, judge_hearing
from pipeline.domain.alignment.hearing import DRIFT_MAX_PPM, SOUND_PATH_S
from tests.domain.alignment.scenes import a_hearing, some_windows

LAG_S = Fraction(3217, 1000)


def heard(hearing: Hearing) -> Heard:
    found = judge_hearing(hearing)
    assert isinstance(found, Heard), found
    return found


def refused(hearing: Hearing) -> str:
    found = judge_hearing(hearing)
    assert isinstance(found, NotHeard), found
    return found.reason


@settings(max_examples=50)
@given(
    lag_ms=st.integers(-(10**7), 10**7),
    drift_ppm=st.integers(-150, 150),
    count=st.integers(4, 12),
)
def test_windows_that_lie_on_a_line_give_its_lag_everywhere(lag_ms: int, drift_ppm: int, count: int) -> None:
    lag_s, drift = Fraction(lag_ms, 1000), Fraction(drift_ppm)
    found = heard(a_hearing(some_windows(lag_s, drift, count=count)))
    for at_s, lag_there_s in ((found.from_s, found.lag_from_s), (found.to_s, found.lag_to_s)):
        assert abs(lag_there_s - lag_s - drift / 10**6 * at_s) < Fraction(1, 1000)
    assert (found.windows, found.agreeing) == (count, count)
    assert found.confidence == Fraction(2, 3)


def test_a_drift_is_told_in_parts_in_a_million() -> None:
    found = heard(a_hearing(some_windows(LAG_S, Fraction(40), count=12)))
    assert abs(found.drift_ppm - 40) < 2 * found.drift_uncertainty_ppm
    assert found.drift_uncertainty_ppm < 10


def test_windows_that_are_off_the_line_do_not_bend_it_and_lower_the_confidence() -> None:
    off = {1: Fraction(1, 10), 6: Fraction(-3)}
    found = heard(a_hearing(some_windows(LAG_S, off_s=off)))
    assert (found.lag_from_s, found.lag_to_s, found.agreeing) == (LAG_S, LAG_S, 6)
    assert found.confidence == Fraction(1, 2)


def test_sources_in_several_places_make_it_less_certain_and_do_not_pass_for_a_drift() -> None:
    off = {number: Fraction(8 if number % 3 else -8, 1000) for number in range(8)}
    found = heard(a_hearing(some_windows(LAG_S, off_s=off)))
    assert found.uncertainty_s > SOUND_PATH_S + Fraction(5, 1000)
    assert abs(found.drift_ppm) < 50
    assert found.drift_uncertainty_ppm > 50


def test_no_more_than_two_windows_that_agree_are_chance() -> None:
    off = {number: Fraction(number, 10) for number in range(2, 8)}
    assert refused(a_hearing(some_windows(LAG_S, off_s=off))).startswith("they do not hear the same")


def test_a_drift_that_no_clock_has_is_no_line() -> None:
    assert "windows agree" in refused(a_hearing(some_windows(LAG_S, Fraction(10 * DRIFT_MAX_PPM))))


def test_windows_without_a_clear_peak_count_against_it() -> None:
    clear = some_windows(LAG_S)
    for spoilt in ({"prominence": Fraction(5)}, {"clearness": Fraction(1)}):
        windows = tuple(replace(one, **spoilt) if number % 2 else one for number, one in enumerate(clear))
        assert heard(a_hearing(windows)).agreeing == 4
        windows = tuple(replace(one, **spoilt) for one in clear)
        assert "0 of 8 show a peak" in refused(a_hearing(windows))


def test_a_sound_that_repeats_itself_tells_nothing() -> None:
    again = some_windows(LAG_S + 1, off_s={0: Fraction(1, 3)})
    assert refused(a_hearing(some_windows(LAG_S), again)).startswith(
        "the sound repeats itself: lags of +3.217 s and +4."
    )
    near = tuple(replace(one, lag_s=one.lag_s + Fraction(1, 1000)) for one in some_windows(LAG_S))
    assert heard(a_hearing(some_windows(LAG_S), near)).lag_from_s == LAG_S


def test_silence_is_told_apart_from_strangers() -> None:
    found = judge_hearing(Hearing((), second_is_silent=True))
    assert isinstance(found, NotHeard)
    assert (found.first_is_silent, found.second_is_silent, found.is_compared) == (False, True, False)
    assert "at no lag" in refused(Hearing(()))
    assert "0 of 0 show a peak" in refused(Hearing((Candidate(LAG_S, ()),)))


def test_windows_at_one_moment_make_no_line() -> None:
    one = WindowLag(Fraction(1), LAG_S, Fraction(20), Fraction(3))
    assert "they do not hear the same" in refused(a_hearing((one, one, one)))
