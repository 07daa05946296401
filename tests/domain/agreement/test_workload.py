from pipeline.domain.agreement.workload import Forecast, Worker, assumptions, disputes_ahead, forecast

HOUR_S = 3600.0


def test_answers_are_shared_equally_and_take_each_their_own_time() -> None:
    workers = [Worker("a", 60.0, (HOUR_S, 2 * HOUR_S, HOUR_S)), Worker("b", 120.0, (HOUR_S / 2,))]
    assert forecast(workers, 121, limit_s=4 * HOUR_S) == (
        Forecast("a", 61, round(61 / 60, 2), 1.0),
        Forecast("b", 60, 2.0, 4.0),
    )


def test_what_lies_on_a_desk_is_not_shared() -> None:
    workers = [Worker("done", 60.0, ()), Worker("behind", 60.0, (), on_desk=3)]
    assert [one.answers for one in forecast(workers, 3, limit_s=HOUR_S)] == [0, 3]
    assert [one.answers for one in forecast(workers, 8, limit_s=HOUR_S)] == [3, 5]


def test_of_whom_nothing_is_known_the_others_speed_is_taken_and_said() -> None:
    found = forecast([Worker("a", 60.0, (HOUR_S,)), Worker("new", None, ())], 120, limit_s=HOUR_S)
    assert found[1] == Forecast("new", 60, 1.0, None)
    assert "of new no speed is known: that of the others is taken" in assumptions(
        {"a": 60.0, "new": None}, limit_s=HOUR_S
    )


def test_nobody_is_forecast_to_work_more_than_is_allowed() -> None:
    (found,) = forecast([Worker("a", 60.0, (9 * HOUR_S,))], 60, limit_s=HOUR_S / 2)
    assert found.days == 2.0


def test_without_any_speed_there_is_no_forecast() -> None:
    assert forecast([Worker("a", None, ())], 10, limit_s=HOUR_S) == (Forecast("a", 10, None, None),)
    assert forecast([Worker("a", None, ())], 10, limit_s=HOUR_S, else_s=360.0)[0].hours == 1.0
    assert forecast([], 10, limit_s=HOUR_S) == ()


def test_clips_will_be_disputed_as_often_as_so_far() -> None:
    assert disputes_ahead(10, settled=3, disputed=1) == 3
    assert disputes_ahead(10, settled=0, disputed=0) == 0
