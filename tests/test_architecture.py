"""The tree keeps its shape: import contracts, sizes, names, one flow for each step."""

import ast
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("pipeline", "flows", "infra", "migrations", "tests")
LINES_MAX = 400
SILENCED = re.compile(r"# (?:noqa|type: ignore)")
REASON = re.compile(r"#|\s--?\s")
NAMED_FOR_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
NOT_IN_A_FLOW = {"carry", "decide", "declare", "enrol", "mark", "resolve", "retire", "upload"}
"""Steps that a person does at the command line, who wants the answer at once."""


def modules(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found, f"no modules in {folders}"
    return found


def test_import_contracts_are_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_a_planted_violation_breaks_a_contract(tmp_path: Path) -> None:
    """A check that cannot fail is no check: the same contracts, on a copy with SQL in the domain."""
    for folder in ("pipeline", "flows", "infra"):
        subprocess.run(["cp", "-r", str(ROOT / folder), str(tmp_path)], check=True)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (tmp_path / "pipeline/domain/planted.py").write_text("import sqlalchemy\n")
    (tmp_path / "pipeline/utils.py").write_text("\n")
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode != 0
    assert "domain touches no outside world BROKEN" in done.stdout
    assert "every module on a floor BROKEN" in done.stdout


@pytest.mark.parametrize("path", modules(*CODE), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_can_be_read_in_one_sitting_and_is_named_for_something(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_MAX
    assert path.stem not in NAMED_FOR_NOTHING


def test_every_step_is_used_by_exactly_one_flow() -> None:
    steps = {path.stem for path in (ROOT / "pipeline/steps").glob("*.py")} - {"__init__"}
    uses: dict[str, list[str]] = {step: [] for step in steps}
    for flow in (ROOT / "flows").glob("*.py"):
        for node in ast.walk(ast.parse(flow.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipeline.steps."):
                uses[str(node.module).split(".")[2]].append(flow.stem)
    assert {step: len(flows) for step, flows in uses.items() if step not in NOT_IN_A_FLOW} == dict.fromkeys(
        steps - NOT_IN_A_FLOW, 1
    )


def test_a_silenced_check_says_why() -> None:
    silent = []
    for path in modules("pipeline", "flows", "infra", "migrations"):
        lines = ["", *path.read_text().splitlines()]
        silent += [
            f"{path.relative_to(ROOT)}:{number}"
            for number, (above, line) in enumerate(pairwise(lines), start=1)
            if (found := SILENCED.search(line)) and not (REASON.search(line[found.end() :]) or "#" in above)
        ]
    assert silent == []
