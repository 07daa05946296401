from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask

from pipeline.domain.agreement.choices import alpha, answers_to
from tests.domain.agreement.marks import said

PUBLISHED = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
"""Four observers, twelve units, some values missing: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability"
(2011), section C; nominal alpha 0.743."""


def test_the_published_example() -> None:
    units = [
        [value for value in column if value != "."] for column in zip(*(row.split() for row in PUBLISHED), strict=True)
    ]
    found = alpha(units)
    assert found.value is not None
    assert round(float(found.value), 3) == 0.743
    assert (found.units, found.answers) == (11, 40)


def test_by_hand() -> None:
    """One clip of three is disputed: 2 of 6 ordered pairs differ, where chance (3 x and 3 y) gives 18 of 30."""
    found = alpha([["x", "x"], ["x", "x"], ["y", "y"]])
    assert found.value == 1
    mixed = alpha([["x", "x"], ["x", "y"], ["y", "y"]])
    assert mixed.value == 1 - Fraction(2, 6) / Fraction(18, 30)


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xyz"), max_size=4), min_size=1, max_size=12))
def test_it_is_what_nltk_computes(units: list[dict[str, str]]) -> None:
    """NLTK, nltk.metrics.agreement: an implementation that others publish with."""
    pairable = [unit for unit in units if len(unit) > 1]
    assume(len({value for unit in pairable for value in unit.values()}) > 1)
    rows = [(coder, number, value) for number, unit in enumerate(pairable) for coder, value in unit.items()]
    ours = alpha([list(unit.values()) for unit in units]).value
    assert ours is not None
    assert float(ours) == pytest.approx(AnnotationTask(data=rows).alpha())


@pytest.mark.parametrize("units", [[], [["x"]], [["x"], ["y"]], [[]]])
def test_without_two_answers_to_a_clip_it_is_not_defined(units: list[list[str]]) -> None:
    found = alpha(units)
    assert (found.value, found.units) == (None, 0)
    assert "no clip was answered by two" in found.because


def test_without_variation_it_is_not_defined() -> None:
    found = alpha([["x", "x"], ["x", "x"]])
    assert found.value is None
    assert "the same answer" in found.because


def test_all_answers_of_a_person_to_a_question_are_one_value() -> None:
    both = said(simulated_weapon=("handgun", "long_gun"))
    assert answers_to("simulated_weapon", [both, said(), said(simulated_weapon=())]) == [
        frozenset({"handgun", "long_gun"}),
        frozenset({"handgun"}),
    ]
