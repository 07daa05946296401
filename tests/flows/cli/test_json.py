"""What programs read: every kind of document is the documented one, down to each field and its type.

The golden is what other people's programs rely on. A new field may be added to it; none may vanish or change its type.
"""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.cli.align import AlignOutcome
from flows.cli.annotate import AnnotateOutcome
from flows.cli.demo import StageLine
from pipeline.records import footage
from pipeline.workbench import Workbench
from tests.benches import environment_of
from tests.builders import CAMERA, EXERCISE, NOON, an_upload
from tests.databases import Databases
from tests.flows.cli.conftest import Run
from tests.furnished import Furnished
from tests.stack_fixtures import SessionStack

ROOT = Path(__file__).parents[3]
GOLDEN: dict[str, dict[str, str]] = json.loads((ROOT / "tests" / "golden" / "cli_json.json").read_text())
"""For each kind, the path of each field and its type; `?` after it where it may be null."""

DESCRIBED: dict[str, str] = json.loads((ROOT / "tests" / "golden" / "described_json.json").read_text())
"""The same for what recordings and originals say of themselves, within a thing."""

FREE = {"facts", "details", "described"}
"""Objects whose names depend on the thing; their values are texts. What a thing describes is a document of its own."""

DECLARATION = f"""
exercise: {EXERCISE}
scenario: hostage
held_on: 2026-11-22
site: RANGE-3
cameras: [{{serial: {CAMERA}, wearer: OFFICER-7}}]
weapons: [{{kind: carbine, ammunition: blank}}]
"""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field below a value, with its type."""
    if isinstance(value, dict) and path.rpartition(".")[2] not in FREE:
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield path, "list"
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        names = {str: "text", int: "number", float: "number", bool: "yes or no", type(None): "null", dict: "texts"}
        yield path, names[type(value)]


def check(kind: str, items: list[dict[str, Any]]) -> None:
    expected = DESCRIBED if kind == "described" else GOLDEN[kind]
    assert items
    for item in items:
        assert list(item) == list(dict.fromkeys(re.split(r"[.\[]", path)[0] for path in expected))
        for path, found in leaves(item):
            assert path in expected
            assert found == expected[path].removesuffix("?") or (found == "null" and expected[path].endswith("?"))


LISTS = ["exercises", "recordings", "companions", "clips", "releases", "waiting", "quarantine", "audits", "duplicates"]


@pytest.mark.parametrize("kind", LISTS)
def test_lists(look: Run, kind: str) -> None:
    words = [kind, "list"] if kind == "duplicates" else [kind]
    check(kind, look(*words, "--json").items(kind))


def test_hints(look: Run, furnished: Furnished) -> None:
    check("hints", look("hints", "--recording", furnished.chain.recording.recording_id, "--json").items("hints"))


def test_things(look: Run, furnished: Furnished) -> None:
    for thing in (EXERCISE, furnished.chain.clips[0].clip_id, furnished.published, furnished.stray):
        check("things", look("show", thing, "--json").items("things"))


def test_what_recordings_and_originals_say_of_themselves(look: Run, furnished: Furnished) -> None:
    chain = furnished.chain
    for thing in (chain.recording.recording_id, chain.original.digest):
        (shown,) = look("show", thing, "--json").items("things")
        assert len(shown["described"]["originals"]) == 1
        assert len(shown["described"]["clocks"]) > 1
        check("described", [shown["described"]])


def test_refusals_and_decisions(look: Run, run: Run, own_bench: Workbench, furnished: Furnished) -> None:
    for upload_id in (furnished.stray, furnished.quarantined):
        check("refusals", look("quarantine", "show", upload_id, "--json").items("refusals"))
    refused = an_upload()
    with own_bench.db.begin() as session:
        footage.add_upload(session, refused)
        footage.quarantine(session, refused.upload_id, error_kind="EmptyUploadError", reason="empty", at=NOON)
    words = ["quarantine", "reject", refused.upload_id, "--by", "j.doe", "--because", "nothing in it", "--json"]
    check("decisions", run(*words, **environment_of(own_bench)).items("decisions"))


def test_fetched(look: Run, furnished: Furnished, tmp_path: Path) -> None:
    check("fetched", look("get", furnished.published, tmp_path, "--json").items("fetched"))


def test_uploads_and_declared_and_ingested(run: Run, own_bench: Workbench, tmp_path: Path) -> None:
    settings = environment_of(own_bench)
    check("ingested", run("ingest", "--json", **settings).items("ingested"))
    (tmp_path / "exercise.yaml").write_text(DECLARATION)
    declared = run("exercise", "add", tmp_path / "exercise.yaml", "--json", **settings).items("declared")
    assert declared == [{"exercise_id": EXERCISE, "cameras": 1, "is_new": True}]
    check("declared", declared)
    words = ["upload", tmp_path / "exercise.yaml", "--exercise", EXERCISE, "--camera", CAMERA, "--json"]
    for outcome in ("sent", "present"):
        (sent,) = run(*words, **settings).items("uploads")
        assert sent["outcome"] == outcome
        check("uploads", [sent])


def test_pulled_and_verified(run: Run, furnished: Furnished, postgres_s3_stack: SessionStack, tmp_path: Path) -> None:
    source = f"s3://{furnished.bench.settings.s3_releases_bucket}/attack-early"
    words = ["pull", source, "--version", "1.0.0", tmp_path / "data", "--json"]
    (pulled,) = run(*words, **postgres_s3_stack.partner).items("pulled")
    check("pulled", [pulled])
    assert (pulled["receipt"]["version"], pulled["receipt"]["blobs"]) == ("1.0.0", 2)
    (verified,) = run("verify", tmp_path / "data", "--json").items("verified")
    check("verified", [verified])
    assert verified["releases"] == [["attack-early", "1.0.0", pulled["receipt"]["manifest_digest"]]]


def test_parts(run: Run, postgres_s3_stack: SessionStack) -> None:
    parts = run("status", "--json", FIRSTHAND_HOME=str(postgres_s3_stack.home)).items("parts")
    check("parts", parts)
    assert {part["state"] for part in parts if part["name"] in {"postgres", "s3"}} == {"running"}


def test_schemas(look: Run, databases: Databases) -> None:
    url = databases.make_bare()
    for _ in range(2):
        check("schemas", look("migrate", "--json", FIRSTHAND_DATABASE_URL=url).items("schemas"))


def test_aligned_and_annotated_and_stages() -> None:
    """It takes Prefect and Label Studio to see one; their fields can be seen without."""
    assert [field.name for field in dataclasses.fields(AlignOutcome)] == list(GOLDEN["aligned"])
    assert [field.name for field in dataclasses.fields(AnnotateOutcome)] == list(GOLDEN["annotated"])
    assert [field.name for field in dataclasses.fields(StageLine)] == list(GOLDEN["stages"])


def test_every_kind_that_the_code_prints_is_documented() -> None:
    code = "".join(path.read_text() for path in sorted((ROOT / "flows" / "cli").glob("*.py")))
    printed = set(re.findall(r"\b(?:emit|tell)\(\s*\"([a-z_]+)\"", code))
    assert printed
    assert printed - set(GOLDEN) == set()


def test_the_readme_names_every_kind_and_no_other() -> None:
    named = re.search(r"`kind` is one of `([a-z_\s]+)`", (ROOT / "README.md").read_text())
    assert named
    assert sorted(named[1].split()) == sorted(GOLDEN)
