"""What is said when several things failed at once."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from flows.outcome import raise_first
from pipeline.errors import StoreUnavailableError


def fail(said: str) -> None:
    raise StoreUnavailableError(said)


def test_of_threads_that_fail_side_by_side_the_first_is_raised_and_the_others_are_told() -> None:
    with ThreadPoolExecutor(3) as pool:
        found: list[Future[Any]] = [pool.submit(print, end=""), pool.submit(fail, "one"), pool.submit(fail, "two")]
    with pytest.raises(StoreUnavailableError, match="one") as raised:
        raise_first(found)
    assert raised.value.__notes__ == ["beside it: two"]


def test_where_all_went_well_nothing_is_raised() -> None:
    with ThreadPoolExecutor(1) as pool:
        found: list[Future[Any]] = [pool.submit(print, end="")]
    raise_first(found)
