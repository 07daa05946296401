"""The start of a recording is derived from its clocks, and says why and how sure."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.clock import ClockReading, corrected_start, readings_of
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
    assert [reading.at for reading in readings_of(claims)] == [LOCAL_AS_UTC, LOCAL_AS_UTC + timedelta(hours=8)]


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
