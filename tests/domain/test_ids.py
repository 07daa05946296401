"""The same parts give the same id, other parts another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.ids import derive

WORDS = st.text(st.characters(exclude_characters="\x1f", codec="utf-8"), max_size=20)


@given(st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=4))
def test_two_lists_of_parts_share_an_id_only_if_they_are_equal(one: list[str], other: list[str]) -> None:
    assert (derive("clip", *one) == derive("clip", *other)) == (one == other)


def test_kinds_do_not_share_ids() -> None:
    assert derive("clip", "x") != derive("recording", "x")


def test_an_id_is_the_same_in_every_release_of_firsthand() -> None:
    assert str(derive("recording", "0" * 64)) == "e4a0e217-7b0e-5993-bae0-12e488856347"


def test_a_part_that_could_imitate_two_is_refused() -> None:
    with pytest.raises(ValueError, match="unit separator"):
        derive("clip", "a\x1fb")
