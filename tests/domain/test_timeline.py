"""Spans are exact, half-open, and agree with Label Studio's counting."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.domain.timeline import Span

RATES = st.sampled_from([Fraction(10), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)])
SECONDS = st.fractions(min_value=0, max_value=10_000, max_denominator=100_000)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start_s, end_s = sorted((draw(SECONDS), draw(SECONDS)))
    assume(start_s < end_s)
    return Span(start_s, end_s)


@pytest.mark.parametrize(("start_s", "end_s"), [(1, 1), (2, 1), (-1, 1)])
def test_a_span_that_is_empty_backward_or_before_zero_is_refused(start_s: int, end_s: int) -> None:
    with pytest.raises(ValueError, match="0 <= start < end"):
        Span(Fraction(start_s), Fraction(end_s))


def test_spans_that_only_touch_do_not_overlap() -> None:
    first, second = Span(Fraction(0), Fraction(1)), Span(Fraction(1), Fraction(2))
    assert not first.overlaps(second)
    assert not second.overlaps(first)
    assert first.clamped(second) is None


@given(spans(), spans())
def test_overlap_is_symmetric_and_the_clamp_is_what_is_shared(one: Span, other: Span) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    shared = one.clamped(other)
    assert (shared is not None) == one.overlaps(other)
    assert shared == other.clamped(one)


@given(spans(), SECONDS)
def test_shifting_there_and_back_changes_nothing(span: Span, by_s: Fraction) -> None:
    assert span.shifted(by_s).shifted(-by_s) == span
    assert span.shifted(by_s).duration_s == span.duration_s


@given(st.integers(0, 100_000), st.integers(1, 10_000), RATES)
def test_frames_become_label_studio_ranges_and_come_back(start: int, count: int, rate: Fraction) -> None:
    span = Span.of_frames(start, start + count, rate)
    assert span.to_label_studio_range(rate) == (start + 1, start + count)
    assert Span.of_label_studio_range(start + 1, start + count, rate) == span


def test_the_first_ten_frames_at_an_ntsc_rate_are_exactly_a_third_of_a_second_and_a_thousandth() -> None:
    assert Span.of_frames(0, 10, Fraction(30000, 1001)) == Span(Fraction(0), Fraction(1001, 3000))


@given(spans(), RATES)
def test_a_range_for_any_span_covers_it(span: Span, rate: Fraction) -> None:
    start, end = span.to_label_studio_range(rate)
    covering = Span.of_label_studio_range(start, end, rate)
    assert covering.start_s <= span.start_s < span.end_s <= covering.end_s
