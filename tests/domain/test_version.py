import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.version import Version
from pipeline.errors import UsageError

numbers = st.integers(0, 999_999)
versions = st.builds(Version, numbers, numbers, numbers)


@given(versions)
def test_a_version_is_read_as_it_is_written(version: Version) -> None:
    assert Version.parse(str(version)) == version


@given(versions, versions)
def test_versions_are_ordered_by_their_numbers_and_not_by_their_letters(one: Version, two: Version) -> None:
    assert (one < two) == ((one.major, one.minor, one.patch) < (two.major, two.minor, two.patch))


def test_ten_comes_after_nine() -> None:
    assert Version.parse("1.10.0") > Version.parse("1.9.9")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.0",
        "1.0.0.0",
        "01.0.0",
        "1.0.0-rc1",
        "1.0.0+x",
        "v1.0.0",
        "1.0.x",
        " 1.0.0",
        "1.0.0\n",
        "1.-1.0",
        "\u0661.0.0",
        "1000000.0.0",
    ],
)
def test_what_is_not_three_plain_numbers_is_no_version(text: str) -> None:
    with pytest.raises(UsageError, match=r"such as 1\.2\.0"):
        Version.parse(text)
