"""A partner installs five libraries, none of which is an orchestrator, a database or a labelling tool."""

import subprocess
import sys
from pathlib import Path

FORBIDDEN = (
    "alembic",
    "ffmpeg",
    "httpx",
    "label_studio_sdk",
    "prefect",
    "psycopg",
    "pydantic_settings",
    "sqlalchemy",
    "structlog",
)

BLOCKED_IMPORT = """
import importlib.abc, sys

forbidden = set(sys.argv[1:])

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in forbidden:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Blocker())
try:
    import sqlalchemy
except ModuleNotFoundError:
    print("blocked")
from pipeline.partner import pull, verify
print(*sorted(name for name in sys.modules if name.startswith("pipeline.") and name.count(".") == 1))
"""


def test_the_partner_s_part_imports_without_the_rest() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED_IMPORT, *FORBIDDEN],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["blocked", "pipeline.adapters pipeline.domain pipeline.errors pipeline.partner"]
