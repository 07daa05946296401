import pytest

from pipeline.domain.companion import COMPANION_KINDS, companion_kind, dcf_folder, name_group
from pipeline.domain.ids import CameraSerial, ExerciseId

EXERCISE, CAMERA = ExerciseId("EX-1"), CameraSerial("X1")


def test_kinds_are_read_back_and_nothing_else_is_one() -> None:
    assert [companion_kind(kind) for kind in COMPANION_KINDS] == list(COMPANION_KINDS)
    assert [companion_kind(text) for text in ("", "footage", "STILL")] == [None] * 3


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (["card", "DCIM", "100GOPRO"], "100GOPRO"),
        (["DCIM", "101media", "sub"], "101MEDIA"),
        (["100GOPRO", "102GOPRO"], "102GOPRO"),
        (["DCIM", "099GOPRO"], ""),
        (["M4ROOT", "THMBNL"], ""),
        ([], ""),
    ],
)
def test_the_folder_of_a_camera_is_told_from_others(folders: list[str], found: str) -> None:
    assert dcf_folder(folders) == found


def test_a_group_is_of_one_exercise_camera_folder_and_name() -> None:
    group = name_group(EXERCISE, CAMERA, "100MEDIA", "DJI_0001")
    assert group == name_group(EXERCISE, CAMERA, "100MEDIA", "DJI_0001")
    others = [
        name_group(ExerciseId("EX-2"), CAMERA, "100MEDIA", "DJI_0001"),
        name_group(EXERCISE, CameraSerial("X2"), "100MEDIA", "DJI_0001"),
        name_group(EXERCISE, CAMERA, "101MEDIA", "DJI_0001"),
        name_group(EXERCISE, CAMERA, "100MEDIA", "DJI_0002"),
    ]
    assert len({group, *others}) == 5
