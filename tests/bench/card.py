"""What does a card of thousands of small files cost on a real deployment? `python -m tests.bench.card [FILES] [FILMS]`.

Runs on the stack that FIRSTHAND_HOME names (`firsthand up postgres s3 worker`): `firsthand upload` of a folder of small
stills, tracks, thumbnails and short films, then `firsthand ingest`. The processor time and memory of each process are
looked at every second: the two commands, the flow runs with all that they start, and the Prefect server.

What is told of receiving and preserving is what the flow run had used by the second in which the last file of the card
was received, and preserved: Python, Prefect and its imports included, the servers of Postgres and S3 not.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from pipeline.lookup import waiting
from pipeline.workbench import Workbench, open_workbench
from tests.bench.many import FILES, bare, make_folder

FILMS = 201
"""More than one flow run takes, so that the work is handed out."""
FRAMES, SIDE_PX = 12, 8
RUN = "-m prefect.engine"
"""In the command line of a flow run's process."""
SERVER = "server start"
API = "PREFECT_API_URL"


@dataclass
class Used:
    """What processes used so far, by their ids; those that ended are remembered."""

    own_s: dict[int, float] = field(default_factory=dict)
    children_s: dict[int, float] = field(default_factory=dict)
    memory_mb: list[float] = field(default_factory=list)
    """Of the largest of them, second by second."""

    def look(self, processes: Sequence[psutil.Process]) -> None:
        largest_mb = 0.0
        for process in processes:
            try:
                with process.oneshot():
                    times, memory = process.cpu_times(), process.memory_info()
            except psutil.Error:
                continue
            self.own_s[process.pid] = times.user + times.system
            self.children_s[process.pid] = times.children_user + times.children_system
            largest_mb = max(largest_mb, memory.rss / 2**20)
        if largest_mb:
            self.memory_mb.append(largest_mb)

    @property
    def cpu_s(self) -> float:
        return sum(self.own_s.values())

    @property
    def memory(self) -> str:
        """The peak, and how much of it came in the second half."""
        half = self.memory_mb[: len(self.memory_mb) // 2] or [0.0]
        peak_mb = max(self.memory_mb, default=0)
        return f"peak {peak_mb:.0f} MB, {peak_mb - max(half):.0f} MB of it late"


def make_films(folder: Path, count: int) -> None:
    """A second of moving squares each, no two alike."""
    camera = folder / "DCIM" / "101MEDIA"
    camera.mkdir(parents=True)
    pixels = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{SIDE_PX}x{SIDE_PX}", "-r", str(FRAMES), "-i", "-"]
    encode = ["-vf", "scale=96:96:flags=bicubic", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast"]
    for number in range(count):
        argv = ["ffmpeg", "-v", "error", *pixels, *encode, str(camera / f"DJI_{number:04}.MP4")]
        subprocess.run(argv, input=os.urandom(FRAMES * SIDE_PX**2), check=True)


def processes(word: str, bench: Workbench) -> list[psutil.Process]:
    """Those of this stack's Prefect that have a word in their command line."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line, url = " ".join(process.info["cmdline"] or []), bench.settings.prefect_api_url
        with contextlib.suppress(psutil.Error):
            if word in line and (f"--port {urlsplit(url).port}" in line or process.environ().get(API) == url):
                found.append(process)
    return found


def upload(folder: Path, files: int) -> None:
    """Send the card, and tell what that took."""
    argv = [_firsthand(), "upload", str(folder), "--exercise", f"EX-{uuid.uuid4().hex[:12]}", "--camera", "MANY-1"]
    used, began_s = Used(), time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            used.look([psutil.Process(process.pid)])
            time.sleep(0.2)
    _say(f"upload: {1000 * used.cpu_s / files:.1f} ms CPU a file, {time.monotonic() - began_s:.0f} s, {used.memory}")


def ingest(bench: Workbench, files: int) -> None:
    """Ingest it, and tell what each stage took."""
    before, began_s = waiting.intake_progress(bench.db), time.monotonic()
    flow, prefect, command = Used(), Used(), Used()
    first_server_s = None
    told: set[str] = set()
    with subprocess.Popen([_firsthand(), "ingest"]) as process:
        while process.poll() is None:
            flow.look(processes(RUN, bench))
            prefect.look(processes(SERVER, bench))
            command.look([psutil.Process(process.pid)])
            first_server_s = prefect.cpu_s if first_server_s is None else first_server_s
            now = waiting.intake_progress(bench.db)
            for stage, done in (("receive", now.received), ("preserve", now.preserved)):
                if done == files + getattr(before, f"{stage}d") and stage not in told:
                    told.add(stage)
                    cost = f"{1000 * flow.cpu_s / files:.1f} ms CPU a file so far"
                    _say(f"{stage}: by {time.monotonic() - began_s:.0f} s, {cost}, {flow.memory}")
            time.sleep(1)
    now = waiting.intake_progress(bench.db)
    started_s, server_s = sum(flow.children_s.values()), prefect.cpu_s - (first_server_s or 0)
    _say(f"ingest: {time.monotonic() - began_s:.0f} s")
    runs = f"{len(flow.own_s)} flow runs: {flow.cpu_s:.0f} s CPU, and {started_s:.0f} s in what they started"
    _say(f"{runs}, {flow.memory}")
    _say(f"Prefect's server: {server_s:.0f} s CPU; the command: {command.cpu_s:.0f} s CPU, {command.memory}")
    _say(
        f"{now.received - before.received} received, {now.preserved - before.preserved} preserved, "
        f"{now.clips - before.clips} clips, {now.quarantined - before.quarantined} refused, {now.left} left"
    )


def _firsthand() -> str:
    return str(Path(sys.executable).with_name("firsthand"))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(files: int, films: int) -> None:
    """Make a card, send it, ingest it."""
    with tempfile.TemporaryDirectory() as place:
        folder = make_folder(Path(place), files - films)
        make_films(folder, films)
        bare_ms = 1000 * bare(folder) / files
        _say(f"{files} files, {films} of them films; hashing and copying alone: {bare_ms:.1f} ms CPU a file")
        upload(folder, files)
        ingest(open_workbench(), files)


if __name__ == "__main__":
    main(*(int(asked) for asked in sys.argv[1:3] or (FILES, FILMS)))
