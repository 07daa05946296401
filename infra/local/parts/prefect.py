"""How does the Prefect server run here?

On our Postgres, on the loopback, its analytics off. Its task runs are recorded in batches (one by one the recorder
falls behind by minutes), old runs and events are removed, and a flow run whose heart stopped is marked as crashed.
The work pool and the deployments of `infra/prefect.yaml` are registered when that file or a flow changed.
"""

import hashlib
import sys
from pathlib import Path
from typing import ClassVar

import httpx

from infra.local.env_files import pipeline_settings
from infra.local.files import private_folder
from infra.local.parts.databases import renew_database
from infra.local.parts.part import NotAnsweringError, Part, Say, command
from infra.local.ports import LOOPBACK
from infra.local.process import Command, run_once
from infra.local.site import Site

POOL = "firsthand"
HEARTBEAT_S = 30
"""How often a flow run says that it lives."""
CHECK_TIMEOUT_S = 10.0
REGISTRATION_MARK = "prefect-registration"


class PrefectServer(Part):
    """The orchestration server, with its work pool and deployments."""

    name: ClassVar[str] = "prefect"
    needs: ClassVar[tuple[str, ...]] = ("postgres",)
    ports: ClassVar[tuple[str, ...]] = ("prefect",)
    start_within_s: ClassVar[float] = 180.0

    def prepare(self, site: Site, say: Say) -> None:
        """Make its folder."""
        private_folder(site.home / "prefect")
        if self.name not in site.state.marks:
            say("the first start migrates its database")

    def commands(self, site: Site) -> tuple[Command, ...]:
        """One server, its services inside."""
        where = ["--host", LOOPBACK, "--port", str(site.state.port("prefect"))]
        argv = [sys.executable, "-m", "prefect", "--no-prompt", "server", "start", *where]
        return (command("prefect", argv=[*argv], env=_server_environment(site), cwd=site.home / "prefect"),)

    def check(self, site: Site) -> None:
        """Ask for its health."""
        try:
            httpx.get(f"{api_url(site)}/health", timeout=CHECK_TIMEOUT_S).raise_for_status()
        except httpx.HTTPError as exc:
            raise NotAnsweringError(f"/api/health: {exc}") from exc

    def furnish(self, site: Site, say: Say) -> None:
        """Register the pool, the deployments and the automation, if anything about them changed."""
        wanted = _digest(site)
        if site.state.marks.get(REGISTRATION_MARK) == wanted and _pool_is_there(site):
            return
        say("registering the flows")
        argv = [sys.executable, "-m", "infra.local.parts.prefect_registration", str(site.project), POOL]
        env = client_environment(site)
        log = site.log(self.name)
        run_once(
            "the registration of the flows", argv, env=env, cwd=site.project, stack_id=site.state.stack_id, log=log
        )
        site.state.mark(REGISTRATION_MARK, wanted)

    def clear(self, site: Site) -> None:
        """Make its database anew."""
        renew_database(site, "prefect")


def api_url(site: Site) -> str:
    """Address of the Prefect API."""
    return f"{site.url('prefect')}/api"


def client_environment(site: Site) -> dict[str, str]:
    """The environment of a program that talks to the server and imports our flows: the worker, the registration."""
    return {
        **site.environment(),
        **pipeline_settings(site),
        "FIRSTHAND_HOME": str(site.home),
        "PYTHONPATH": str(site.project),
        "FIRSTHAND_PROJECT": str(site.project),
        "PREFECT_HOME": str(site.home / "prefect"),
        "PREFECT_API_URL": api_url(site),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_S),
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    }


def _server_environment(site: Site) -> dict[str, str]:
    port = str(site.state.port("prefect"))
    return {
        **site.environment(),
        **site.nothing_outside(),
        "PREFECT_HOME": str(site.home / "prefect"),
        "PREFECT_SERVER_API_HOST": LOOPBACK,
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_API_URL": api_url(site),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": site.database_url("prefect", driver="postgresql+asyncpg"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # One row at a time, the default, records 47 task runs a second; a flow is long done before it is all recorded.
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "2",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P7D",
    }


def _pool_is_there(site: Site) -> bool:
    try:
        return httpx.get(f"{api_url(site)}/work_pools/{POOL}", timeout=CHECK_TIMEOUT_S).is_success
    except httpx.HTTPError as exc:
        raise NotAnsweringError(f"/api/work_pools: {exc}") from exc


def _digest(site: Site) -> str:
    """Digest of everything that the server is told: a flow file too, because its parameters are."""
    digest = hashlib.sha256(str(site.project).encode())
    registration = Path(__file__).with_name("prefect_registration.py")
    for file in [site.project / "infra" / "prefect.yaml", registration, *sorted((site.project / "flows").glob("*.py"))]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
