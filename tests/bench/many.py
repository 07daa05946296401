"""How much does a small file cost beside hashing and copying it? `python -m tests.bench.many [FILES]`.

Runs on the stack that FIRSTHAND_HOME names (`firsthand up postgres s3`) and counts the CPU time of our own process, not
of the servers. A folder of small stills, tracks and thumbnails is uploaded, received and preserved.
"""

import hashlib
import os
import resource
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain.ids import CameraSerial, ExerciseId, UploadId
from pipeline.steps.preserve import preserve_small
from pipeline.steps.receive import receive_uploads
from pipeline.steps.upload import plan_upload, send_upload
from pipeline.workbench import Workbench, open_workbench

FILES = 5000
FILE_BYTES = 4000


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage took for all files."""

    name: str
    cpu_s: float
    wall_s: float
    grown_mb: float
    """How much the peak memory of the process rose in the second half of the stage."""


def make_folder(folder: Path, files: int) -> Path:
    """A card of `files` small files, each with bytes of its own."""
    camera = folder / "DCIM" / "100MEDIA"
    camera.mkdir(parents=True)
    for number in range(files):
        suffix = ("JPG", "SRT", "THM")[number % 3]
        (camera / f"DJI_{number:05}.{suffix}").write_bytes(os.urandom(FILE_BYTES))
    return folder


def bare(folder: Path) -> float:
    """CPU seconds of hashing every file twice and copying it twice: into the intake bucket, and to the originals."""
    began = _cpu_s()
    with tempfile.TemporaryDirectory() as copies:
        for path in sorted(folder.rglob("*.*")):
            for copy in ("intake", "original"):
                hashlib.sha256(path.read_bytes()).hexdigest()
                shutil.copyfile(path, Path(copies) / copy)
    return _cpu_s() - began


def measure(bench: Workbench, folder: Path, *, jobs: int = 4) -> list[Stage]:
    """Upload, receive and preserve a folder as a new exercise."""
    exercise = ExerciseId(f"EX-{uuid.uuid4().hex[:12]}")
    waiting: list[UploadId] = []

    def upload(tell: Callable[[int], None]) -> None:
        results = send_upload(
            plan_upload([folder], bench.naming),
            exercise=exercise,
            camera=CameraSerial("MANY-1"),
            bucket=bench.settings.s3_intake_bucket,
            store=bench.store,
            jobs=jobs,
            clock=bench.clock,
            progress=tell,
        )
        assert all(result.outcome == "sent" for result in results)

    def receive(tell: Callable[[int], None]) -> None:
        found = receive_uploads(
            bucket=bench.settings.s3_intake_bucket,
            rules=bench.rules,
            manifests=bench.manifests,
            store=bench.store,
            db=bench.db,
            clock=bench.clock,
        )
        waiting.extend(found.companions)
        tell(0)

    def keep(tell: Callable[[int], None]) -> None:
        preserve_small(
            waiting,
            originals_bucket=bench.settings.s3_originals_bucket,
            store=bench.store,
            scratch=bench.scratch,
            db=bench.db,
            clock=bench.clock,
            jobs=jobs,
            progress=tell,
        )

    return [_stage("upload", upload), _stage("receive", receive), _stage("preserve", keep)]


def _stage(name: str, work: Callable[[Callable[[int], None]], None]) -> Stage:
    cpu_s, began_s = _cpu_s(), time.monotonic()
    peaks_mb: list[float] = []
    work(lambda _: peaks_mb.append(_peak_mb()))
    grown_mb = _peak_mb() - (peaks_mb[len(peaks_mb) // 2] if peaks_mb else 0)
    return Stage(name, _cpu_s() - cpu_s, time.monotonic() - began_s, grown_mb)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts kilobytes


def main(files: int) -> None:
    """Measure, and print one line for each stage."""
    with tempfile.TemporaryDirectory() as place:
        folder = make_folder(Path(place), files)
        bare_s = bare(folder)
        stages = measure(open_workbench(), folder)
    for stage in stages:
        each_ms = 1000 * stage.cpu_s / files
        sys.stdout.write(
            f"{stage.name:<9} {each_ms:5.1f} ms CPU a file, {stage.wall_s:6.1f} s wall, "
            f"memory grew {stage.grown_mb:.0f} MB in the second half\n"
        )
    beside_ms = 1000 * (sum(stage.cpu_s for stage in stages) - bare_s) / files
    sys.stdout.write(
        f"hashing and copying alone: {1000 * bare_s / files:.1f} ms a file; beside them {beside_ms:.1f} ms a file, "
        f"peak {_peak_mb():.0f} MB\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else FILES)
