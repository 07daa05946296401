"""Values of ours become plain JSON without losing anything, and only what was written so is read."""

import json
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.plain import from_plain, to_plain


class Kind(StrEnum):
    ONE = "one"
    TWO = "two"


@dataclass(frozen=True)
class Inner:
    at_s: Fraction
    kind: Kind


@dataclass(frozen=True)
class Outer:
    name: str
    count: int
    is_known: bool
    maybe: Inner | None
    several: tuple[Inner, ...]


_inners = st.builds(Inner, st.fractions(), st.sampled_from(Kind))
_outers = st.builds(
    Outer, st.text(), st.integers(), st.booleans(), st.none() | _inners, st.lists(_inners, max_size=3).map(tuple)
)


@given(_outers)
def test_a_value_comes_back_equal_through_json_text(value: Outer) -> None:
    assert from_plain(Outer, json.loads(json.dumps(to_plain(value)))) == value


def test_the_plain_form_is_the_obvious_one() -> None:
    value = Outer("a", 1, True, None, (Inner(Fraction(30000, 1001), Kind.TWO),))
    assert to_plain(value) == {
        "name": "a",
        "count": 1,
        "is_known": True,
        "maybe": None,
        "several": [{"at_s": "30000/1001", "kind": "two"}],
    }


@pytest.mark.parametrize("inexact", [0.1, {"a": 1}, [1], b"x", Fraction])
def test_what_has_no_exact_form_is_refused(inexact: object) -> None:
    with pytest.raises(TypeError, match="no exact plain form"):
        to_plain(inexact)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"at_s": "1/2"},
        {"at_s": "1/2", "kind": "one", "more": 1},
        {"at_s": 0.5, "kind": "one"},
        {"at_s": "half", "kind": "one"},
        {"at_s": "1/2", "kind": "three"},
    ],
)
def test_what_was_not_written_so_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_plain(Inner, data)


def test_a_zero_below_the_line_is_refused() -> None:
    with pytest.raises(ValueError, match="1/0"):
        from_plain(Inner, {"at_s": "1/0", "kind": "one"})
