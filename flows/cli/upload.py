"""firsthand upload: send camera files to the intake bucket, each once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.output import Json, emit, err, out
from flows.cli.progress import byte_progress
from pipeline.domain import keys
from pipeline.errors import UsageError
from pipeline.steps.upload import FileResult, UploadPlan, plan_upload, send_upload
from pipeline.workbench import Workbench, open_workbench

app = typer.Typer()

JOBS = 4
"""Files on their way at once; each large one sends several parts at once."""


@app.command(epilog="Example: firsthand upload /media/card --exercise EX-2026-014 --camera X6039BHEX")
def upload(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders to search for files.")],
    camera: Annotated[str, typer.Option(help="The serial of the camera: letters, digits, '.', '_', '-'.")],
    exercise: Annotated[
        str | None, typer.Option(help="The exercise that was filmed: the same letters. Left out: camera and day tell.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="Files to send at once.")] = JOBS,
    as_json: Json = False,
) -> None:
    """Send a card, folder or files to the intake bucket: footage first, then what belongs to it.

    Interrupted? The same command goes on; what is there is not sent again.
    """
    bench = open_workbench()
    plan = plan_upload(paths, bench.naming)
    if not as_json:
        err().print(f"found {plan.summary}", markup=False)
    results = send_plan(plan, exercise=exercise, camera=camera, jobs=jobs, bench=bench)
    failed = [result for result in results if result.outcome == "failed"]
    if as_json:
        emit("uploads", results, as_json=True, empty="")
    else:
        for result in results:
            out().print(
                f"{result.outcome:<8} {result.digest or '-'}  {result.size_bytes} bytes  {result.kind}  {result.path}",
                markup=False,
            )
    for result in failed:
        err().print(f"failed: {result.problem}", markup=False)
    if failed:
        raise UsageError(f"{len(failed)} of {len(results)} files were not sent; the others were. Mend them, run again.")


def send_files(
    paths: list[Path], *, exercise: str | None, camera: str, jobs: int, bench: Workbench
) -> list[FileResult]:
    """Send files with a progress bar; one result for each."""
    return send_plan(plan_upload(paths, bench.naming), exercise=exercise, camera=camera, jobs=jobs, bench=bench)


def send_plan(plan: UploadPlan, *, exercise: str | None, camera: str, jobs: int, bench: Workbench) -> list[FileResult]:
    """Send what was planned, with a progress bar; one result for each file."""
    done: list[FileResult] = []
    with byte_progress(
        lambda: f"uploaded {len(done)} of {len(plan.files)} files", total_bytes=plan.total_bytes
    ) as progress:
        return send_upload(
            plan,
            exercise=None if exercise is None else keys.exercise_id(exercise),
            camera=keys.camera_serial(camera),
            bucket=bench.settings.s3_intake_bucket,
            store=bench.store,
            jobs=jobs,
            clock=lambda: datetime.now(UTC),
            progress=progress,
            ended=done.append,
        )
