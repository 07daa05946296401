"""Clips tile a recording exactly, on keyframes where that is possible, and the plan says why."""

import itertools
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.domain.clip import ClipPlan, ClipPolicy, CutKind, plan_clips, plan_cuts, tile
from tests.media_facts import media_facts, video_facts

POLICY = ClipPolicy()
RATES = st.sampled_from([Fraction(10), Fraction(25), Fraction(30000, 1001), Fraction(60), Fraction(2983, 100)])
COUNTS = st.integers(1, 4000)


def lengths(plan: ClipPlan) -> list[int]:
    return [clip.frame_count for clip in plan.clips]


def plan(count: int, rate: Fraction | int, keyframes: list[int], policy: ClipPolicy = POLICY) -> ClipPlan:
    return plan_cuts(frame_count=count, frame_rate=Fraction(rate), keyframe_frames=keyframes, policy=policy)


def assert_tiles(made: ClipPlan, count: int, rate: Fraction) -> None:
    clips = made.clips
    assert clips[0].start_frame == 0
    assert clips[-1].end_frame == count
    assert all(before.end_frame == after.start_frame for before, after in pairwise(clips))
    assert all(before.span.end_s == after.span.start_s for before, after in pairwise(clips))
    assert all(clip.frame_count > 0 for clip in clips)
    assert [clip.ordinal for clip in clips] == list(range(len(clips)))
    assert all(clip.span.duration_s * rate == clip.frame_count for clip in clips)


@given(count=COUNTS, rate=RATES)
def test_cuts_by_frame_tile_and_are_a_stride_long_to_the_nearest_frame(count: int, rate: Fraction) -> None:
    made = plan(count, rate, [])
    assert made.kind is CutKind.BY_FRAME
    assert_tiles(made, count, rate)
    stride, minimum = POLICY.stride_s * rate, POLICY.minimum_s * rate
    assert all(abs(length - stride) <= Fraction(1, 2) for length in lengths(made)[:-1])
    assert lengths(made)[-1] >= min(minimum, Fraction(count))
    assert lengths(made)[-1] < stride + minimum + 1


@given(count=COUNTS, rate=RATES, gops_s=st.lists(st.fractions(Fraction(2, 5), 2, max_denominator=60), min_size=1))
def test_cuts_on_keyframes_tile_and_every_edge_is_a_keyframe(
    count: int, rate: Fraction, gops_s: list[Fraction]
) -> None:
    gap_max = int(POLICY.keyframe_gop_max_s * rate)
    keyframes, gops = [0], itertools.cycle(gops_s)
    while count - keyframes[-1] > gap_max:
        keyframes.append(keyframes[-1] + int(next(gops) * rate))
    made = plan(count, rate, keyframes)
    assert made.kind is CutKind.ON_KEYFRAMES
    assert_tiles(made, count, rate)
    assert set(made.cut_frames) <= set(keyframes)
    stride, minimum = POLICY.stride_s * rate, POLICY.minimum_s * rate
    assert all(abs(length - stride) <= Fraction(gap_max, 2) for length in lengths(made)[:-1])
    assert lengths(made)[-1] >= min(minimum, Fraction(count))
    assert lengths(made)[-1] < stride + minimum + Fraction(gap_max, 2)


@given(
    count=COUNTS,
    rate=RATES,
    keyframes=st.lists(st.integers(0, 4000), unique=True).map(sorted),
    policy=st.builds(
        lambda stride_s, part, gop_max_s: ClipPolicy(stride_s, part * stride_s, gop_max_s),
        st.fractions(Fraction(1, 2), 60),
        st.fractions(0, 1),
        st.fractions(0, 100),
    ),
)
def test_any_keyframes_and_any_policy_tile_the_same_way_twice(
    count: int, rate: Fraction, keyframes: list[int], policy: ClipPolicy
) -> None:
    keyframes = [frame for frame in keyframes if frame < count]
    made = plan(count, rate, keyframes, policy)
    assert_tiles(made, count, rate)
    assert made == plan(count, rate, keyframes, policy)
    if made.kind is CutKind.ON_KEYFRAMES:
        assert set(made.cut_frames) <= set(keyframes)


