from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.alignment import pairs_to_hear
from pipeline.domain.alignment.pairs import pair_to_hear
from pipeline.domain.ids import CameraSerial
from tests.domain.alignment.scenes import HOUR_S, a_clock, a_stretch


def test_clocks_say_at_which_lags_to_look() -> None:
    later = a_stretch(2, clock=a_clock(20, uncertainty_s=2))
    (pair,) = pairs_to_hear([later, a_stretch(1)])
    assert (pair.first.key, pair.second.key) == (a_stretch(1).key, later.key)
    assert (pair.lag_min_s, pair.lag_max_s) == (17, 23)


def test_clocks_that_may_be_local_time_allow_every_lag_at_which_both_would_film() -> None:
    vague = a_stretch(2, seconds=100, clock=a_clock(8 * HOUR_S, uncertainty_s=14 * HOUR_S))
    (pair,) = pairs_to_hear([a_stretch(1), vague])
    assert (pair.lag_min_s, pair.lag_max_s) == (Fraction(-955, 10), Fraction(555, 10))


def test_recordings_that_surely_were_not_at_once_are_not_compared() -> None:
    assert pairs_to_hear([a_stretch(1), a_stretch(2, clock=a_clock(70))]) == []


def test_a_camera_films_one_thing_at_a_time() -> None:
    one = CameraSerial("ONE")
    assert pairs_to_hear([a_stretch(1, camera_serial=one), a_stretch(2, camera_serial=one)]) == []


def test_without_sound_there_is_nothing_to_compare() -> None:
    assert pairs_to_hear([a_stretch(1), a_stretch(2, sound=None), a_stretch(3)]) == pairs_to_hear(
        [a_stretch(3), a_stretch(1)]
    )


@settings(max_examples=60)
@given(
    apart_ms=st.integers(-200_000, 200_000),
    doubts=st.tuples(st.integers(0, 300), st.integers(0, 300)),
    off=st.integers(-100, 100),
    lengths=st.tuples(st.integers(2, 100), st.integers(2, 100)),
)
def test_the_true_lag_is_always_looked_at(
    apart_ms: int, doubts: tuple[int, int], off: int, lengths: tuple[int, int]
) -> None:
    """Whatever the clocks claim within their uncertainties, if both filmed together for long enough."""
    lag_s = Fraction(apart_ms, 1000)
    claims = [Fraction(off * doubt, 100) for doubt in doubts]
    first = a_stretch(1, seconds=lengths[0], clock=a_clock(claims[0], doubts[0]))
    second = a_stretch(2, seconds=lengths[1], clock=a_clock(lag_s - claims[1], doubts[1]))
    shared_s = min(lengths[0], lag_s + lengths[1]) - max(0, lag_s)
    pair = pair_to_hear(first, second)
    if shared_s >= min(5, *lengths):
        assert pair is not None
        assert pair.lag_min_s <= lag_s <= pair.lag_max_s
        assert pair.shared_min_s <= shared_s
