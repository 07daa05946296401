"""A chapter's place is a code and a number; a person's words are no code."""

import pytest

from pipeline.domain.chapter import ChapterPlace


@pytest.mark.parametrize("series", ["", ".x", "two words", "a/b", "a\n", "Jürgen", "x" * 129])
def test_a_series_is_a_code(series: str) -> None:
    with pytest.raises(ValueError, match="series: expected"):
        ChapterPlace(series, 1)


@pytest.mark.parametrize("number", [-1, 10**9 + 1])
def test_a_number_counts_from_0(number: int) -> None:
    with pytest.raises(ValueError, match="number: expected"):
        ChapterPlace("GX0001", number)


def test_places_of_a_series_are_in_the_order_of_recording() -> None:
    places = [ChapterPlace("GX0001", number) for number in (10, 0, 2)]
    assert [place.number for place in sorted(places)] == [0, 2, 10]
