"""What was labelled on a clip is found again in every variant of it, or known not to be visible."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.clip_recipe import RECIPES, ClipRecipe
from pipeline.domain.encoding_plan import ClipSource, plan_encoding
from pipeline.domain.ids import ClipId, derive
from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.timeline import Span
from pipeline.domain.transform import Box, Homography, PictureMap, TimeMap, TimePiece, Transform

RATES = ("10", "24", "25", "30000/1001", "30", "50", "60")

CLIP_ID = ClipId(derive("clip", "one"))
PLANNED = [recipe for recipe in RECIPES.values() if isinstance(recipe, ClipRecipe)]
moments = st.fractions(min_value=0, max_value=12, max_denominator=90_000)
places = st.fractions(min_value=0, max_value=4000, max_denominator=64)


@st.composite
def sources(draw: st.DrawFn) -> ClipSource:
    return ClipSource(
        width_px=draw(st.integers(2, 4000)),
        height_px=draw(st.integers(2, 4000)),
        pixel_aspect=draw(st.sampled_from([Fraction(1), Fraction(4, 3), Fraction(159, 160)])),
        frame_rate=Fraction(draw(st.sampled_from(RATES))),
        frame_count=draw(st.integers(1, 320)),
        audio_sample_rate_hz=draw(st.sampled_from([None, 44_100, 48_000, 96_000, 11_000])),
        audio_channels=draw(st.integers(1, 6)),
    )


@st.composite
def transforms(draw: st.DrawFn) -> Transform:
    """Of a recipe on a clip; in half of the cases, of another recipe on what came of it."""
    first = plan_encoding(draw(st.sampled_from(PLANNED)), draw(sources()), CLIP_ID)
    if draw(st.booleans()):
        return first.transform
    between = ClipSource(
        first.layout.width_px, first.layout.height_px, first.pixel_aspect, first.frame_rate, first.frame_count, None
    )
    return first.transform.then(plan_encoding(draw(st.sampled_from(PLANNED)), between, CLIP_ID).transform)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(places), draw(places)
    return Box(left, top, left + draw(places) + 1, top + draw(places) + 1)


@given(transforms(), moments)
def test_a_moment_that_is_seen_comes_back_as_itself(transform: Transform, at_s: Fraction) -> None:
    there = transform.time.to_variant(at_s)
    if there is not None:
        assert 0 <= there < transform.time.duration_s
        assert transform.time.to_source(there) == at_s
    back = transform.time.to_source(at_s)
    if back is not None:
        assert transform.time.to_variant(back) == at_s


@given(transforms(), boxes())
def test_a_box_that_is_seen_comes_back_around_what_was_seen_of_it(transform: Transform, box: Box) -> None:
    picture = transform.picture
    there = picture.to_variant(box)
    if there is None:
        return
    assert there.clamped(Box.of_size(picture.width_px, picture.height_px)) == there
    back = picture.to_source(there)
    assert back is not None
    x, y = (there.left_px + there.right_px) / 2, (there.top_px + there.bottom_px) / 2
    seen_x, seen_y = picture.homography.inverse.point(x, y)
    if 0 < seen_x < picture.source_width_px and 0 < seen_y < picture.source_height_px:
        assert back.left_px <= seen_x <= back.right_px
        assert back.top_px <= seen_y <= back.bottom_px


@given(transforms(), moments, moments)
def test_a_span_is_seen_when_a_moment_of_it_is(transform: Transform, one: Fraction, other: Fraction) -> None:
    span = Span(min(one, other), max(one, other) + Fraction(1, 1000))
    there = transform.time.span_to_variant(span)
    at = transform.time.to_variant(span.start_s)
    assert at is None or (there is not None and there.start_s == at)
    if there is not None:
        back = transform.time.span_to_source(there)
        assert back is not None
        assert back.clamped(span) == back


@given(transforms())
def test_a_transform_travels_as_json(transform: Transform) -> None:
    assert from_plain(Transform, to_plain(transform)) == transform


def test_what_happened_while_the_picture_stood_still_is_not_visible() -> None:
    stood_still = TimeMap(
        (
            TimePiece(Span(Fraction(0), Fraction(2)), Fraction(0)),
            TimePiece(Span(Fraction(3), Fraction(5)), Fraction(3)),
        ),
        Fraction(5),
    )
    assert stood_still.to_variant(Fraction(5, 2)) is None
    assert stood_still.to_source(Fraction(5, 2)) is None
    assert stood_still.span_to_variant(Span(Fraction(9, 4), Fraction(11, 4))) is None
    assert stood_still.span_to_variant(Span(Fraction(9, 4), Fraction(4))) == Span(Fraction(3), Fraction(4))


def test_a_faster_picture_shows_everything_sooner() -> None:
    faster = TimeMap((TimePiece(Span(Fraction(0), Fraction(10)), Fraction(0), Fraction(51, 50)),), Fraction(500, 51))
    assert faster.to_variant(Fraction(51, 10)) == 5
    assert faster.then(TimeMap.unchanged(Fraction(500, 51))) == faster


def test_what_is_cut_off_or_painted_over_is_not_visible() -> None:
    badge = Box(Fraction(0), Fraction(0), Fraction(10), Fraction(10))
    cropped = PictureMap(200, 100, 100, 100, Homography.moving(Fraction(-50), Fraction(0)), (badge,))
    assert cropped.to_variant(Box(Fraction(0), Fraction(0), Fraction(50), Fraction(50))) is None
    assert cropped.to_variant(Box(Fraction(52), Fraction(2), Fraction(58), Fraction(8))) is None
    half_seen = cropped.to_variant(Box(Fraction(40), Fraction(20), Fraction(60), Fraction(30)))
    assert half_seen == Box(Fraction(0), Fraction(20), Fraction(10), Fraction(30))


def test_corners_go_where_they_are_sent() -> None:
    corners = [
        (Fraction(4), Fraction(3)),
        (Fraction(90), Fraction(1)),
        (Fraction(2), Fraction(55)),
        (Fraction(97), Fraction(59)),
    ]
    box = Box.of_size(100, 60)
    assert [Homography.onto(box, corners).point(*corner) for corner in box.corners] == corners


@given(sources(), st.sampled_from(PLANNED))
def test_a_plan_is_whole(source: ClipSource, recipe: ClipRecipe) -> None:
    plan = plan_encoding(recipe, source, CLIP_ID)
    assert plan == plan_encoding(recipe, source, CLIP_ID)
    assert plan.layout.width_px % 2 == plan.layout.height_px % 2 == 0
    assert plan.frame_count >= 1
    assert plan.every * (plan.frame_count - 1) + plan.late_frames < source.frame_count
    assert all(0 < start < end < plan.frame_count for start, end in plan.still)
    assert all(before[1] < after[0] for before, after in pairwise(plan.still))
    assert plan.transform.time.duration_s == plan.duration_s
    assert (plan.audio_samples == 0) == (source.audio_sample_rate_hz is None)


@pytest.mark.parametrize("share", [Fraction(1, 4)])
def test_drops_come_about_as_often_as_the_recipe_says(share: Fraction) -> None:
    recipe = RECIPES["livestream-480p-drops"]
    assert isinstance(recipe, ClipRecipe)
    source = ClipSource(1280, 720, Fraction(1), Fraction(30), 9000, None)
    plans = [plan_encoding(recipe, source, ClipId(derive("clip", number))) for number in range(5)]
    still = [sum(end - start for start, end in plan.still) for plan in plans]
    assert abs(Fraction(sum(still), 5 * 9000) - share) < Fraction(1, 20)
    assert len({plan.still for plan in plans}) == 5
