import pytest

from pipeline.domain.decision import Decision
from pipeline.errors import UsageError


def test_who_and_why_are_kept_on_one_line() -> None:
    assert Decision.check("j.doe", "  the digest\n was mistyped ") == ("j.doe", "the digest was mistyped")


@pytest.mark.parametrize("who", ["", "x", "Jane Doe", "-rf", "jd\n", "é" * 5, "x" * 65])
def test_a_name_or_nobody_decides_nothing(who: str) -> None:
    with pytest.raises(UsageError, match="--by"):
        Decision.check(who, "because")


@pytest.mark.parametrize("why", ["", "no", "   ", "x" * 501, "red\x1b[31m"])
def test_a_decision_needs_a_reason(why: str) -> None:
    with pytest.raises(UsageError, match="--because"):
        Decision.check("j.doe", why)
