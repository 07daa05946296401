"""`make bench`: one table, Markdown and JSON, in bench-out/."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench import peers
from tests.bench.measure import Cost, adopt_orphans, cost_of

ROOT = Path(__file__).parents[2]
OUT = ROOT / "bench-out"
OURS = "ours"
BARE = "bare ffmpeg, one process"

Command = Callable[[Path, Path, int], Sequence[str]]


def main() -> None:
    """Measure, alternating between the contenders, and write medians."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=int, default=120, help="length of the benchmark source")
    asked.add_argument("--repeats", type=int, default=5)
    options = asked.parse_args()
    footage = Path(os.environ.get("FIRSTHAND_FOOTAGE") or ROOT.parent / "shared" / "footage")
    maker = next((path for path in (footage, footage.parent) if (path / "make_bench_source.sh").exists()), None)
    if maker is None:
        sys.exit(f"no make_bench_source.sh in {footage}: set FIRSTHAND_FOOTAGE to the folder that has it")
    source = OUT / f"source-{options.seconds}s" / "src.mp4"
    if not source.exists():
        argv = [str(maker / "make_bench_source.sh"), str(source.parent), str(options.seconds)]
        subprocess.run(
            argv, check=True, env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        )
    frames = options.seconds * 30000 // 1001
    contenders: dict[str, Command] = {
        OURS: lambda src, folder, _: [sys.executable, "-m", "tests.bench.ours", str(src), str(folder)],
        BARE: peers.one_process,
        "separate ffmpeg passes": peers.separate_passes,
    }
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    adopt_orphans()
    for _ in range(options.repeats):
        for name, command in contenders.items():
            with tempfile.TemporaryDirectory() as folder:
                costs[name].append(cost_of(command(source, Path(folder), frames), cwd=ROOT))
    write(costs, options.seconds)


def write(costs: dict[str, list[Cost]], seconds: int) -> None:
    """Write and print the table."""
    version = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    cpu_s = {name: statistics.median(cost.cpu_s for cost in runs) for name, runs in costs.items()}
    lines = [
        f"# Viewing rendition and clips of {seconds} s of 1080p",
        "",
        f"{version}; Python {platform.python_version()}; {os.cpu_count()} CPUs; {len(costs[OURS])} runs, medians.",
        "",
        "| | CPU s | CPU s per second of footage | against bare ffmpeg | wall s | peak MB |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, runs in costs.items():
        wall_s = statistics.median(cost.wall_s for cost in runs)
        peak_mb = max(cost.peak_mb for cost in runs)
        ratio = cpu_s[name] / cpu_s[BARE]
        lines.append(
            f"| {name} | {cpu_s[name]:.1f} | {cpu_s[name] / seconds:.3f} | {ratio:.2f} | {wall_s:.1f} | {peak_mb:.0f} |"
        )
    OUT.mkdir(exist_ok=True)
    (OUT / "bench.md").write_text("\n".join(lines) + "\n")
    runs_as_json = {name: [asdict(cost) for cost in runs] for name, runs in costs.items()}
    (OUT / "bench.json").write_text(json.dumps({"seconds": seconds, "ffmpeg": version, "runs": runs_as_json}, indent=2))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
