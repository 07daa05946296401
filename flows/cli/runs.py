"""Start a deployment and wait for its end, showing how far it is."""

import os
import re
import time
from collections.abc import Callable
from typing import Any

import pipeline.errors
from flows.cli.output import err
from flows.cli.progress import saying
from pipeline.errors import FirsthandError, OrchestratorUnavailableError, SettingsError, UnavailableError

POLL_S = 1.0
NO_WORKER_AFTER_S = 60.0
"""A worker takes 5 to 20 s to start a run; after this long it is more likely that there is none."""

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
        OrchestratorUnavailableError: the Prefect server does not answer.
        SettingsError: there is no such deployment.
        FirsthandError: of the kind that the run ended with.
    """
    os.environ["PREFECT_API_URL"] = api_url
    # Importing Prefect takes seconds and reads the URL; commands that do not run flows should not pay for it.
    import httpx  # noqa: PLC0415
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.deployments import run_deployment  # noqa: PLC0415
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

    try:
        run: Any = run_deployment(deployment, parameters=parameters, timeout=0, as_subflow=False)
        with get_client(sync_client=True) as client, saying(doing) as say:
            began = time.monotonic()
            while True:
                state = client.read_flow_run(run.id).state
                if state is not None and state.is_final():
                    break
                waiting = state is None or state.is_scheduled() or state.is_pending()
                if waiting and time.monotonic() - began > NO_WORKER_AFTER_S:
                    say(f"no worker has taken run {run.name} yet: is one running? See `firsthand status`.")
                else:
                    say("waiting for a worker" if waiting else progress())
                time.sleep(POLL_S)
    except ObjectNotFound as exc:
        raise SettingsError(
            f"the Prefect server has no deployment {deployment}: `firsthand up` makes it for the local stack; "
            "elsewhere `prefect deploy --all --prefect-file infra/prefect.yaml`"
        ) from exc
    except (httpx.TransportError, RuntimeError) as exc:
        raise OrchestratorUnavailableError(
            f"the Prefect server at {api_url} does not answer: {exc}. "
            "`firsthand status` shows the local one; the run, if it began, goes on."
        ) from exc
    except KeyboardInterrupt:
        err().print(f"The run goes on in the background; run {run.name} shows in the Prefect UI.")
        raise
    if not state.is_completed():
        raise _error_of(state.name or state.type.value, state.message or "", doing)


def _error_of(state: str, message: str, doing: str) -> FirsthandError:
    """The error that a run ended with, found again by its name."""
    found = _RAISED.search(message)
    if found:
        kind = getattr(pipeline.errors, found[1], None)
        if isinstance(kind, type) and issubclass(kind, FirsthandError):
            return kind(found[2])
        return UnavailableError(
            f"{doing} ended in a fault of ours: {found[1]}: {found[2]}. The Prefect UI has its log."
        )
    return UnavailableError(f"{doing} ended as {state}: {message or 'no reason given'}. Run the same command again.")
