"""How does a flow end when some of its tasks failed? The rest went on; the run still says so, with the worst error."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from prefect.futures import PrefectFuture

from pipeline.errors import CustodyError, FirsthandError, UnavailableError


def raise_first(futures: Sequence[Future[Any]]) -> None:
    """Wait for threads that worked side by side; raise the first failure, and note the others."""
    failures = [failure for one in futures if (failure := one.exception()) is not None]
    if failures:
        for other in failures[1:]:
            failures[0].add_note(f"beside it: {other}")
        raise failures[0]


def raise_worst(futures: Sequence[PrefectFuture[Any]], *, of: str) -> None:
    """Raise for the tasks that failed; evidence that changed comes first, then whatever came first.

    Raises:
        FirsthandError: of the family of the worst failure, saying how many of how many failed.
    """
    failures: list[BaseException] = []
    for future in futures:
        result = future.state.result(raise_on_failure=False) if future.state.is_final() else None
        if isinstance(result, BaseException):
            failures.append(result)
        elif not future.state.is_completed():
            failures.append(UnavailableError(f"a task ended as {future.state.name}"))
    if not failures:
        return
    worst = next((failure for failure in failures if isinstance(failure, CustodyError)), failures[0])
    kind = type(worst) if isinstance(worst, FirsthandError) else FirsthandError
    raise kind(f"{len(failures)} of {len(futures)} {of} did not finish. The first: {worst}") from worst
