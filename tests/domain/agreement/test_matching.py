from fractions import Fraction
from typing import Any

import mir_eval.onset
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

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


def test_of_points_as_many_are_matched_as_can_be() -> None:
    """The closest two first would leave the others alone: 1.0 and 1.4, 1.3 and 1.8."""
    matching = match(
        [span("1", "1.1"), span("1.4", "1.5")], [span("1.3", "1.4"), span("1.8", "1.9")], extent="point", closeness=NEAR
    )
    assert [(one.start_s, other.start_s) for one, other in matching.pairs] == [
        (Fraction(1), Fraction("1.3")),
        (Fraction("1.4"), Fraction("1.8")),
    ]


_onsets = st.lists(st.integers(0, 60), unique=True, max_size=8).map(lambda eighths: [at / 8 for at in sorted(eighths)])


@given(_onsets, _onsets, st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(1)]))
def test_points_are_matched_as_mir_eval_counts_them(one: list[float], other: list[float], window_s: Fraction) -> None:
    """mir_eval.onset.f_measure (C. Raffel et al., "mir_eval: A Transparent Implementation of Common MIR Metrics", ISMIR
    2014): the largest matching of two sets of onsets within a window, and its F1. Eighths are exact as floats."""
    assume(one and other)
    marked = [[Span(Fraction(at), Fraction(at) + Fraction(1, 30)) for at in onsets] for onsets in (one, other)]
    matching = match(*marked, extent="point", closeness=Closeness(onset_tolerance_s=window_s))
    published, _, _ = mir_eval.onset.f_measure(np.array(one), np.array(other), window=float(window_s))
    assert 2 * len(matching.pairs) / (len(one) + len(other)) == pytest.approx(published)


def activitynet_segment_iou(target: "np.ndarray[Any, Any]", candidates: "np.ndarray[Any, Any]") -> Any:
    """tIoU of one segment with each of several, as in ActivityNet's Evaluation/utils.py (MIT,
    https://github.com/activitynet/ActivityNet)."""
    tt1 = np.maximum(target[0], candidates[:, 0])
    tt2 = np.minimum(target[1], candidates[:, 1])
    intersection = (tt2 - tt1).clip(0)
    union = (candidates[:, 1] - candidates[:, 0]) + (target[1] - target[0]) - intersection
    return intersection.astype(float) / union


@given(spans, st.lists(spans, min_size=1, max_size=5))
def test_overlap_is_what_activitynet_computes(one: Span, others: list[Span]) -> None:
    plain = [np.array([[float(each.start_s), float(each.end_s)] for each in group]) for group in ([one], others)]
    published = activitynet_segment_iou(plain[0][0], plain[1])
    assert [float(tiou(one, other)) for other in others] == pytest.approx(list(published))


_apart = st.lists(st.integers(0, 40), unique=True, max_size=16).map(
    lambda at: [Span(Fraction(one), Fraction(end)) for one, end in zip(sorted(at)[::2], sorted(at)[1::2], strict=False)]
)
"""Spans of one person, none of which lies over another."""


@given(_apart, _apart)
def test_of_spans_that_do_not_overlap_as_many_are_matched_as_scipy_finds_can_be(
    one: list[Span], other: list[Span]
) -> None:
    """scipy.sparse.csgraph.maximum_bipartite_matching (Hopcroft and Karp) on ActivityNet's tIoU from one half on."""
    assume(one and other)
    ends = [np.array([[float(each.start_s), float(each.end_s)] for each in group]) for group in (one, other)]
    near = np.array([activitynet_segment_iou(each, ends[1]) >= 0.5 for each in ends[0]])
    published = int((maximum_bipartite_matching(csr_array(near)) >= 0).sum())
    assert len(match(one, other, extent="span", closeness=NEAR).pairs) == published
