"""Start a deployment and wait for its end, showing how far it is.

Nobody waits for ever: a run that no worker takes, that is taken and never begins, or whose process is gone, ends the
command with an error and is closed, so that it neither begins later nor counts as running.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pipeline.errors
from flows.cli.output import err
from flows.cli.progress import saying
from pipeline.errors import FirsthandError, OrchestratorUnavailableError, SettingsError, UnavailableError

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, State

POLL_S = 1.0
NO_WORKER_S = 30.0
"""Without a worker that says it lives; one that was killed counts as living for three of its heartbeats more."""
NOT_BEGUN_S = 120.0
"""From the worker that takes a run to the run itself: 5 to 20 s of imports, more on a busy machine."""
GONE_S = 30.0
"""Without a sign of the run's process; at its beginning and end there is a moment without one."""
FAILING_S = 60.0
"""In which the Prefect server may go on answering that it failed: on a busy machine its database is late at times."""
PREFECT_TRIES = 3
"""How often Prefect's client asks again, with pauses of 2, 4 and 8 s: enough for a server that is started again."""

SHARD_TAG = "shard-of:"
"""Before the id of the run that handed out its work; `flows.ingest` writes it."""

_RAISED = re.compile(r"exception: (?:\w+\.)*(\w+): (.*)", re.DOTALL)


def run_and_wait(
    deployment: str, parameters: dict[str, Any], *, api_url: str, doing: str, progress: Callable[[], str]
) -> None:
    """Run a deployment on whatever worker takes it, until it ends.

    Interrupting stops the waiting, not the run.

    Args:
        deployment: such as `ingest/ingest`.
        parameters: of its flow.
        api_url: of the Prefect server.
        doing: what to show that is being done.
        progress: says how far it is, from our own records.

    Raises:
        OrchestratorUnavailableError: the Prefect server does not answer, or no worker does.
        SettingsError: there is no such deployment.
        UnavailableError: the run was killed.
        FirsthandError: of the kind that the run ended with.
    """
    os.environ["PREFECT_API_URL"] = api_url
    os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", str(PREFECT_TRIES))
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # Importing Prefect takes seconds and reads the environment; commands that do not run flows should not pay for it.
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    with _our_errors(api_url), saying(doing) as say:
        run = _start(deployment, parameters)
        try:
            with get_client(sync_client=True) as client:
                state = _Waiting(client, run, doing).to_its_end(say, progress)
                for shard in _shards_of(client, run):
                    ended = _Waiting(client, shard, doing).to_its_end(say, progress)
                    state = ended if state.is_completed() else state
        except KeyboardInterrupt:
            err().print(f"The run goes on in the background; run {run.name} shows in the Prefect UI.")
            raise
    if not state.is_completed():
        raise _error_of(state.name or state.type.value, state.message or "", doing)


def _shards_of(client: "SyncPrefectClient", run: "FlowRun") -> "list[FlowRun]":
    """The runs that a run handed its work to, so that the command ends when the work does."""
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags  # noqa: PLC0415  # as above

    tags = FlowRunFilterTags(all_=[f"{SHARD_TAG}{run.id}"])
    return client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=tags))


def _start(deployment: str, parameters: dict[str, Any]) -> "FlowRun":
    from prefect.deployments import run_deployment  # noqa: PLC0415  # as above
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

    try:
        run: Any = run_deployment(deployment, parameters=parameters, timeout=0, as_subflow=False)
    except ObjectNotFound as exc:
        raise SettingsError(
            f"the Prefect server has no deployment {deployment}: `firsthand up` makes it for the local stack; "
            "elsewhere `prefect deploy --all --prefect-file infra/prefect.yaml`"
        ) from exc
    found: FlowRun = run
    return found


@contextmanager
def _our_errors(api_url: str) -> Iterator[None]:
    import httpx  # noqa: PLC0415  # as above

    try:
        yield
    except (httpx.HTTPError, RuntimeError) as exc:
        said = str(exc) or type(exc).__name__
        if isinstance(exc, httpx.HTTPStatusError):
            said = f"{exc.response.status_code} {exc.response.reason_phrase}"
        raise OrchestratorUnavailableError(
            f"the Prefect server at {api_url} does not answer as it should: {said}. "
            "`firsthand status` shows the local one; the run, if it began, goes on."
        ) from exc


