"""`python -m tests.bench.dock`: 2 GB through the dock, against `curl -T` of the same bytes to the same object store.

Needs a stack: `firsthand up postgres s3`, and its FIRSTHAND_HOME. Runs alternate, because other work on the machine
slows both. What is written is one table in bench-out/dock.md.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil

from pipeline.dock.premises import Premises
from pipeline.domain import keys
from pipeline.settings import home
from pipeline.workbench import open_workbench
from tests.dock.station import container_name, station_at

OUT = Path(__file__).parents[2] / "bench-out"
PORT = 18443
USER_ID, SERIAL = "bench-user", "BENCHCAMERA"
MB = 1_000_000


@dataclass(frozen=True)
class Run:
    """One transfer."""

    seconds: float
    peak_mb: float | None = None


def main() -> None:
    """Measure, alternating, and write medians."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--gigabytes", type=float, default=2.0)
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--tls", action="store_true")
    options = asked.parse_args()
    size_bytes = int(options.gigabytes * (1 << 30))
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder) / "clip.mp4"
        _fill(body, size_bytes)
        runs: dict[str, list[Run]] = {"curl -T to the store": [], "curl -T to the dock": []}
        for number in range(options.repeats):
            runs["curl -T to the store"].append(_to_store(body))
            runs["curl -T to the dock"].append(_to_dock(body, number, tls=options.tls))
    _write(runs, size_bytes, tls=options.tls)


def _fill(path: Path, size_bytes: int) -> None:
    with path.open("wb") as out:
        while out.tell() < size_bytes:
            out.write(os.urandom(min(1 << 24, size_bytes - out.tell())))


def _to_store(body: Path) -> Run:
    """A plain PUT."""
    bench = open_workbench()
    params = {"Bucket": bench.settings.s3_working_bucket, "Key": "bench/plain"}
    url = bench.store._door.client.generate_presigned_url("put_object", Params=params, ExpiresIn=3600)
    return Run(_curl(body, url))


def _to_dock(body: Path, number: int, *, tls: bool) -> Run:
    argv = [str(Path(sys.executable).with_name("firsthand")), "dock", "serve", "--host", "127.0.0.1"]
    argv += ["--port", str(PORT), *([] if tls else ["--no-tls"])]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"http{'s' if tls else ''}://127.0.0.1:{PORT}"
            _until_it_answers(url)
            storage, token = _begin(url, container := _container(number))
            place = f"{storage}/{container}/clip.mp4"
            seconds = _curl(body, place, "-k", "-H", f"X-Auth-Token: {token}")
            peak_mb = _peak_mb(process.pid)
        finally:
            process.terminate()
            process.wait(60)
    bench = open_workbench()
    key = keys.dock_key(container, "clip.mp4")
    found = bench.store.head(bench.settings.s3_intake_bucket, key)
    if found is None or found.size_bytes != body.stat().st_size:
        sys.exit("the dock did not store what was sent")
    bench.store._door.client.delete_object(Bucket=found.bucket, Key=key, VersionId=found.version_id)
    return Run(seconds, peak_mb)


def _container(number: int) -> str:
    at = datetime.now(UTC).replace(microsecond=0)
    return container_name(f"{USER_ID}-{number}", SERIAL, at)


def _begin(url: str, container: str) -> tuple[str, str]:
    premises = Premises(home() / "dock")
    trust = {"cacert": str(premises.folder / "tls.pem")} if url.startswith("https") else {}
    with station_at(url, key=premises.station_key(), **trust) as station:
        station.register(container.partition("_")[0], SERIAL)
        station.make(container)
        return station.storage


def _until_it_answers(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            httpx.get(f"{url}/auth/v1.0", verify=False, trust_env=False)  # noqa: S501 - self-signed, on loopback
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    sys.exit("the dock did not start")


def _curl(body: Path, url: str, *more: str) -> float:
    began = time.monotonic()
    done = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "-T", str(body), "-o", os.devnull, "-w", "%{http_code}", *more, url],
        capture_output=True,
        text=True,
        check=True,
    )
    if done.stdout not in {"200", "201"}:
        sys.exit(f"the transfer was answered {done.stdout}")
    return time.monotonic() - began


def _peak_mb(pid: int) -> float:
    """The most memory that the process ever had: what the kernel counted."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / MB
    return psutil.Process(pid).memory_info().rss / MB


def _write(runs: dict[str, list[Run]], size_bytes: int, *, tls: bool) -> None:
    plain_s, dock_s = (statistics.median(run.seconds for run in found) for found in runs.values())
    lines = [
        f"# {size_bytes / MB:.0f} MB through the dock{' over TLS' if tls else ''}",
        "",
        "| | MB/s | all runs, s | peak MB |",
        "| --- | --- | --- | --- |",
    ]
    for name, found in runs.items():
        median_s = statistics.median(run.seconds for run in found)
        peaks = [run.peak_mb for run in found if run.peak_mb is not None]
        seconds = " ".join(f"{run.seconds:.1f}" for run in found)
        peak = f"{max(peaks):.0f}" if peaks else ""
        lines.append(f"| {name} | {size_bytes / MB / median_s:.0f} | {seconds} | {peak} |")
    lines += ["", f"The dock has {plain_s / dock_s:.0%} of the speed of the store alone."]
    OUT.mkdir(exist_ok=True)
    (OUT / "dock.md").write_text("\n".join(lines) + "\n")
    sys.stdout.write("\n".join(lines) + "\n")
    shutil.rmtree(OUT / "dock-work", ignore_errors=True)


if __name__ == "__main__":
    main()
