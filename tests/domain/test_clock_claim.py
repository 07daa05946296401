"""Claims become clocks with their source; what they mean is told, and what they do not mean is not guessed."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from pipeline.domain.claim import UploadClaim
from pipeline.domain.clock import ClockReading
from pipeline.domain.clock_claim import (
    SATELLITE_CLOCKS_MAX,
    clocks_of,
    clocks_of_claim,
    satellite_clocks,
    track_clocks,
)
from pipeline.domain.media import ClockClaim
from pipeline.domain.still import CameraNames, GeoPoint
from pipeline.domain.track import TrackFacts, TrackPoint

TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("place", "text", "at", "is_zone_known"),
    [
        ("container:creation_time", "2026-03-02T10:00:00.000000Z", TEN, False),
        ("container:com.apple.quicktime.creationdate", "2026-03-02T11:00:00+0100", TEN, True),
        ("exif:DateTimeOriginal", "2026:03:02 10:00:00", TEN, False),
        ("exif:DateTimeOriginal", "2026:03:02 11:00:00.25+01:00", TEN + timedelta(seconds=0.25), True),
        ("exif:GPSDateTime", "2026:03:02 10:00:00.240Z", TEN + timedelta(seconds=0.24), True),
    ],
)
def test_a_claim_that_means_a_moment(place: str, text: str, at: datetime, is_zone_known: bool) -> None:
    (clock,) = clocks_of([ClockClaim(place, text)])
    assert (clock.place, clock.text) == (place, text)
    assert clock.reading == ClockReading(clock.source, at, is_zone_known=is_zone_known)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("stream 0:timecode", "15:44:35:10"),
        ("container:creation_time", "2026-03-02 10:00:00"),
        ("container:date", "2026"),
        ("exif:DateTime", "0000:00:00 00:00:00"),
        ("exif:DateTime", "    :  :     :  :  "),
        ("exif:GPSDateTime", "2026:03:02 51:30:00.000Z"),
    ],
)
def test_a_claim_that_means_none_is_kept_all_the_same(place: str, text: str) -> None:
    (clock,) = clocks_of([ClockClaim(place, text)])
    assert (clock.text, clock.reading) == (text, None)


def track(*points: TrackPoint) -> TrackFacts:
    return TrackFacts("telemetry", CameraNames(), points, len(points))


def point(second: int, fix: int | None = 3) -> TrackPoint:
    at = (TEN + timedelta(seconds=second)).isoformat()
    return TrackPoint(GeoPoint(Fraction(1), Fraction(2)), at, Fraction(second), fix_dimensions=fix)


def test_satellite_times_are_counted_from_the_first_frame_shown() -> None:
    first, later = satellite_clocks(track(point(0), point(5, fix=0)), first_frame_s=Fraction(1, 2))
    assert first.reading == ClockReading("gnss", TEN, Fraction(-1, 2), has_fix=True, is_zone_known=True)
    assert later.reading is not None
    assert not later.reading.has_fix


def test_of_a_long_track_some_readings_are_kept_the_first_and_the_last_among_them() -> None:
    kept = satellite_clocks(track(*(point(second) for second in range(3600))))
    assert len(kept) == SATELLITE_CLOCKS_MAX
    assert (kept[0].text, kept[-1].text) == (TEN.isoformat(), (TEN + timedelta(seconds=3599)).isoformat())


def test_a_track_beside_footage_has_clocks_that_tell_no_start() -> None:
    found = track_clocks(track(point(0), point(1), point(2)))
    assert [clock.source for clock in found] == ["track", "track"]
    assert all(clock.reading and clock.reading.uncertainty_s is None for clock in found)


def test_a_name_tells_local_time_unless_it_has_an_offset() -> None:
    for text, zone in (("2026-03-02T10:00:00", False), ("2026-03-02T11:00:00+01:00", True)):
        clock = clocks_of_claim(UploadClaim(), received_at=TEN, named_start=text)[0]
        assert (clock.source, clock.text) == ("file_name", text)
        assert clock.reading == ClockReading("file_name", TEN, is_zone_known=zone)


def test_what_the_sender_said_and_when_it_came() -> None:
    found = clocks_of_claim(UploadClaim(started_at=TEN, modified_at=TEN, sent_at=TEN), received_at=TEN)
    assert [clock.source for clock in found] == ["dock", "filesystem", "sender", "receipt"]
    assert [clock.source for clock in clocks_of_claim(UploadClaim(), received_at=TEN)] == ["receipt"]
