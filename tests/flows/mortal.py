"""Runs the work of our flows in processes that die where a test says: `python -m tests.flows.mortal`.

An act changes the world outside: an object is put, a transaction that wrote is committed, something is changed in Label
Studio, an ffmpeg is started. From the end of one act to the end of the next the world stays as it is, so that dying
after each act is dying at every boundary there is.

Everything is imported once. Each line of standard input is a job, done in a fork of its own; each line of standard
output says how that fork ended.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import botocore.client
import httpx
import sqlalchemy as sa
import uvicorn
from sqlalchemy.orm import Session

from flows import annotate, audit, ingest, looking, release
from pipeline.dock import Reception, Tokens, build
from pipeline.domain import taxonomies
from pipeline.domain.ids import CameraSerial, ExerciseId, UploadId
from pipeline.domain.labels import Taxonomy
from pipeline.domain.version import Version
from pipeline.logs import configure_logs
from pipeline.lookup.outdated import find_outdated
from pipeline.steps import preserve, upload
from pipeline.workbench import open_workbench
from tests.dock.station import KEY, USER

PUTS = {"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True)
class Job:
    """What one process is to do, and when it is to die."""

    stage: str
    environment: dict[str, str]
    acts: str
    """Where it writes the names of its acts, a line each."""
    dies_after: int | None = None
    """The number of the act after which it is killed."""
    dies_at_s: float | None = None
    """How long after its start it is killed, wherever it is then."""
    parameters: tuple[str, ...] = ()
    taxonomy_patch: int | None = None
    """Another version of the taxonomy, and with it a Label Studio project that nobody else has."""

    def to_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"


class Acts:
    """Counts what was done, and dies when it is time."""

    def __init__(self, path: Path, dies_after: int | None) -> None:
        self._file = path.open("a")
        self._dies_after = dies_after
        self._count = 0
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        with self._lock:
            self._count += 1
            self._file.write(f"{name}\n")
            self._file.flush()
            if self._count == self._dies_after:
                os.kill(os.getpid(), signal.SIGKILL)


def watch(acts: Acts) -> None:
    """From now on, see every act of this process, there where it leaves our hands."""
    call = vars(botocore.client.BaseClient)["_make_api_call"]
    send, start = httpx.Client.send, subprocess.Popen.__init__

    def watched_call(self: Any, operation: str, arguments: Any) -> Any:
        answer = call(self, operation, arguments)
        if operation in PUTS:
            acts.add("put")
        return answer

    def watched_send(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        answer = send(self, request, **options)
        if request.method in CHANGES:
            acts.add("change")
        return answer

    def watched_start(self: Any, argv: list[str], **options: Any) -> None:
        start(self, argv, **options)
        if any(word.endswith("/ffmpeg") for word in argv) and "-i" in argv:
            acts.add("ffmpeg")

    patch.object(botocore.client.BaseClient, "_make_api_call", watched_call).start()
    patch.object(httpx.Client, "send", watched_send).start()
    patch.object(subprocess.Popen, "__init__", watched_start).start()
    _watch_transactions(acts)


def _watch_transactions(acts: Acts) -> None:
    wrote = threading.local()

    @sa.event.listens_for(sa.Engine, "after_cursor_execute")
    def see(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        wrote.anything = getattr(wrote, "anything", False) or statement.lstrip().upper().startswith("INSERT")

    @sa.event.listens_for(Session, "after_commit")
    def kept(_session: Any) -> None:
        if getattr(wrote, "anything", False):
            wrote.anything = False
            acts.add("record")


def _ingest() -> None:
    small, waiting = ingest.receive(None)
    ingest.keep_small.fn(small)
    ingest.hear_companions.fn()
    for upload_id in waiting:
        ingest.ingest_upload.fn(upload_id)
    _look_again()


def _look_again() -> None:
    bench = open_workbench()
    found = find_outdated(bench.db, bench.listener)
    for rendition_id in found.to_hear:
        looking.listen_again.fn(str(rendition_id))
    for rendition_id in found.to_assess:
        looking.assess_again.fn(str(rendition_id))
    for exercise_id in found.to_align:
        looking.align_one.fn(exercise_id)


def _release(name: str, version: str, *recipes: str) -> None:
    release_id = release.select.fn(name, version, 2, list(recipes))
    for recording_id in release.left_to_encode(release_id):
        release.encode_recording.fn(release_id, recording_id)
    release.seal.fn(release_id)
    release.publish.fn(release_id)


def _send(folder: str) -> None:
    bench = open_workbench()
    upload.send_upload(
        upload.plan_upload([Path(folder)], bench.naming),
        exercise=ExerciseId("EX-POWER"),
        camera=CameraSerial("POWER-1"),
        bucket=bench.settings.s3_intake_bucket,
        store=bench.store,
        jobs=2,
        clock=bench.clock,
    )


def _dock(port: str) -> None:
    bench = open_workbench()
    reception = Reception(bench.settings.s3_intake_bucket, bench.store, bench.db, bench.clock)
    app = build(reception, Tokens(USER, KEY, bench.clock), categories=b"[]")
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


def _keep() -> None:
    bench = open_workbench()
    small, waiting = ingest.receive(None)
    ingest.keep_small.fn(small)
    for upload_id in waiting:
        preserve.preserve_upload(
            UploadId(UUID(upload_id)),
            originals_bucket=bench.settings.s3_originals_bucket,
            store=bench.store,
            scratch=bench.scratch,
            db=bench.db,
            clock=bench.clock,
        )


STAGES: dict[str, Callable[..., None]] = {
    "ingest": _ingest,
    "look_again": _look_again,
    "send": _send,
    "keep": _keep,
    "dock": _dock,
    "submit": annotate.submit.fn,
    "collect": annotate.collect.fn,
    "release": _release,
    "audit": audit.verify.fn,
}
"""What the flows do, without Prefect in between."""


def taxonomy_with(patch: int) -> Taxonomy:
    """The current taxonomy under a version that nobody else has, and so with a Label Studio project of its own."""
    return replace(taxonomies.load(), version=Version(9, 9, patch))


def do(job: Job) -> None:
    os.environ.update(job.environment)
    if job.dies_after is not None:
        os.environ["FIRSTHAND_INGEST_JOBS"] = "1"  # of two acts at once, nobody knows which was the last
    configure_logs()
    bench = open_workbench()
    if job.taxonomy_patch is not None:
        bench.taxonomy = taxonomy_with(job.taxonomy_patch)
    watch(Acts(Path(job.acts), job.dies_after))
    STAGES[job.stage](*job.parameters)


def _end_of(pid: int, dies_at_s: float | None) -> int:
    """How a child ended, by itself or at its time."""
    if dies_at_s is not None:
        until = time.monotonic() + dies_at_s
        while time.monotonic() < until:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return status
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def main() -> None:
    for line in sys.stdin:
        job = Job(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            try:
                do(job)
            except BaseException:  # noqa: BLE001  # whatever it was, the parent is told and judges
                traceback.print_exc()
                sys.exit(1)
            sys.exit(0)
        status = _end_of(pid, job.dies_at_s)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
