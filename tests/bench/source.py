"""The benchmark source: two minutes like a body camera's, with bangs and slams of doors at known moments."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUT = ROOT / "bench-out"


@dataclass(frozen=True, slots=True)
class Onsets:
    """When what begins in the source's sound, in seconds."""

    impulses_s: tuple[float, ...]
    door_slams_s: tuple[float, ...]


def footage_folder() -> Path:
    """Where real footage lies, and what makes the source of it."""
    return Path(os.environ.get("FIRSTHAND_FOOTAGE") or ROOT.parent / "shared" / "footage")


def bench_source(seconds: int = 120) -> Path:
    """The source, made once."""
    made = OUT / f"source-{seconds}s" / "src.mp4"
    if not made.exists():
        maker = footage_folder() / "make_bench_source.sh"
        if not maker.exists():
            sys.exit(f"no {maker.name} in {maker.parent}: set FIRSTHAND_FOOTAGE to the folder that has it")
        # The script asks for a python3 with numpy: ours.
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        subprocess.run([str(maker), str(made.parent), str(seconds)], check=True, env=os.environ | {"PATH": path})
    return made


def onsets_of(source: Path) -> Onsets:
    """What is known of it."""
    told = json.loads((source.parent / "impulses.json").read_text())
    return Onsets(tuple(map(float, told["impulses_s"])), tuple(map(float, told["door_slams_s"])))
