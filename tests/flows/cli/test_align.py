"""What people and programs see of a timeline; how one is made is in `tests/steps/test_align.py`."""

from pathlib import Path

import pytest

from pipeline.domain.footage import Recording
from pipeline.workbench import Workbench
from tests.alignments import add_an_alignment
from tests.benches import environment_of
from tests.builders import EXERCISE, a_chain, add_chain
from tests.flows.cli.conftest import Run
from tests.flows.cli.test_json import check


@pytest.fixture(scope="module")
def aligned(bench: Workbench) -> list[Recording]:
    """One that the timeline is of, one placed by sound, one refused, and one that came later."""
    with bench.db.begin() as session:
        found = [add_chain(session, a_chain(name, clip_count=0)).recording for name in ("one", "two", "three", "four")]
        add_an_alignment(session, *found[:3])
    return found


@pytest.fixture
def look_at(run: Run, bench: Workbench, aligned: list[Recording]) -> Run:
    assert aligned
    return lambda *words: run(*words, **environment_of(bench))


def test_the_timeline_as_json_is_exact_and_whole(look_at: Run, aligned: list[Recording]) -> None:
    (found,) = look_at("timeline", EXERCISE, "--json").items("timelines")
    check("timelines", [found])
    assert [line["how"] for line in found["recordings"]] == ["reference", "sound", "refused", "not aligned yet"]
    assert [line["recording_id"] for line in found["recordings"]] == [str(one.recording_id) for one in aligned]
    second = found["recordings"][1]
    assert (second["start_s"], second["drift_ppm"], second["confidence"]) == ("3217/1000", "50", "1/2")
    assert second["starts_at"] == "2026-11-22T12:00:03.217000+00:00"
    assert second["clock_off_s"] == "-3217/1000"
    assert [pair["because"] for pair in found["pairs"]] == ["6 of 8 windows agree", "they do not hear the same"]


def test_people_see_when_it_begins_and_a_line_for_each_recording(look_at: Run) -> None:
    shown = look_at("timeline", EXERCISE)
    assert (shown.code, shown.err) == (0, "")
    first, *rest = shown.out.splitlines()
    assert first == f"{EXERCISE}, alignment 1; 0 s is 2026-11-22T12:00:00+00:00, give or take 1 s"
    assert len(rest) == 5
    assert "3.217" in rest[2]
    assert "its sound fits none" in rest[3]


def test_it_can_be_drawn(look_at: Run, tmp_path: Path) -> None:
    page = tmp_path / "timeline.html"
    assert look_at("timeline", EXERCISE, "--output", page).code == 0
    drawn = page.read_text()
    assert drawn.count('<rect class="sound"') == 1
    assert drawn.count('<rect class="reference"') == 1
    assert "http" not in drawn.replace("http-equiv", "")
    assert page.stat().st_mode & 0o077 == 0
    (found,) = look_at("timeline", EXERCISE, "--output", page, "--json").items("timelines")
    assert found["number"] == 1
    look_at("timeline", EXERCISE, "--output", tmp_path / "nowhere" / "page.html").failed(2, "cannot be written")


def test_a_recording_tells_where_it_lies(look_at: Run, aligned: list[Recording]) -> None:
    told = [look_at("show", one.recording_id, "--json").items("things")[0]["facts"] for one in aligned]
    assert told[1]["on_the_timeline"].startswith("3.217 to 33.249 s, give or take 0.030 s, drift +50.0 ppm, confidence")
    assert told[1]["heard_with"] == f"recording {aligned[0].recording_id}: 6 of 8 windows agree"
    assert told[2]["on_the_timeline"] == "refused: its sound fits none"
    assert told[3]["on_the_timeline"].startswith("not aligned yet")


def test_what_is_no_exercise_is_told(look_at: Run, aligned: list[Recording]) -> None:
    recording_id = aligned[0].recording_id
    look_at("timeline", recording_id).failed(2, f"expected an exercise, found recording {recording_id}")
    look_at("align", "nowhere").failed(2, "nothing is called 'nowhere'")
