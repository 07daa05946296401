"""The start of a recording is derived from its clocks, and says why and how sure."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.clock import ClockReading, corrected_start
from pipeline.domain.clock_claim import clocks_of
from pipeline.domain.media import ClockClaim

RECEIVED = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
TRUE = datetime(2019, 11, 18, 23, 45, 14, tzinfo=UTC)
EARLIEST, LATEST = datetime(1970, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001  # hypothesis wants them bare
LOCAL_AS_UTC = datetime(2019, 11, 18, 15, 45, 32, tzinfo=UTC)


def test_satellites_win_over_a_container_that_is_eight_hours_off() -> None:
    found = corrected_start(
        [ClockReading("container", LOCAL_AS_UTC), ClockReading("gnss", TRUE, position_s=Fraction(1, 2))],
        received_at=RECEIVED,
    )
    assert found.start_at == TRUE - timedelta(seconds=0.5)
    assert found.uncertainty_s == 1
    assert found.source == "gnss"
    assert found.disagreements == ("container is off by -28782 s",)


def test_a_satellite_receiver_without_a_fix_is_not_believed() -> None:
    readings = [ClockReading("gnss", TRUE, has_fix=False), ClockReading("container", LOCAL_AS_UTC)]
    assert corrected_start(readings, received_at=RECEIVED).source == "container"


def test_a_container_alone_is_taken_with_every_time_zone_of_doubt() -> None:
    found = corrected_start([ClockReading("container", LOCAL_AS_UTC)], received_at=RECEIVED)
    assert found.start_at == LOCAL_AS_UTC
    assert abs((found.start_at - TRUE).total_seconds()) <= found.uncertainty_s


def test_a_clock_that_is_ahead_of_the_receipt_is_wrong_and_told() -> None:
    ahead = RECEIVED + timedelta(hours=1)
    found = corrected_start([ClockReading("container", ahead)], received_at=RECEIVED)
    assert found.source == "receipt"
    assert "after the upload was received" in found.disagreements[0]


def test_only_a_moment_with_a_zone_is_a_reading() -> None:
    claims = [
        ClockClaim("container:creation_time", "2019-11-18T15:45:32.000000Z"),
        ClockClaim("container:com.apple.quicktime.creationdate", "2019-11-18T15:45:32-0800"),
        ClockClaim("stream 0:timecode", "15:44:35:10"),
        ClockClaim("container:date", "2019"),
        ClockClaim("container:creation_time", "2019-11-18 15:45:32"),
    ]
    readings = [clock.reading for clock in clocks_of(claims) if clock.reading is not None]
    assert [reading.at for reading in readings] == [LOCAL_AS_UTC, LOCAL_AS_UTC + timedelta(hours=8)]


def test_most_satellite_readings_outvote_a_stale_one() -> None:
    readings = [ClockReading("gnss", TRUE + timedelta(seconds=at), position_s=Fraction(at)) for at in range(5)]
    stale = ClockReading("gnss", TRUE - timedelta(seconds=90), position_s=Fraction(2))
    found = corrected_start([stale, *readings], received_at=RECEIVED)
    assert found.start_at == TRUE
    assert found.because == "satellite time with a fix: 5 of 6 readings agree to the second"
    assert found.disagreements == ("gnss is off by -92 s",)


def test_the_middle_of_what_satellite_readings_allow_together_is_taken() -> None:
    readings = [ClockReading("gnss", TRUE), ClockReading("gnss", TRUE + timedelta(seconds=1.5))]
    assert corrected_start(readings, received_at=RECEIVED).start_at == TRUE + timedelta(seconds=0.75)


def test_the_surest_clock_wins() -> None:
    local, phone = ClockReading("container", LOCAL_AS_UTC), ClockReading("container", TRUE, is_zone_known=True)
    dock, name = ClockReading("dock", TRUE), ClockReading("file_name", LOCAL_AS_UTC)
    still = ClockReading("exif", TRUE, is_zone_known=True, slack_s=Fraction(600))
    modified = ClockReading("filesystem", TRUE)
    order = [dock, phone, still, local, name, modified]
    for left in range(len(order)):
        found = corrected_start(order[left:][::-1], received_at=RECEIVED)
        assert (found.source, found.uncertainty_s) == (order[left].source, order[left].uncertainty_s)


def test_a_clock_that_was_never_set_is_told_and_not_believed() -> None:
    found = corrected_start([ClockReading("container", datetime(1970, 1, 1, tzinfo=UTC))], received_at=RECEIVED)
    assert found.source == "receipt"
    assert found.disagreements == ("container says 1970-01-01T00:00:00+00:00: a clock that was not set",)


def test_clocks_that_tell_no_start_are_not_asked() -> None:
    readings = [ClockReading(source, TRUE) for source in ("timecode", "track", "sender", "receipt")]
    found = corrected_start(readings, received_at=RECEIVED)
    assert (found.start_at, found.source, found.disagreements) == (RECEIVED, "receipt", ())


@given(
    st.lists(
        st.builds(
            ClockReading,
            st.sampled_from(["gnss", "container", "filesystem"]),
            st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)),
            st.fractions(0, 3600, max_denominator=1000),
            st.booleans(),
        ),
        max_size=5,
    ),
    st.randoms(),
)
def test_a_start_is_never_after_the_receipt_and_order_does_not_choose_the_source(
    readings: list[ClockReading], random: Random
) -> None:
    found = corrected_start(readings, received_at=RECEIVED)
    assert found.start_at <= RECEIVED + timedelta(minutes=5)
    assert found.because
    shuffled = list(readings)
    random.shuffle(shuffled)
    assert corrected_start(shuffled, received_at=RECEIVED).source == found.source
