from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.exposure import DESK_MAX_CLIPS, Exposure, Sitting, exposures, pace_s, room

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLIP_S = Fraction(10)


def sitting(answer: int, lead_time_s: float | None, *, hours: float = 0, clip_s: Fraction = CLIP_S) -> Sitting:
    return Sitting(answer, DAY + timedelta(hours=hours), clip_s, lead_time_s)


def test_what_the_browser_counted_is_added_up_by_day() -> None:
    found = exposures([sitting(1, 40.0), sitting(2, 25.0), sitting(3, 30.0, hours=24)])
    assert found == (
        Exposure(date(2026, 3, 2), 65.0, 2, "2 as the browser counted"),
        Exposure(date(2026, 3, 3), 30.0, 1, "1 as the browser counted"),
    )


def test_an_answer_that_is_opened_again_adds_only_what_its_count_grew() -> None:
    (first, second) = exposures([sitting(1, 40.0), sitting(1, 55.0, hours=24)])
    assert (first.seconds, second.seconds) == (40.0, 15.0)


def test_a_page_that_stood_open_is_cut_off_and_a_hasty_answer_counts_the_clips_length() -> None:
    (day,) = exposures([sitting(1, 9 * 3600.0), sitting(2, 2.0), sitting(3, None)])
    assert day.seconds == 300 + 10 + 10
    assert day.because == (
        "1 cut off, the page stood open; 1 the clip's length, the browser counted less; "
        "1 the clip's length, the browser told nothing"
    )
    (long,) = exposures([sitting(1, 9 * 3600.0, clip_s=Fraction(60))])
    assert long.seconds == 20 * 60


def test_ones_pace_is_the_middle_of_the_newest_answers() -> None:
    assert pace_s([]) is None
    assert pace_s([sitting(1, 20.0), sitting(2, 30.0), sitting(3, 90.0)]) == 30.0
    slow_before = [sitting(number, 100.0) for number in range(60)]
    fast_now = [sitting(100 + number, 20.0, hours=1) for number in range(50)]
    assert pace_s(slow_before + fast_now) == 20.0


def test_a_desk_holds_what_can_be_done_in_what_is_left_of_the_day() -> None:
    found = room(exposed_s=3600, limit_s=7200, on_desk=10, pace=60.0, typical_clip_s=CLIP_S)
    assert (found.clips, found.limit_reached) == (50, False)
    assert found.because == "60 of 120 minutes today; 60 s a clip, 10 on desk"
    unknown = room(exposed_s=0, limit_s=600, on_desk=0, pace=None, typical_clip_s=CLIP_S)
    assert unknown.clips == 20
    assert room(exposed_s=0, limit_s=10**6, on_desk=0, pace=1.0, typical_clip_s=None).clips == DESK_MAX_CLIPS


def test_at_the_limit_there_is_room_for_nothing() -> None:
    found = room(exposed_s=7200, limit_s=7200, on_desk=3, pace=60.0, typical_clip_s=CLIP_S)
    assert (found.clips, found.limit_reached) == (0, True)
    assert found.because == "120 of 120 minutes today: the day's limit is reached"


@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 1000), st.integers(0, 50)), max_size=12))
def test_no_answer_counts_for_less_than_its_clip_and_the_order_of_reading_does_not_matter(
    told: list[tuple[int, float, int]],
) -> None:
    sat = [sitting(answer, lead_s, hours=hours) for answer, lead_s, hours in told]
    found = exposures(sat)
    assert found == exposures(sat[::-1]) or len({(one.at, one.answer) for one in sat}) < len(sat)
    assert sum(day.seconds for day in found) >= 10 * len({answer for answer, _, _ in told}) - 1e-6
