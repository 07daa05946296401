"""receive > preserve > probe > assemble > compare > render > compare > listen, assess > cut: from intake to clips.

Small files, footage and what belongs to it, are preserved in batches first: a folder of thousands is safe long before
the last of it is a clip.

One task per upload carries it through all stages, because each stage is recorded in our own database and a killed
run goes on from there. More uploads than `SHARD_UPLOADS` are handed out to further runs of this same deployment, so
that several workers share them; uploads are taken once, whoever gets to them first.

Chapters of one recording are preserved and probed by a task each; the task that comes last assembles the recording and
carries it on.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from uuid import UUID

from prefect import flow, task
from prefect.deployments import run_deployment
from prefect.futures import PrefectFuture, wait
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.looking import assess, listen, look_again
from flows.opening import open_original, open_recording
from flows.outcome import raise_first, raise_worst
from flows.presence import present
from flows.retry import POLICY
from pipeline.domain.ids import RecordingId, RenditionId, UploadId
from pipeline.errors import DamagedMediaError, QuarantinedError, RejectedInputError
from pipeline.steps.assemble import assemble_series
from pipeline.steps.assign import assign_uploads
from pipeline.steps.compare import compare_pictures, compare_streams
from pipeline.steps.cut import cut_rendition
from pipeline.steps.describe import describe_companions, describe_original
from pipeline.steps.preserve import preserve_small, preserve_upload
from pipeline.steps.probe import probe_original
from pipeline.steps.quarantine import quarantine_recording, quarantine_upload
from pipeline.steps.receive import receive_uploads
from pipeline.steps.render import render_recording
from pipeline.steps.survey import survey_recording
from pipeline.workbench import ingest_jobs, open_workbench

SHARD_UPLOADS = 200
"""Uploads in one flow run: starting a run takes 10 to 20 s, which this many make negligible."""

BATCH_SMALL = 1000
"""Small files in one task: they are many, and a task costs as much as keeping several."""


# The decorator's type names the base class of what every runner here makes.
UPLOAD_THREADS = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=ingest_jobs()))


@flow(name="ingest", task_runner=UPLOAD_THREADS)
def ingest(uploads: list[str] | None = None, keys: list[str] | None = None) -> None:
    """Bring uploads to clips, or into quarantine: those named, or all that wait in the intake bucket.

    Keys are a hint, as from a bucket's notification: then only they are looked at before what waits is taken on.
    Without any it is the reconcile, which in the end looks again at what is outdated (`flows.looking`).
    """
    with present():
        futures: list[PrefectFuture[Any]] = []
        is_reconcile = uploads is None and keys is None
        if uploads is None:
            small, uploads = receive(keys)
            futures += _keep(small)
        if len(uploads) > SHARD_UPLOADS:
            _hand_out(uploads)
            uploads = []
        futures += (made := [ingest_upload.submit(upload_id) for upload_id in uploads])
        wait(made)
        if is_reconcile:
            futures += look_again()
        raise_worst(futures, of="tasks")


def receive(hints: list[str] | None) -> tuple[list[str], list[str]]:
    """Look into the intake bucket: which small files are not preserved yet, and which footage waits for anything."""
    bench = open_workbench()
    received = receive_uploads(
        bucket=bench.settings.s3_intake_bucket,
        rules=bench.rules,
        manifests=bench.manifests,
        store=bench.store,
        db=bench.db,
        clock=bench.clock,
        hints=hints,
    )
    assigned = assign_uploads(db=bench.db, clock=bench.clock)
    small = [str(upload_id) for upload_id in (*received.small, *received.companions)]
    return small, [str(upload_id) for upload_id in (*received.waiting, *assigned)]


def _keep(small: list[str]) -> list[PrefectFuture[Any]]:
    """Preserve small files; where that fails, work on what is preserved goes on."""
    batches = [small[first : first + BATCH_SMALL] for first in range(0, len(small), BATCH_SMALL)]
    kept = [keep_small.submit(batch) for batch in batches]
    wait(kept)
    described = hear_companions.submit()
    wait([described])
    return [*kept, described]


def _hand_out(uploads: list[str]) -> None:
    """Start one run per shard and wait for none, so that a single worker cannot wait for itself."""
    for first in range(0, len(uploads), SHARD_UPLOADS):
        run_deployment(
            "ingest/ingest",
            parameters={"uploads": uploads[first : first + SHARD_UPLOADS]},
            tags=[f"shard-of:{flow_run.get_id()}"],
            idempotency_key=f"{flow_run.get_id()}:{first}",
            timeout=0,
        )


@task(**POLICY)
def keep_small(upload_ids: list[str]) -> None:
    """Preserve small files. A fault of one is its quarantine."""
    bench = open_workbench()
    preserve_small(
        [UploadId(UUID(upload_id)) for upload_id in upload_ids],
        originals_bucket=bench.settings.s3_originals_bucket,
        store=bench.store,
        scratch=bench.scratch,
        db=bench.db,
        clock=bench.clock,
        jobs=bench.settings.ingest_jobs,
    )


@task(**POLICY)
def hear_companions() -> None:
    """Read what belongs to footage and was not read yet; it becomes no recording."""
    bench = open_workbench()
    describe_companions(store=bench.store, scratch=bench.scratch, reader=bench.facts, db=bench.db, clock=bench.clock)


@task(task_run_name="upload-{upload_id}", **POLICY)
def ingest_upload(upload_id: str) -> None:
    """Carry one upload as far as it goes: to clips, or into quarantine."""
    bench = open_workbench()
    named = UploadId(UUID(upload_id))
    with bench.db.exclusive(f"upload:{upload_id}"):
        try:
            digest = preserve_upload(
                named,
                originals_bucket=bench.settings.s3_originals_bucket,
                store=bench.store,
                scratch=bench.scratch,
                db=bench.db,
                clock=bench.clock,
            )
            # Two uploads of the same bytes share the files that work on them leaves on this machine.
            with bench.db.exclusive(f"original:{digest}"):
                open_original(digest)
                recording_id = probe_original(
                    digest, store=bench.store, scratch=bench.scratch, media=bench.media, db=bench.db, clock=bench.clock
                )
                describe_original(
                    digest,
                    working_bucket=bench.settings.s3_working_bucket,
                    store=bench.store,
                    scratch=bench.scratch,
                    reader=bench.facts,
                    media=bench.media,
                    db=bench.db,
                    clock=bench.clock,
                )
                if recording_id is not None:
                    _make_clips(recording_id)
        except QuarantinedError:
            pass  # another run came first, and refused it
        except RejectedInputError as error:
            quarantine_upload(named, error, scratch=bench.scratch, db=bench.db, clock=bench.clock)
    _make_clips_of_series(named)


def _make_clips_of_series(upload_id: UploadId) -> None:
    """Carry on with the series that an upload is a chapter of, once all of its chapters have come this far."""
    bench = open_workbench()
    tool_identity = bench.media.identity
    for recording_id in assemble_series(upload_id, tool_identity=tool_identity, db=bench.db, clock=bench.clock):
        with bench.db.exclusive(f"recording:{recording_id}"):
            try:
                _make_clips(recording_id)
            except RejectedInputError as error:
                quarantine_recording(recording_id, error, scratch=bench.scratch, db=bench.db, clock=bench.clock)


def _make_clips(recording_id: RecordingId) -> None:
    bench = open_workbench()
    open_recording(recording_id)
    if compare_streams(
        recording_id, store=bench.store, scratch=bench.scratch, media=bench.media, db=bench.db, clock=bench.clock
    ):
        return
    try:
        rendition_id = _render(recording_id)
    except DamagedMediaError as error:
        survey_recording(
            recording_id,
            error,
            store=bench.store,
            scratch=bench.scratch,
            media=bench.media,
            db=bench.db,
            clock=bench.clock,
        )
        rendition_id = _render(recording_id)
    if compare_pictures(
        rendition_id, store=bench.store, scratch=bench.scratch, media=bench.media, db=bench.db, clock=bench.clock
    ):
        return
    # Before cutting: clips may be sent out at once, and are to have their hints and marks by then.
    # Side by side: one is Python on one core, the other waits for ffmpeg, and neither reads what the other records.
    with ThreadPoolExecutor(2, thread_name_prefix="look") as pool:
        found = [pool.submit(listen, rendition_id), pool.submit(assess, rendition_id)]
    raise_first(found)
    cut_rendition(
        rendition_id,
        working_bucket=bench.settings.s3_working_bucket,
        reader=bench.settings.s3_clip_reader,
        store=bench.store,
        scratch=bench.scratch,
        media=bench.media,
        db=bench.db,
        clock=bench.clock,
    )


def _render(recording_id: RecordingId) -> RenditionId:
    bench = open_workbench()
    return render_recording(
        recording_id,
        recipe=bench.recipe,
        policy=bench.policy,
        working_bucket=bench.settings.s3_working_bucket,
        store=bench.store,
        scratch=bench.scratch,
        media=bench.media,
        db=bench.db,
        clock=bench.clock,
    )
