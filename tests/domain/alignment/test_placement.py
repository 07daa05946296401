from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.alignment import (
    NotProjected,
    Pair,
    Placement,
    Projection,
    Timeline,
    lay_out,
    project,
    project_span,
)
from pipeline.domain.ids import RecordingId
from pipeline.domain.timeline import Span
from tests.domain.alignment.scenes import Camera, a_clock, a_pair, a_stretch, key

CAMERAS = {
    1: Camera(Fraction(0), Fraction(0)),
    2: Camera(Fraction(3217, 1000), Fraction(40)),
    3: Camera(Fraction(-5), Fraction(-25)),
}


def one(number: int) -> RecordingId:
    return key(number).recording_id


def a_timeline(*pairs: Pair) -> Timeline:
    return lay_out([a_stretch(number) for number in CAMERAS], pairs or [a_pair(1, 2, CAMERAS), a_pair(2, 3, CAMERAS)])


@settings(max_examples=60)
@given(
    offset=st.integers(-(10**9), 10**9),
    drift=st.integers(-200_000, 200_000),
    moment=st.fractions(min_value=0, max_value=10_000),
)
def test_onto_the_timeline_and_back_is_the_same_moment_exactly(offset: int, drift: int, moment: Fraction) -> None:
    (placement, *_) = a_timeline().placements
    moved = replace(placement, offset_s=Fraction(offset, 10**6), drift_ppm=Fraction(drift, 1000))
    assert moved.from_timeline(moved.on_timeline(moment)) == moment


@settings(max_examples=60)
@given(
    pair=st.permutations([1, 2, 3]).map(lambda order: order[:2]),
    moment=st.fractions(min_value=0, max_value=60, max_denominator=1001),
)
def test_there_and_back_again_is_the_same_moment_exactly(pair: list[int], moment: Fraction) -> None:
    timeline, (here, there) = a_timeline(), map(one, pair)
    found = project(timeline, moment, of=here, onto=there)
    true_s = CAMERAS[pair[1]].moment(CAMERAS[pair[0]].at(moment))
    if isinstance(found, Projection):
        assert abs(found.moment_s - true_s) < Fraction(1, 10_000)
        back = project(timeline, found.moment_s, of=there, onto=here)
        assert isinstance(back, Projection)
        assert (back.moment_s, back.uncertainty_s) == (moment, found.uncertainty_s)
    else:
        assert not Fraction(1, 1000) < true_s < 60 - Fraction(1, 1000)


def test_uncertainty_is_that_of_the_chain_between_the_two() -> None:
    chain = a_timeline()
    near, far = (project(chain, Fraction(10), of=one(1), onto=one(other)) for other in (2, 3))
    assert isinstance(near, Projection)
    assert isinstance(far, Projection)
    assert (near.uncertainty_s, far.uncertainty_s) == (Fraction(30, 1000), Fraction(60, 1000))
    direct = project(
        a_timeline(a_pair(1, 2, CAMERAS), a_pair(1, 3, CAMERAS), a_pair(2, 3, CAMERAS)),
        Fraction(10),
        of=one(2),
        onto=one(3),
    )
    assert isinstance(direct, Projection)
    assert direct.uncertainty_s == Fraction(30, 1000)
    assert direct.is_by_sound


def test_beyond_what_was_measured_the_uncertainty_grows_with_the_drift() -> None:
    stretches = [a_stretch(1, seconds=10_000), a_stretch(2, seconds=10_000)]
    timeline = lay_out(stretches, [a_pair(1, 2, CAMERAS)])
    found = project(timeline, Fraction(9000), of=one(2), onto=one(1))
    assert isinstance(found, Projection)
    # Five ppm of some 8945 seconds, on both sides.
    assert Fraction(85, 1000) < found.uncertainty_s - Fraction(30, 1000) < Fraction(95, 1000)


def test_what_is_not_shown_or_not_placed_is_told() -> None:
    timeline = a_timeline()
    for moment_s, onto, words in (
        (Fraction(1), 3, None),
        (Fraction(59), 3, "does not show that moment"),
        (Fraction(61), 2, "is not placed at 61.000 s"),
        (Fraction(1), 9, "is not placed"),
    ):
        found = project(timeline, moment_s, of=one(1), onto=one(onto))
        if words is None:
            assert isinstance(found, Projection)
        else:
            assert isinstance(found, NotProjected)
            assert words in found.reason


def test_a_span_is_carried_over_and_cut_where_the_other_does_not_film() -> None:
    timeline = a_timeline()
    whole = project_span(timeline, Span(Fraction(10), Fraction(12)), of=one(1), onto=one(2))
    assert not isinstance(whole, NotProjected)
    assert abs(whole[0].start_s - Fraction(6783, 1000)) < Fraction(1, 1000)
    assert whole[1].moment_s == whole[0].start_s
    cut = project_span(timeline, Span(Fraction(0), Fraction(5)), of=one(1), onto=one(2))
    assert not isinstance(cut, NotProjected)
    assert cut[0].start_s == 0
    assert abs(cut[0].end_s - Fraction(1783, 1000)) < Fraction(1, 1000)
    late = project_span(timeline, Span(Fraction(57), Fraction(60)), of=one(1), onto=one(3))
    assert isinstance(late, NotProjected)
    assert "shows nothing of [57.000, 60.000) s" in late.reason


def test_between_groups_only_clocks_tell() -> None:
    timeline = lay_out([a_stretch(1), a_stretch(2, sound=None, clock=a_clock(10, uncertainty_s=2))], [])
    found = project(timeline, Fraction(12), of=one(1), onto=one(2))
    assert isinstance(found, Projection)
    assert (found.moment_s, found.uncertainty_s, found.is_by_sound) == (2, 3, False)
    assert all(isinstance(placed, Placement) for placed in timeline.placements)
