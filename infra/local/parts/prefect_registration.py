"""What must the Prefect server know before a flow can run? The pool, the automation, the deployments.

A program of its own, `python -m infra.local.parts.prefect_registration PROJECT POOL`, because importing Prefect takes
seconds, reads its settings once, and must not happen inside the command that starts the stack. Safe to repeat.
"""

import asyncio
import runpy
import sys
from datetime import timedelta
from pathlib import Path

from prefect.automations import Automation
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

SILENT_FOR = timedelta(seconds=90)
"""Three heartbeats missed."""
AUTOMATION = "Crash flow runs whose heart stopped"


def main() -> None:
    """Register everything."""
    project, pool = Path(sys.argv[1]), sys.argv[2]
    asyncio.run(_ensure_pool(pool))
    asyncio.run(_ensure_automation())
    # Prefect's own command, inside this process: its import has been paid for.
    sys.argv = ["prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(project / "infra" / "prefect.yaml")]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


async def _ensure_pool(name: str) -> None:
    async with get_client() as client:
        try:
            await client.read_work_pool(name)
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            await client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))


async def _ensure_automation() -> None:
    """A flow run that stopped without a word (killed together with its worker) would count as running for ever."""
    wanted = Automation(
        name=AUTOMATION,
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENT_FOR,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message="no heartbeat for 90 seconds")],
    )
    try:
        known = await Automation.aread(name=AUTOMATION)
    except ValueError:
        await wanted.acreate()
    else:
        wanted.id = known.id
        await wanted.aupdate()


if __name__ == "__main__":
    main()
