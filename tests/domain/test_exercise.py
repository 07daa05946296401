"""A declaration is read whole or refused with every mistake."""

from datetime import date
from typing import Any

import pytest

from pipeline.domain.exercise import CameraRoll, ExerciseDeclaration, call_cameras
from pipeline.domain.ids import CameraSerial
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


def test_an_exercise_of_several_days_says_its_last() -> None:
    found = ExerciseDeclaration.parse(GOOD | {"held_until": "2026-03-04"})
    assert (found.last_day, found.days) == (date(2026, 3, 4), "2026-03-02 to 2026-03-04")
    assert ExerciseDeclaration.parse(found.to_json()) == found


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"held_until": "2026-03-02"}, "expected held_until after held_on"),
        ({"held_until": "2027-03-02"}, "expected at most 31 days"),
        ({"held_on": "0001-01-01"}, "from 2000 to 2099"),
        ({"held_on": "20260302"}, "expected a day such as"),
        ({"held_untill": "2026-03-04"}, "found 'held_untill'"),
    ],
)
def test_days_that_cannot_be_and_names_mistyped_are_told(changes: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        ExerciseDeclaration.parse(GOOD | changes)


def test_cameras_are_called_and_those_that_do_not_agree_are_named() -> None:
    said, heard = ExerciseDeclaration.parse(GOOD), [CameraSerial("X6039BHEY"), CameraSerial("STRANGER")]
    assert call_cameras(said, heard) == CameraRoll(("STRANGER",), ("X6039BHEX",))
    assert call_cameras(None, heard) == CameraRoll(("STRANGER", "X6039BHEY"), ())
    assert call_cameras(said, [camera.camera_serial for camera in said.cameras]) == CameraRoll((), ())
