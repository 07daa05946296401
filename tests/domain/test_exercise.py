"""A declaration is read whole or refused with every mistake."""

from datetime import date
from typing import Any

import pytest

from pipeline.domain.exercise import ExerciseDeclaration
from pipeline.errors import UsageError

GOOD: dict[str, Any] = {
    "exercise": "EX-2026-014",
    "scenario": "hostage",
    "held_on": "2026-03-02",
    "site": "Gravesend 2",
    "cameras": [{"serial": "X6039BHEX", "wearer": "AFO-01"}, {"serial": "X6039BHEY", "wearer": "AFO-02"}],
    "weapons": [{"kind": "carbine", "ammunition": "simunition"}, {"kind": "handgun", "ammunition": "none"}],
}


def test_what_was_declared_is_read_and_written_back_exactly() -> None:
    found = ExerciseDeclaration.parse(GOOD)
    assert found.held_on == date(2026, 3, 2)
    assert [camera.wearer for camera in found.cameras] == ["AFO-01", "AFO-02"]
    assert found.to_json() == GOOD
    assert ExerciseDeclaration.parse(found.to_json()) == found


def test_every_mistake_is_told_at_once() -> None:
    wrong = GOOD | {
        "exercise": "../x",
        "scenario": "party",
        "held_on": "yesterday",
        "cameras": [{"serial": "A"}],
        "weapons": [{"kind": "carbine", "ammunition": "rubber"}],
    }
    with pytest.raises(UsageError) as told:
        ExerciseDeclaration.parse(wrong)
    for name in ("exercise.exercise", ".scenario", ".held_on", ".cameras[0].wearer", ".weapons[0].ammunition"):
        assert name in str(told.value)


@pytest.mark.parametrize("name", ["Jane Smith", "SMITH", "pc smith 1", "PC123 SMITH", ""])
def test_a_name_does_not_pass_as_a_pseudonym(name: str) -> None:
    with pytest.raises(UsageError, match="pseudonym"):
        ExerciseDeclaration.parse(GOOD | {"cameras": [{"serial": "A", "wearer": name}]})


def test_a_camera_worn_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="each camera once"):
        ExerciseDeclaration.parse(GOOD | {"cameras": [GOOD["cameras"][0], GOOD["cameras"][0]]})


def test_ammunition_is_said_and_never_assumed() -> None:
    with pytest.raises(UsageError, match="ammunition"):
        ExerciseDeclaration.parse(GOOD | {"weapons": [{"kind": "carbine"}]})


@pytest.mark.parametrize("said", [None, [], "text", 3])
def test_what_is_no_object_is_refused(said: object) -> None:
    with pytest.raises(UsageError, match="expected an object"):
        ExerciseDeclaration.parse(said)