@dataclass(slots=True)
class _Patience:
    """For how long without a break something may be wrong."""

    limit_s: float
    since_s: float | None = None

    def ends(self, *, is_wrong: bool) -> bool:
        now_s = time.monotonic()
        if not is_wrong:
            self.since_s = None
        elif self.since_s is None:
            self.since_s = now_s
        return self.since_s is not None and now_s - self.since_s > self.limit_s


class _Waiting:
    """Waits for one run, as long as somebody works on it."""

    def __init__(self, client: "SyncPrefectClient", run: "FlowRun", doing: str) -> None:
        self._client, self._run, self._doing = client, run, doing
        self._no_worker, self._not_begun = _Patience(NO_WORKER_S), _Patience(NOT_BEGUN_S)
        self._gone, self._failing = _Patience(GONE_S), _Patience(FAILING_S)

    def to_its_end(self, say: Callable[[str], None], progress: Callable[[], str]) -> "State[Any]":
        import httpx  # noqa: PLC0415  # as above

        while True:
            try:
                state = self._client.read_flow_run(self._run.id).state
                if state is not None and state.is_final():
                    return state
                say(progress() if state is not None and state.is_running() else "waiting for a worker")
                self._give_up_if_hopeless(state)
                self._failing.ends(is_wrong=False)
            except httpx.HTTPStatusError as exc:
                if not exc.response.is_server_error or self._failing.ends(is_wrong=True):
                    raise
            time.sleep(POLL_S)

    def _give_up_if_hopeless(self, state: "State[Any] | None") -> None:
        from prefect.states import Cancelled, Crashed  # noqa: PLC0415  # as above

        from flows.presence import is_present  # noqa: PLC0415  # as above

        is_running = state is not None and state.is_running()
        is_taken = state is not None and state.is_pending()
        if self._no_worker.ends(is_wrong=not is_running and not self._has_worker()):
            self._close(Cancelled(message="no worker took it"))
            raise OrchestratorUnavailableError(
                f"{self._doing} did not begin: no worker is running. `firsthand up` starts the local one, "
                "`prefect worker start --pool firsthand` another. Then run the same command again."
            )
        if self._not_begun.ends(is_wrong=is_taken):
            self._close(Cancelled(message="taken by a worker and not begun"))
            raise UnavailableError(
                f"{self._doing} did not begin: a worker took run {self._run.name} {NOT_BEGUN_S:.0f} s ago and has not "
                "started it; it was killed, or is very slow. Run the same command again."
            )
        if self._gone.ends(is_wrong=is_running and not is_present(str(self._run.id))):
            self._close(Crashed(message="its process is gone"))
            raise UnavailableError(
                f"{self._doing} was killed: the process of run {self._run.name} is gone, and so is the worker that "
                "would have told. `firsthand up` starts the local one. Then run the same command again."
            )

    def _has_worker(self) -> bool:
        pool = self._run.work_pool_name
        if pool is None:
            return True  # nobody knows who would take it
        workers = self._client.read_workers_for_work_pool(pool)
        return any(worker.status == "ONLINE" for worker in workers)

    def _close(self, state: "State[Any]") -> None:
        run_id: UUID = self._run.id
        self._client.set_flow_run_state(run_id, state, force=True)


def _error_of(state: str, message: str, doing: str) -> FirsthandError:
    """The error that a run ended with, found again by its name."""
    found = _RAISED.search(message)
    if found:
        kind = getattr(pipeline.errors, found[1], None)
        if isinstance(kind, type) and issubclass(kind, FirsthandError):
            return kind(found[2])
        return FirsthandError(f"{doing} ended in a fault of ours: {found[1]}: {found[2]}. The Prefect UI has its log.")
    reason = message.rstrip(".") or "no reason given"
    return UnavailableError(f"{doing} ended as {state}: {reason}. Run the same command again.")
