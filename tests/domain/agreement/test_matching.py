from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.agreement.matching import Closeness, match, tiou
from pipeline.domain.taxonomy import Extent
from pipeline.domain.timeline import Span
from tests.domain.agreement.marks import span, span_lists, spans

NEAR = Closeness()


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("0", "2"), ("1", "3"), Fraction(1, 3)),
        (("0", "2"), ("0", "2"), Fraction(1)),
        (("0", "2"), ("2", "4"), Fraction(0)),
        (("0", "10"), ("4", "6"), Fraction(1, 5)),
    ],
)
def test_tiou_by_hand(first: tuple[str, str], second: tuple[str, str], expected: Fraction) -> None:
    assert tiou(span(*first), span(*second)) == expected


@given(spans, spans)
def test_tiou_is_symmetric_and_1_only_for_the_same(first: Span, second: Span) -> None:
    assert 0 <= tiou(first, second) == tiou(second, first) <= 1
    assert (tiou(first, second) == 1) == (first == second)


def test_spans_match_from_the_threshold_on() -> None:
    half = match([span("0", "2")], [span("0", "1")], extent="span", closeness=NEAR)
    assert half.pairs == ((span("0", "2"), span("0", "1")),)
    less = match([span("0", "2.1")], [span("0", "1")], extent="span", closeness=NEAR)
    assert (less.pairs, less.first_only, less.second_only) == ((), (span("0", "2.1"),), (span("0", "1"),))


def test_points_match_by_onset_whatever_their_length() -> None:
    near = match([span("1", "1.04")], [span("1.5", "9")], extent="point", closeness=NEAR)
    assert len(near.pairs) == 1
    far = match([span("1", "1.04")], [span("1.51", "9")], extent="point", closeness=NEAR)
    assert far.pairs == ()


def test_the_closest_two_are_matched_first() -> None:
    matching = match([span("1", "1.1"), span("1.4", "1.5")], [span("1.3", "1.4")], extent="point", closeness=NEAR)
    assert matching.pairs == ((span("1.4", "1.5"), span("1.3", "1.4")),)
    assert matching.first_only == (span("1", "1.1"),)


@given(span_lists, span_lists, st.sampled_from(["span", "point"]))
def test_everything_is_told_once_and_it_does_not_matter_who_is_first(
    first: list[Span], second: list[Span], extent: Extent
) -> None:
    matching = match(first, second, extent=extent, closeness=NEAR)
    assert sorted([*(one for one, _ in matching.pairs), *matching.first_only]) == sorted(first)
    assert sorted([*(other for _, other in matching.pairs), *matching.second_only]) == sorted(second)
    turned = match(second, first, extent=extent, closeness=NEAR)
    assert {(other, one) for one, other in turned.pairs} == set(matching.pairs)


@given(span_lists, st.sampled_from(["span", "point"]))
def test_everybody_agrees_with_themselves(marked: list[Span], extent: Extent) -> None:
    matching = match(marked, marked, extent=extent, closeness=NEAR)
    assert matching.first_only == matching.second_only == ()


@pytest.mark.parametrize(
    "wrong", [{"tiou_min": Fraction(0)}, {"tiou_min": Fraction(2)}, {"onset_tolerance_s": Fraction(-1)}]
)
def test_a_closeness_that_means_nothing_is_refused(wrong: dict[str, Fraction]) -> None:
    with pytest.raises(ValueError, match="expected a tIoU"):
        Closeness(**wrong)
