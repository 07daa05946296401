"""Tokens, headers, documents and statuses: rules of the dock that need no server."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import errors
from pipeline.dock import Tokens
from pipeline.dock.answers import refusal, status_of
from pipeline.dock.documents import read_categories
from pipeline.dock.headers import CONTAINER, as_headers, decoded, said_in
from pipeline.errors import RejectedInputError, SettingsError
from tests.builders import TickingClock
from tests.dock.station import KEY, USER


def test_a_token_outlives_a_restart_and_ends_with_its_time_or_its_key() -> None:
    clock = TickingClock()
    token = Tokens(USER, KEY, clock).admit(USER, KEY)
    assert token is not None
    again = Tokens(USER, KEY, clock)
    assert again.knows(token)
    assert not Tokens(USER, KEY + "2", clock).knows(token)
    clock.now += timedelta(hours=25)
    assert not again.knows(token)


@given(st.data())
def test_a_token_with_another_character_is_none(data: st.DataObject) -> None:
    tokens = Tokens(USER, KEY, TickingClock())
    token = tokens.admit(USER, KEY)
    assert token is not None
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(max_codepoint=0x2FF).filter(lambda letter: letter != token[at]))
    assert not tokens.knows(token[:at] + other + token[at + 1 :])


@given(st.dictionaries(st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), st.text(max_size=40), max_size=5))
def test_what_is_said_comes_back_as_it_was(said: dict[str, str]) -> None:
    headers = [(name.encode(), value.encode()) for name, value in as_headers(said, "X-Container-Meta-").items()]
    found = said_in(headers, CONTAINER)
    assert set(found) == set(said)
    for name, value in said.items():
        if value.isprintable():
            assert found[name] == value
        assert not any(ord(letter) < 0x20 for letter in found[name])


def test_utf_8_and_latin_1_that_are_not_encoded_are_read_too() -> None:
    assert decoded("Jürgen".encode()) == decoded("Jürgen".encode("latin-1")) == decoded(b"J%C3%BCrgen") == "Jürgen"


def test_more_metadata_than_can_be_kept_is_refused() -> None:
    with pytest.raises(RejectedInputError, match="at most"):
        said_in([(b"X-Container-Meta-A", b"a" * 20_000)], CONTAINER)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.RejectedInputError("x"), 400),
        (errors.NotPermittedError("x"), 403),
        (errors.UsageError("x"), 404),
        (errors.StoreUnavailableError("x"), 503),
        (errors.DatabaseUnavailableError("x"), 503),
        (errors.AccessDeniedError("x"), 503),
        (errors.StoreFullError("x"), 507),
        (errors.CustodyError("x"), 500),
    ],
)
def test_each_family_of_errors_has_the_status_that_a_station_understands(error: Exception, status: int) -> None:
    assert status_of(error) == status


def test_a_station_is_told_when_to_come_back_and_not_why_we_are_away() -> None:
    answer = refusal(errors.StoreUnavailableError("the object store at 10.0.0.7 does not answer"))
    assert answer.headers["retry-after"]
    assert b"10.0.0.7" not in bytes(answer.body)


@pytest.mark.parametrize("text", ["", "{}", "[]", '[{"Id": "1"}]', '[{"Id": 1, "Name": "a"}]', "[" * 2000])
def test_categories_that_say_nothing_are_a_wrong_setting(tmp_path: Path, text: str) -> None:
    path = tmp_path / "categories.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match="FIRSTHAND_DOCK_CATEGORIES"):
        read_categories(path)
