"""An upload goes to the one exercise that declares its camera for its day, or waits with a reason."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.assignment import ZONE, Assignment, exercise_for
from pipeline.domain.exercise import ExerciseDeclaration, WornCamera
from pipeline.domain.ids import CameraSerial, ExerciseId
from tests.builders import a_declaration

CAM = CameraSerial("X6039BHEX")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def declared(name: str, day: str, *cameras: str, until: str | None = None) -> ExerciseDeclaration:
    return a_declaration(
        exercise_id=ExerciseId(name),
        held_on=date.fromisoformat(day),
        held_until=date.fromisoformat(until) if until else None,
        cameras=tuple(WornCamera(CameraSerial(camera), f"P{at}") for at, camera in enumerate(cameras or (CAM,))),
    )


def test_the_camera_and_the_day_name_the_exercise() -> None:
    found = exercise_for(CAM, NOON, [declared("EX-1", "2026-03-02"), declared("EX-2", "2026-03-09")])
    assert found == Assignment(ExerciseId("EX-1"), f"declared for camera {CAM}, recorded on its day, 2026-03-02")


@pytest.mark.parametrize(
    ("at", "declarations", "because"),
    [
        (NOON, [], f"no declared exercise names camera {CAM}"),
        (NOON, [declared("EX-1", "2026-03-02", "OTHER")], f"no declared exercise names camera {CAM}"),
        (
            None,
            [declared("EX-1", "2026-03-02")],
            f"nothing says when it was recorded; camera {CAM} was declared for EX-1 on 2026-03-02",
        ),
        (
            NOON,
            [declared("EX-2", "2026-03-09"), declared("EX-1", "2026-02-20", until="2026-02-22")],
            f"recorded 2026-03-02; camera {CAM} was declared for EX-1 on 2026-02-20 to 2026-02-22, EX-2 on 2026-03-09",
        ),
        (
            NOON,
            [declared("EX-2", "2026-03-02"), declared("EX-1", "2026-03-02")],
            f"camera {CAM} and 2026-03-02 fit more than one exercise: EX-1 on 2026-03-02, EX-2 on 2026-03-02",
        ),
    ],
)
def test_what_fits_no_exercise_or_two_waits_with_a_reason(
    at: datetime | None, declarations: list[ExerciseDeclaration], because: str
) -> None:
    assert exercise_for(CAM, at, declarations) == Assignment(None, because)


def test_a_day_that_fits_as_told_is_better_than_one_within_a_zone() -> None:
    late = datetime(2026, 3, 2, 23, tzinfo=UTC)
    two_days = [declared("EX-1", "2026-03-02"), declared("EX-2", "2026-03-03")]
    assert exercise_for(CAM, late, two_days).exercise_id == "EX-1"
    assert exercise_for(CAM, late, two_days[1:]).exercise_id == "EX-2"
    assert "within a time zone" in exercise_for(CAM, late, two_days[1:]).because


def test_an_exercise_of_several_days_takes_all_of_them() -> None:
    said = [declared("EX-1", "2026-03-01", until="2026-03-03")]
    days = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in range(1, 4)]
    assert [exercise_for(CAM, day, said).exercise_id for day in days] == ["EX-1"] * 3


@given(
    at=st.datetimes(datetime(2026, 2, 25), datetime(2026, 3, 10), timezones=st.just(UTC)),  # noqa: DTZ001  # Hypothesis wants its bounds without a zone
    days=st.lists(st.dates(date(2026, 2, 26), date(2026, 3, 8)), max_size=4),
    offset_h=st.integers(-14, 14),
)
def test_the_order_of_declarations_and_the_zone_of_writing_change_nothing(
    at: datetime, days: list[date], offset_h: int
) -> None:
    said = [declared(f"EX-{number}", day.isoformat()) for number, day in enumerate(days)]
    found = exercise_for(CAM, at, said)
    assert exercise_for(CAM, at.astimezone(timezone(timedelta(hours=offset_h))), said[::-1]) == found
    if found.exercise_id is not None:
        (chosen,) = (one for one in said if one.exercise_id == found.exercise_id)
        begins_at = datetime(chosen.held_on.year, chosen.held_on.month, chosen.held_on.day, tzinfo=UTC)
        assert begins_at - ZONE <= at < begins_at + timedelta(days=1) + ZONE
