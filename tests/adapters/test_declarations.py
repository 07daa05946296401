"""CSV says what YAML says, and a mistake is told with its line."""

from pathlib import Path

import pytest

from pipeline.adapters.declarations import read_declarations
from pipeline.domain.exercise import ExerciseDeclaration
from pipeline.errors import UsageError

HEAD = "exercise,scenario,held_on,held_until,site,serial,wearer,weapons\n"
LINES = (
    "EX-1,hostage,2026-03-02,2026-03-03,TC-2,X1,AFO-01,carbine:simunition;handgun:none\n",
    "EX-1,hostage,2026-03-02,2026-03-03,TC-2,X2,AFO-02,carbine:simunition;handgun:none\n",
    "EX-2,range,2026-03-09,,TC-2,X1,AFO-01,carbine:live\n",
)
YAML = """
- exercise: EX-1
  scenario: hostage
  held_on: 2026-03-02
  held_until: 2026-03-03
  site: TC-2
  cameras: [{serial: X1, wearer: AFO-01}, {serial: X2, wearer: AFO-02}]
  weapons: [{kind: carbine, ammunition: simunition}, {kind: handgun, ammunition: none}]
- exercise: EX-2
  scenario: range
  held_on: 2026-03-09
  site: TC-2
  cameras: [{serial: X1, wearer: AFO-01}]
  weapons: [{kind: carbine, ammunition: live}]
"""


def read(folder: Path, text: str, name: str = "exercises.csv") -> list[object]:
    (folder / name).write_text(text)
    return read_declarations(folder / name)


def test_csv_says_what_yaml_says(tmp_path: Path) -> None:
    by_line, by_yaml = read(tmp_path, HEAD + "".join(LINES)), read(tmp_path, YAML, "exercises.yaml")
    assert [ExerciseDeclaration.parse(one) for one in by_line] == [ExerciseDeclaration.parse(one) for one in by_yaml]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("exercise,scenario\n", "line 1: expected the columns"),
        (HEAD + LINES[0] + "EX-1,siege\n", "line 3: expected 8 fields"),
        (HEAD + LINES[2].replace("\n", ",more\n"), "line 2: expected 8 fields"),
        (
            HEAD + LINES[0] + LINES[1].replace("TC-2", "TC-3").replace("hostage", "siege"),
            "line 3: scenario, site of exercise EX-1 differ from an earlier line",
        ),
        (HEAD + LINES[0] + LINES[1].replace("2026-03-03", ""), "line 3: held_until of exercise EX-1 differ"),
        (HEAD + 'EX-1,"unclosed\n', "line 2: expected CSV"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read(tmp_path, text)
