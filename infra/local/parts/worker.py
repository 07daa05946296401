"""How do flows run here? One Prefect worker that starts each flow run as a process of its own."""

import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import httpx

from infra.local.files import private_folder
from infra.local.parts.part import NotAnsweringError, Part, Say, command
from infra.local.parts.prefect import POOL, api_url, client_environment
from infra.local.process import Command, find
from infra.local.site import Site

CHECK_TIMEOUT_S = 10.0
QUERY_S = 2
"""How often it asks for work; Prefect's own ten seconds are most of the time of a short flow run."""
HEARTBEAT_S = 10
RUNS_MAX = 2
"""Flow runs at once: each already fills the processors, and one that waits must not keep the others out."""


class Worker(Part):
    """The worker of the one pool."""

    name: ClassVar[str] = "worker"
    needs: ClassVar[tuple[str, ...]] = ("prefect",)
    stop_within_s: ClassVar[float] = 30.0

    def prepare(self, site: Site, say: Say) -> None:  # noqa: ARG002  # the shape of every part
        """Make its folder for temporary files, and empty it of what killed flow runs left there.

        Prefect writes the whole environment of a run, our secrets included, into a temporary file.
        """
        record = site.state.processes.get(self.name)
        if record is None or find(record) is None:
            shutil.rmtree(_temporary(site), ignore_errors=True)
        private_folder(_temporary(site))

    def commands(self, site: Site) -> tuple[Command, ...]:
        """One worker; flow runs are its children, and carry its mark."""
        argv = [sys.executable, "-m", "prefect", "--no-prompt", "worker", "start", "--pool", POOL, "--type", "process"]
        env = {
            **client_environment(site),
            "TMPDIR": str(_temporary(site)),
            "PREFECT_WORKER_QUERY_SECONDS": str(QUERY_S),
            "PREFECT_WORKER_HEARTBEAT_SECONDS": str(HEARTBEAT_S),
        }
        argv += ["--limit", str(RUNS_MAX)]
        name = f"worker-{site.state.stack_id}"
        return (command("worker", argv=[*argv, "--name", name], env=env, cwd=site.project),)

    def check(self, site: Site) -> None:
        """Ask the server whether it has heard from the worker since this one was started."""
        record = site.state.processes.get("worker")
        try:
            answer = httpx.post(f"{api_url(site)}/work_pools/{POOL}/workers/filter", json={}, timeout=CHECK_TIMEOUT_S)
            answer.raise_for_status()
            beats = [
                datetime.fromisoformat(worker["last_heartbeat_time"]).timestamp()
                for worker in answer.json()
                if worker["name"] == f"worker-{site.state.stack_id}" and worker["status"] == "ONLINE"
            ]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as exc:
            raise NotAnsweringError(f"/api/work_pools: {exc}") from exc
        if record is None or not any(beat >= record.started_at for beat in beats):
            raise NotAnsweringError("the Prefect server has not heard from it yet")

    def url(self, site: Site) -> str:
        """The page of its pool."""
        return f"{site.url('prefect')}/work-pools/work-pool/{POOL}"


def _temporary(site: Site) -> Path:
    return site.home / "prefect" / "tmp"
