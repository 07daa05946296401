"""A rate is constant when a grid of it shows every frame once, in place; everything else is laid on a dense grid."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.frame_grid import STANDARD_RATES, FrameGrid, choose_frame_grid

MILLISECONDS = Fraction(1, 1000)
CLOCK_90K = Fraction(1, 90000)


def kept(grid: FrameGrid) -> tuple[str, int, bool]:
    return str(grid.frame_rate), grid.frame_count, grid.is_variable_rate


def grid_of(ticks: list[int], time_base: Fraction, claim: str | None = None, last: int = 0) -> FrameGrid:
    claimed_rate = None if claim is None else Fraction(claim)
    return choose_frame_grid(ticks, time_base=time_base, last_duration_ticks=last, claimed_rate=claimed_rate)


@given(
    rate=st.sampled_from(STANDARD_RATES),
    frames=st.integers(100, 400),
    time_base=st.sampled_from([MILLISECONDS, CLOCK_90K, Fraction(1, 600), Fraction(1, 15360)]),
    start=st.integers(-(10**6), 10**6),
)
def test_a_standard_rate_is_found_again_in_any_container_clock(
    rate: Fraction, frames: int, time_base: Fraction, start: int
) -> None:
    ticks = [start + round(n / rate / time_base) for n in range(frames)]
    found = grid_of(ticks, time_base)
    assert not found.is_variable_rate
    assert found.frame_count == frames
    # Over a hundred frames, a clock of milliseconds cannot tell 30 from 29.97 by less than its rounding.
    assert abs(found.frame_rate / rate - 1) * frames / rate < 2 * time_base


@given(st.lists(st.floats(-0.2, 0.2), min_size=30, max_size=200))
def test_jitter_under_a_quarter_of_a_frame_costs_no_frame(jitter: list[float]) -> None:
    ticks = [round((n + (wobble if n else 0)) * 3600) for n, wobble in enumerate(jitter)]
    found = grid_of(ticks, CLOCK_90K, "25/1")
    assert kept(found) == ("25", len(jitter), False)


@pytest.mark.parametrize("claim", ["90000/1", "25/1", "30000/1"])
def test_a_claim_that_does_not_fit_is_not_believed(claim: str) -> None:
    ticks = [n * 3000 for n in range(90)]
    assert grid_of(ticks, CLOCK_90K, claim).frame_rate == 30


def test_a_constant_rate_that_no_standard_has_is_kept() -> None:
    rate = Fraction(2983, 100)
    ticks = [round(n / rate / CLOCK_90K) for n in range(3000)]
    found = grid_of(ticks, CLOCK_90K)
    assert (found.frame_rate, found.is_variable_rate) == (rate, False)


def test_the_exact_rate_wins_over_its_neighbour_within_tolerance() -> None:
    ticks = [n * 3003 for n in range(60)]
    assert grid_of(ticks, CLOCK_90K, "30/1").frame_rate == Fraction(30000, 1001)


def test_a_claimed_rate_that_no_standard_has_wins_when_it_fits_better() -> None:
    ticks = [n * 6006 for n in range(30)]
    assert grid_of(ticks, CLOCK_90K, "15000/1001").frame_rate == Fraction(15000, 1001)


def test_one_missing_frame_makes_the_rate_variable_and_its_place_is_kept() -> None:
    ticks = [n * 3000 for n in range(90) if n != 40]
    found = grid_of(ticks, CLOCK_90K, "30/1", last=3000)
    assert kept(found) == ("30", 90, True)


def test_a_rate_that_halves_in_the_dark_keeps_every_frame_of_the_light() -> None:
    light = [n * 3000 for n in range(60)]
    dark = [60 * 3000 + n * 6000 for n in range(60)]
    found = grid_of(light + dark, CLOCK_90K, "20/1", last=6000)
    assert kept(found) == ("30", 60 + 2 * 60, True)


def test_a_burst_beyond_every_screen_is_thinned_to_sixty() -> None:
    ticks = [n * 300 for n in range(100)] + [30000 + n * 9000 for n in range(10)]
    assert grid_of(ticks, CLOCK_90K).frame_rate == 60


@given(st.lists(st.integers(0, 20000), min_size=1, max_size=60), st.integers(0, 9000))
def test_any_times_at_all_give_a_grid_that_covers_them(gaps: list[int], last: int) -> None:
    ticks = [sum(gaps[:end]) for end in range(1, len(gaps) + 1)]
    found = grid_of(ticks, CLOCK_90K, last=last)
    assert found.frame_rate > 0
    assert found.reason
    length_s = (ticks[-1] - ticks[0]) * CLOCK_90K
    assert found.frame_count >= 1
    assert (found.frame_count - Fraction(1, 2)) / found.frame_rate >= length_s - 1 / found.frame_rate
    if not found.is_variable_rate:
        assert found.frame_count == len(ticks)
        places = [int((tick - ticks[0]) * CLOCK_90K * found.frame_rate + Fraction(1, 2)) for tick in ticks]
        assert all(after == before + 1 for before, after in pairwise(places))


@pytest.mark.parametrize(("claim", "rate"), [("10/1", 10), (None, 25), ("90000/1", 25)])
def test_a_single_frame_is_one_frame_at_a_believable_rate(claim: str | None, rate: int) -> None:
    found = grid_of([700], MILLISECONDS, claim, last=40)
    assert kept(found) == (str(rate), 1, False)
