"""Which errors are worth another try? The single table of that kind.

The world may come back (`UnavailableError`): try again, with growing pauses. Footage, evidence, rules and settings do
not change by waiting: no retry.
"""

from typing import Any, TypedDict

from prefect import State, Task
from prefect.cache_policies import NO_CACHE

from pipeline.errors import UnavailableError

RETRIES = 3
PAUSES_S = [2.0, 10.0, 30.0]


def is_worth_retrying(task: Task[..., Any], task_run: Any, state: State[Any]) -> bool:  # noqa: ARG001  # Prefect's shape
    """Whether the failure that a task ended with may go away by itself."""
    try:
        state.result(raise_on_failure=True)
    except UnavailableError:
        return True
    except Exception:  # noqa: BLE001  # every other failure, of whatever kind, is not worth a retry
        return False
    return False


class TaskPolicy(TypedDict):
    """The options that every task of ours is made with."""

    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Any
    cache_policy: Any
    persist_result: bool


POLICY: TaskPolicy = {
    "retries": RETRIES,
    "retry_delay_seconds": PAUSES_S,
    "retry_jitter_factor": 0.3,
    "retry_condition_fn": is_worth_retrying,
    # What is done is known from our own records; Prefect's cache would only be a second, weaker memory.
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
