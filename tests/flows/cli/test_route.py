"""The commands that start flows, where there is nothing to start: they say so and ask Prefect nothing."""

from pathlib import Path

import pytest

from pipeline.workbench import Workbench
from tests.benches import environment_of
from tests.builders import CAMERA, EXERCISE
from tests.census import census
from tests.databases import Databases
from tests.flows.cli.conftest import Run
from tests.furnished import Furnished

NOBODY = {"FIRSTHAND_PREFECT_API_URL": "http://127.0.0.1:9/api"}


def test_where_nothing_waits_nothing_is_ingested(run: Run, own_bench: Workbench) -> None:
    settings = environment_of(own_bench) | NOBODY
    shown = run("ingest", **settings)
    assert (shown.code, shown.out, shown.err) == (0, "Nothing new in the intake bucket.\n", "")
    assert run("ingest", "--json", **settings).items("ingested") == [
        {"uploads": 0, "recordings": 0, "clips": 0, "quarantined": 0}
    ]


def test_a_release_that_is_published_is_only_told(look: Run, furnished: Furnished) -> None:
    before = census(furnished.bench)
    words = ["release", "create", "attack-early", "1.0.0", "--annotators", "2", "--recipes", "viewing"]
    shown = look(*words, **NOBODY)
    assert (shown.code, shown.err) == (0, "")
    bucket = furnished.bench.settings.s3_releases_bucket
    assert f"Partners pull it with: firsthand pull s3://{bucket}/attack-early --version 1.0.0 DEST" in shown.out
    (line,) = look(*words, "--json", **NOBODY).items("releases")
    assert line["release_id"] == str(furnished.published)
    assert census(furnished.bench) == before


@pytest.mark.parametrize(("name", "version"), [("Upper", "1.0.0"), ("attack-early", "one"), ("blobs", "1.0.0")])
def test_a_release_that_cannot_be_one_ends_with_2(look: Run, name: str, version: str) -> None:
    look("release", "create", name, version, **NOBODY).failed(2, "expected", "found")


def test_the_same_file_twice_is_sent_once(run: Run, own_bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"footage")
    (tmp_path / "b.mp4").write_bytes(b"footage")
    words = ["upload", tmp_path / "a.mp4", "--exercise", EXERCISE, "--camera", CAMERA]
    settings = environment_of(own_bench)
    first = run(*words, **settings)
    assert (first.code, first.err) == (0, "found 1 recording, 0 companions, 0 files left behind\n")
    sent = census(own_bench)
    again = run(*words, tmp_path / "b.mp4", **settings)
    assert (again.code, [line.split()[0] for line in again.out.splitlines()]) == (0, ["present", "present"])
    assert first.out.split()[0] == "sent"
    assert str(tmp_path / "a.mp4") in first.out
    assert census(own_bench) == sent


def test_migrating_can_be_repeated_and_makes_the_tables(look: Run, databases: Databases) -> None:
    url = databases.make_bare()
    first, again = (look("migrate", "--json", FIRSTHAND_DATABASE_URL=url).items("schemas") for _ in range(2))
    assert first[0]["before"] is None
    assert first[0]["now"]
    assert again == [{"before": first[0]["now"], "now": first[0]["now"]}]
    assert look("clips", "--json", FIRSTHAND_DATABASE_URL=url).items("clips") == []


def test_migrating_a_database_that_is_not_there_ends_with_4(look: Run, databases: Databases) -> None:
    url = databases.url("elsewhere")
    look("migrate", FIRSTHAND_DATABASE_URL=url).failed(4, "FIRSTHAND_DATABASE_URL names a database that does not exist")


def test_a_declaration_is_told_and_told_again(run: Run, own_bench: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "exercise.csv"
    path.write_text(
        "exercise,scenario,held_on,site,serial,wearer,weapons\n"
        f"{EXERCISE},hostage,2026-11-22,RANGE-3,{CAMERA},OFFICER-7,carbine:blank\n"
    )
    settings = environment_of(own_bench)
    found = [run("exercise", "add", path, "--json", **settings).items("declared")[0] for _ in range(2)]
    assert [one["is_new"] for one in found] == [True, False]
    shown = run("show", EXERCISE, **settings)
    assert "OFFICER-7" in shown.out
    path.write_text(path.read_text().replace("OFFICER-7", "Jane Doe"))
    run("exercise", "add", path, **settings).failed(2, "expected a pseudonym", "'Jane Doe'")
    run("exercise", "add", tmp_path / "nowhere.yaml", **settings).failed(2, "nowhere.yaml cannot be read")
