"""The table says what was measured, in Markdown and in JSON."""

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import measuring
from tests.bench.table import Section, markdown, write

SPEED = Section(
    "Ingest of 120 s",
    ("", "CPU s", "lost"),
    [["ours", 41.234, 0], ["a | b", 0.5, None], ["other", 3.14159, "not run:\nno such tool"]],
    ["CPU s is the CPU.", "Two notes."],
    {"ours": [1, 2]},
)


def test_a_table_is_markdown_with_its_notes() -> None:
    assert markdown({"speed": SPEED}, about=["2 cores"]).splitlines() == [
        "# Firsthand's bench",
        "",
        "* 2 cores",
        "",
        "## Ingest of 120 s",
        "",
        "|  | CPU s | lost |",
        "| --- | --- | --- |",
        "| ours | 41.2 | 0 |",
        "| a \\| b | 0.5 | - |",
        "| other | 3.14 | not run: no such tool |",
        "",
        "* CPU s is the CPU.",
        "* Two notes.",
    ]


def test_both_files_hold_every_section(tmp_path: Path) -> None:
    more = Section("More", ("what",), [["this"]])
    write(tmp_path / "out", {"speed": SPEED, "more": more}, about=["2 cores"], machine={"processors": 2})
    page, body = write(tmp_path / "out", {"speed": SPEED, "more": more}, about=["2 cores"], machine={"processors": 2})
    assert "## More" in page.read_text()
    found = json.loads(body.read_text())
    assert found["schema"] == "firsthand-bench/1"
    assert found["machine"] == {"processors": 2}
    assert [one["name"] for one in found["sections"]] == ["speed", "more"]
    assert found["sections"][0]["rows"][0] == ["ours", 41.234, 0]
    assert found["sections"][0]["data"] == {"ours": [1, 2]}


def test_a_row_that_does_not_fit_its_columns_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="expected 2 cells, found 1"):
        Section("Wrong", ("a", "b"), [["only one"]])


def test_the_modules_that_measure_are_found() -> None:
    assert set(measuring()) >= {"speed", "exactness", "release_clips", "sound"}
