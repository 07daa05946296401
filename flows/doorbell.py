"""Who starts collecting when Label Studio rings?

Label Studio calls a webhook once, waits a second and never calls again: it can only say that there is something to
read. So nothing is read from a ring, not even who rang, beyond a word that both know. A ring is answered at once and
started afterwards; rings within a few seconds start one run, and none where a run waits to begin. A ring that is lost
costs nothing: the schedule reads everything anyway.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.domain.doorbell import HEADER

log = structlog.get_logger()

DEPLOYMENT: Final = "annotate/annotate"
TAG: Final = "doorbell"
"""Of the runs that rings start, and by which those that wait are found."""
QUIET_S: Final = 10.0
"""How long after a run was started rings only add up to the next one."""
AGAIN_S: Final = 30.0
"""After this a run is asked for again, when the Prefect server did not take it."""

Start = Callable[[], Awaitable[None]]


async def start_collecting() -> None:
    """Ask Prefect for a run that collects, unless one waits to begin: that one will find everything."""
    async with get_client() as client:
        deployment = await client.read_deployment_by_name(DEPLOYMENT)
        waiting = await client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED, StateType.PENDING])),
                tags=FlowRunFilterTags(all_=[TAG]),
            ),
            limit=1,
        )
        if not waiting:
            await client.create_flow_run_from_deployment(
                deployment.id, parameters={"only": "collect", "thorough": False}, tags=[TAG]
            )


def build(
    secret: str, *, start: Start = start_collecting, quiet_s: float = QUIET_S, again_s: float = AGAIN_S
) -> Starlette:
    """The door, to be served by any ASGI server.

    Args:
        secret: what whoever rings must know.
        start: what is done when somebody rang.
        quiet_s: how long after a start rings only add up to the next one.
        again_s: how long to wait after a start that failed.
    """
    rung = asyncio.Event()

    async def ring(request: Request) -> Response:
        known = request.headers.get(HEADER, "")
        if not hmac.compare_digest(known.encode(), secret.encode()):
            return Response(status_code=403)
        rung.set()
        return Response(status_code=204)

    async def answer() -> None:
        while True:
            await rung.wait()
            rung.clear()
            try:
                await start()
                log.info("doorbell_answered")
                await asyncio.sleep(quiet_s)
            except Exception as error:  # noqa: BLE001  # whatever Prefect's client raises: the ring is not forgotten
                log.warning("doorbell_not_answered", error=type(error).__name__)
                rung.set()
                await asyncio.sleep(again_s)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        answering = asyncio.create_task(answer())
        yield
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering

    return Starlette(routes=[Route("/", ring, methods=["POST"])], lifespan=lifespan)
