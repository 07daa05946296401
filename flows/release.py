"""select > encode > seal > publish: labelled clips become a numbered release that partners can pull.

Clips are encoded by a task for each recording. More recordings than `SHARD_RECORDINGS` are handed out to runs of the
deployment `encode`, so that several workers share them; whichever run finds everything encoded seals and publishes.
"""

from typing import Any, cast
from uuid import UUID

from prefect import flow, task
from prefect.deployments import run_deployment
from prefect.futures import PrefectFuture, wait
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.opening import open_recording
from flows.outcome import raise_worst
from flows.presence import present
from flows.retry import POLICY
from pipeline.domain.clip_recipe import RELEASED_BY_DEFAULT
from pipeline.domain.ids import ClipId, RecordingId, ReleaseId
from pipeline.lookup import waiting
from pipeline.steps.encode import encode_clips
from pipeline.steps.publish import publish_release
from pipeline.steps.seal import seal_release
from pipeline.steps.select import select_clips
from pipeline.workbench import ingest_jobs, open_workbench

SHARD_RECORDINGS = 50
"""Recordings in one flow run: full-size encoding of one takes a minute of processor and more for each clip."""

# The decorator's type names the base class of what every runner here makes.
THREADS = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=ingest_jobs()))


@flow(name="release", task_runner=THREADS)
def release(name: str, version: str, annotators_min: int = 1, recipes: list[str] | None = None) -> None:
    """Make and publish one release; one that was begun is finished as it was begun."""
    with present():
        release_id = select(name, version, annotators_min, list(recipes or RELEASED_BY_DEFAULT))
        left = left_to_encode(release_id)
        if len(left) > SHARD_RECORDINGS:
            _hand_out(release_id, left)
            return
        _encode_all(release_id, left)
        _finish(release_id)


@flow(name="encode", task_runner=THREADS)
def encode(release_id: str, recordings: list[str]) -> None:
    """Make what a release is to hold of these recordings; the run that comes last finishes the release."""
    with present():
        _encode_all(release_id, recordings)
        if not left_to_encode(release_id):
            _finish(release_id)


def left_to_encode(release_id: str) -> list[str]:
    """Recordings of which something is still to be made for a release."""
    found = waiting.clips_to_encode(open_workbench().db, ReleaseId(UUID(release_id)))
    return [str(recording_id) for recording_id in found]


def _hand_out(release_id: str, recordings: list[str]) -> None:
    """Start one run per shard and wait for none, so that a single worker cannot wait for itself."""
    for first in range(0, len(recordings), SHARD_RECORDINGS):
        run_deployment(
            "encode/encode",
            parameters={"release_id": release_id, "recordings": recordings[first : first + SHARD_RECORDINGS]},
            tags=[f"shard-of:{flow_run.get_id()}"],
            idempotency_key=f"{flow_run.get_id()}:{first}",
            timeout=0,
        )


def _encode_all(release_id: str, recordings: list[str]) -> None:
    futures = [encode_recording.submit(release_id, recording_id) for recording_id in recordings]
    wait(futures)
    raise_worst(futures, of="recordings")


def _finish(release_id: str) -> None:
    seal(release_id)
    publish(release_id)


@task(task_run_name="recording-{recording_id}", **POLICY)
def encode_recording(release_id: str, recording_id: str) -> None:
    """Make what a release is to hold of the clips of one recording."""
    bench = open_workbench()
    named, of_recording = ReleaseId(UUID(release_id)), RecordingId(UUID(recording_id))
    with bench.db.exclusive(f"recording:{recording_id}"):
        clip_ids: list[ClipId] = waiting.clips_to_encode(bench.db, named).get(of_recording, [])
        if not clip_ids:
            return
        open_recording(of_recording)
        encode_clips(
            clip_ids,
            waiting.recipes_of(bench.db, named),
            release_id=named,
            working_bucket=bench.settings.s3_working_bucket,
            store=bench.store,
            scratch=bench.scratch,
            maker=bench.maker,
            db=bench.db,
            clock=bench.clock,
        )


@task(**POLICY)
def select(name: str, version: str, annotators_min: int, recipes: list[str]) -> str:
    """Choose the clips of the release, each refusal with its reason."""
    bench = open_workbench()
    return str(
        select_clips(
            name,
            version,
            annotators_min=annotators_min,
            recipes=recipes,
            taxonomy=bench.taxonomy,
            db=bench.db,
            clock=bench.clock,
        )
    )


@task(**POLICY)
def seal(release_id: str) -> None:
    """Freeze members and labels into a manifest."""
    bench = open_workbench()
    seal_release(
        ReleaseId(UUID(release_id)),
        taxonomy=bench.taxonomy,
        working_bucket=bench.settings.s3_working_bucket,
        store=bench.store,
        db=bench.db,
        clock=bench.clock,
    )


@task(**POLICY)
def publish(release_id: str) -> None:
    """Bring the files to where partners read, the manifest last."""
    bench = open_workbench()
    publish_release(
        ReleaseId(UUID(release_id)),
        working_bucket=bench.settings.s3_working_bucket,
        releases_bucket=bench.settings.s3_releases_bucket,
        reader=bench.settings.s3_release_reader,
        store=bench.store,
        scratch=bench.scratch,
        db=bench.db,
        clock=bench.clock,
    )
