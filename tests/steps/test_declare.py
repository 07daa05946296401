from pathlib import Path

import pytest

from pipeline.domain.ids import ExerciseId
from pipeline.errors import UsageError
from pipeline.records import exercises
from pipeline.steps.declare import DeclaredExercise, declare_exercises
from pipeline.workbench import Workbench
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.steps.conftest import Events

ONE = """
exercise: {name}
scenario: hostage
held_on: 2026-11-22
site: RANGE-3
cameras:
  - {{serial: X6039BHEX, wearer: OFFICER-7}}
weapons:
  - {{kind: carbine, ammunition: {ammunition}}}
"""


def written(folder: Path, *names: str, ammunition: str = "blank") -> Path:
    listed = ["- " + ONE.format(name=name, ammunition=ammunition).strip().replace("\n", "\n  ") for name in names]
    path = folder / "exercise.yaml"
    path.write_text("\n".join(listed))
    return path


def declare(bench: Workbench, path: Path) -> list[DeclaredExercise]:
    return declare_exercises(path, db=bench.db, clock=bench.clock)


def test_a_declaration_is_recorded_once_with_its_event(bench: Workbench, tmp_path: Path, events: Events) -> None:
    path = written(tmp_path, "EX-1")
    before = census(bench)
    assert declare(bench, path) == [DeclaredExercise(ExerciseId("EX-1"), 1, is_new=True)]
    recorded = census(bench)
    assert recorded.new_rows(before) == {"exercises": 1, "exercise_declarations": 1, "custody_events": 1}
    with bench.db.begin() as session:
        found = exercises.newest_declaration(session, ExerciseId("EX-1"))
    assert found is not None
    assert events("EX-1") == [("declared", {"declaration": found.digest.hex})]
    assert declare(bench, path) == [DeclaredExercise(ExerciseId("EX-1"), 1, is_new=False)]
    assert census(bench) == recorded


def test_a_changed_declaration_becomes_the_newest_and_the_first_stays(bench: Workbench, tmp_path: Path) -> None:
    declare(bench, written(tmp_path, "EX-2"))
    before = census(bench)
    (changed,) = declare(bench, written(tmp_path, "EX-2", ammunition="live"))
    assert changed.is_new
    assert census(bench).new_rows(before) == {"exercise_declarations": 1, "custody_events": 1}


def test_of_a_file_with_a_mistake_nothing_is_recorded_and_every_mistake_is_told(
    bench: Workbench, tmp_path: Path
) -> None:
    path = written(tmp_path, "EX-3", "EX-4", ammunition="rubber")
    before = census(bench)
    with pytest.raises(UsageError, match=r"rubber.*rubber"):
        declare(bench, path)
    assert census(bench) == before


def test_an_exercise_that_is_declared_twice_in_one_file_is_a_mistake(bench: Workbench, tmp_path: Path) -> None:
    before = census(bench)
    with pytest.raises(UsageError, match="exercise EX-5 is declared twice"):
        declare(bench, written(tmp_path, "EX-5", "EX-5"))
    assert census(bench) == before


def test_dying_while_recording_leaves_nothing_and_starting_again_records_all(
    bench: Workbench, databases: Databases, tmp_path: Path
) -> None:
    path = written(tmp_path, "EX-6", "EX-7")
    before = census(bench)
    dies_while_recording(bench, databases, lambda: declare(bench, path))
    assert census(bench) == before
    assert all(outcome.is_new for outcome in declare(bench, path))


@pytest.mark.parametrize("content", ["", "[]", "just text", "exercise: [", "- 1"])
def test_a_file_that_declares_nothing_is_a_mistake(bench: Workbench, tmp_path: Path, content: str) -> None:
    (tmp_path / "exercise.yaml").write_text(content)
    with pytest.raises(UsageError, match=str(tmp_path / "exercise.yaml")):
        declare(bench, tmp_path / "exercise.yaml")