def test_ten_seconds_at_29_97_are_the_nearest_300_frames() -> None:
    assert lengths(plan(720, Fraction(30000, 1001), [])) == [300, 300, 120]


def test_keyframes_draw_the_cut_to_the_nearest_of_them() -> None:
    assert lengths(plan(700, 30, list(range(0, 700, 48)))) == [288, 288, 124]


def test_of_two_keyframes_at_the_same_distance_the_earlier_is_taken() -> None:
    assert plan(601, 30, list(range(0, 601, 40))).cut_frames[1] == 280


def test_a_tail_shorter_than_the_minimum_joins_the_clip_before() -> None:
    assert lengths(plan(689, 30, [])) == [300, 389]
    assert lengths(plan(690, 30, [])) == [300, 300, 90]


def test_a_recording_shorter_than_the_minimum_is_one_clip() -> None:
    assert lengths(plan(5, 30, [])) == [5]


@pytest.mark.parametrize(
    ("keyframes", "kind", "reason"),
    [
        ([0, 60, 120, 180, 240, 300, 360, 420], CutKind.ON_KEYFRAMES, "up to 2.000 s apart, at most 2 s"),
        ([0, 61, 120, 180, 240, 300, 360, 420], CutKind.BY_FRAME, "up to 2.033 s apart, more than 2 s"),
        ([0, 60, 120, 180, 240, 300, 360], CutKind.BY_FRAME, "up to 4.000 s apart, more than 2 s"),
        ([3, 60, 120, 180, 240, 300, 360, 420], CutKind.BY_FRAME, "first clean keyframe is frame 3, not its first"),
        ([], CutKind.BY_FRAME, "no keyframes that its frames can be counted from"),
    ],
)
def test_the_kind_of_cut_has_a_reason(keyframes: list[int], kind: CutKind, reason: str) -> None:
    made = plan(480, 30, keyframes)
    assert made.kind is kind
    assert reason in made.reason


def test_a_plan_from_facts_is_the_plan_of_their_frames_and_keyframes() -> None:
    keyframes_s = tuple(Fraction(n * 1001, 1000) for n in range(24))
    video = video_facts(frame_count=720, keyframes_s=keyframes_s)
    assert plan_clips(facts=media_facts(video), policy=POLICY) == plan(720, video.frame_rate, list(range(0, 720, 30)))
    variable = video_facts(frame_count=720, keyframes_s=keyframes_s, is_variable_rate=True)
    assert plan_clips(facts=media_facts(variable), policy=POLICY).kind is CutKind.BY_FRAME


@given(count=COUNTS, rate=RATES, cuts=st.sets(st.integers(1, 3999)))
def test_cut_frames_that_were_kept_give_the_same_clips_again(count: int, rate: Fraction, cuts: set[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < count)]
    made = tile(edges, count, rate)
    assert [clip.start_frame for clip in made] == edges
    assert made[-1].end_frame == count


@given(cuts=st.lists(st.integers(-5, 50), max_size=6), count=st.integers(1, 40))
def test_cuts_that_do_not_ascend_from_zero_are_refused(cuts: list[int], count: int) -> None:
    edges = [*cuts, count]
    assume(not cuts or cuts[0] != 0 or any(start >= end for start, end in pairwise(edges)))
    with pytest.raises(ValueError, match="expected cuts"):
        tile(cuts, count, Fraction(25))


@pytest.mark.parametrize("wrong", [{"stride_s": 0}, {"minimum_s": 11}, {"minimum_s": -1}, {"keyframe_gop_max_s": -1}])
def test_a_policy_that_cannot_be_kept_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="minimum_s"):
        ClipPolicy(**{name: Fraction(value) for name, value in wrong.items()})
