"""What does the whole ingest of a recording cost, with everything that belongs to it?

A local stack in a temporary home: Postgres, the object store, the Prefect server; no worker. Each run has a database
and buckets of its own, because footage that came before is not ingested again. The source is uploaded and the flow run
created before the clock starts. Then the process runs that a worker starts for a flow run, measured with everything
that it starts; what the servers use meanwhile is counted beside it.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from infra.local import Stack
from infra.local.parts.databases import connect
from infra.local.parts.prefect import api_url, client_environment
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.records import clips
from pipeline.records.footage import all_recordings
from pipeline.records.migrate import upgrade
from pipeline.steps.upload import plan_upload, send_upload
from pipeline.workbench import Workbench
from tests.bench.contender import CLIPS, Measured
from tests.bench.measure import ROOT, Cost, cost_of
from tests.bench.progress import say
from tests.bench.servers import servers_cpu_s, used_between
from tests.bench.source import Source
from tests.benches import Benches, environment_of
from tests.databases import Databases
from tests.stack_fixtures import SessionStack, watchdog

SETTLE_S = 3.0
"""The Prefect server writes what it was told every two seconds."""
ANSWER_S = 60.0


class Ingests:
    """Ingests on one stack."""

    def __init__(self, stack: SessionStack, benches: Benches) -> None:
        self._stack = stack
        self._benches = benches

    def run(self, source: Source, folder: Path) -> Measured:
        """Ingest a source that was just uploaded, and fetch its clips.

        Raises:
            RuntimeError: it did not end well, or made no clips.
        """
        bench = self._benches.make(folder / "scratch")
        _upload(bench, source.path)
        site = self._stack.stack._site()
        flow_run_id = self._created()
        env = client_environment(site) | environment_of(bench)
        # The settings of the machine, not of the test's bench: as many at once as there are processors.
        env |= {"FIRSTHAND_INGEST_JOBS": str(os.cpu_count() or 1), "PREFECT__FLOW_RUN_ID": flow_run_id}
        time.sleep(SETTLE_S)
        before = servers_cpu_s(site)
        cost = cost_of([sys.executable, "-m", "prefect.engine"], env=env)
        time.sleep(SETTLE_S)
        servers = used_between(before, servers_cpu_s(site))
        self._ended_well(flow_run_id)
        _fetch(bench, folder / CLIPS)
        return Measured(cost, sum(servers.values()))

    def imports(self) -> Cost:
        """What it costs that Prefect and the flow are loaded."""
        env = client_environment(self._stack.stack._site())
        return cost_of([sys.executable, "-c", "import prefect.engine, prefect.flow_engine, flows.ingest"], env=env)

    def _created(self) -> str:
        api = api_url(self._stack.stack._site())
        deployment = httpx.get(f"{api}/deployments/name/ingest/ingest", timeout=ANSWER_S).raise_for_status().json()
        url = f"{api}/deployments/{deployment['id']}/create_flow_run"
        made = httpx.post(url, json={"parameters": {}}, timeout=ANSWER_S).raise_for_status().json()
        return str(made["id"])

    def _ended_well(self, flow_run_id: str) -> None:
        url = f"{api_url(self._stack.stack._site())}/flow_runs/{flow_run_id}"
        state = httpx.get(url, timeout=ANSWER_S).raise_for_status().json()["state"]
        if state["type"] != "COMPLETED":
            raise RuntimeError(f"the ingest ended as {state['type']}: {state.get('message')}")


@contextmanager
def ingests() -> Iterator[Ingests]:
    """A stack for ingests, gone in the end, also when this process is killed."""
    tools = Path(os.environ.get("FIRSTHAND_TOOLS") or ROOT / ".tools")
    with tempfile.TemporaryDirectory(prefix="firsthand-bench-") as place:
        stack = SessionStack(Stack(Path(place) / "home", tools, ROOT, migrate=upgrade))
        with watchdog(stack.home, tools):
            try:
                say("starting Postgres, the object store and Prefect")
                stack.ensure("postgres", "s3", "prefect")
                databases = Databases(stack)
                with connect(stack.stack._site()) as connection:
                    # Tests do without; what is measured writes to the disk as in production.
                    connection.execute("ALTER SYSTEM RESET fsync")
                    connection.execute("SELECT pg_reload_conf()")
                benches = Benches(stack, databases)
                try:
                    yield Ingests(stack, benches)
                finally:
                    benches.close()
                    databases.close()
            finally:
                stack.stack.reset(stack.told.append)


def _upload(bench: Workbench, path: Path) -> None:
    (sent,) = send_upload(
        plan_upload([path], bench.naming),
        exercise=ExerciseId("EX-BENCH"),
        camera=CameraSerial("BENCH-1"),
        bucket=bench.settings.s3_intake_bucket,
        store=bench.store,
        jobs=4,
        clock=bench.clock,
    )
    if sent.outcome != "sent":
        raise RuntimeError(f"expected the source to be sent, it was {sent.outcome}: {sent.problem}")


def _fetch(bench: Workbench, folder: Path) -> None:
    """The viewing clips, in order."""
    folder.mkdir()
    with bench.db.begin() as session:
        (recording,) = all_recordings(session)
        of_it = clips.clips_of(session, recording.recording_id)
        made = [clips.rendition_of_clip(session, clip.clip_id) for clip in of_it]
    if not made:
        raise RuntimeError("the ingest made no clips")
    for number, clip in enumerate(made):
        bench.store.fetch(clip.at.bucket, clip.at.key, folder / f"{number:05d}.mp4", expect=clip.digest)
