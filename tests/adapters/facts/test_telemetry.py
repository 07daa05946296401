"""Telemetry inside footage: the same as exiftool reads, in exact numbers."""

import gzip
import json
import subprocess
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.facts.reader import FactReader
from pipeline.adapters.facts.series import write_series
from pipeline.adapters.facts.telemetry import facts_of
from pipeline.domain.clock import corrected_start
from pipeline.domain.clock_claim import satellite_clocks
from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.track import TrackFacts, TrackPoint
from tests.adapters.facts.conftest import needs_exiftool
from tests.real_footage import each

GOPRO = "gopro-max-heromode.mp4"


def telemetry_of(reader: FactReader, path: Path) -> TrackFacts | None:
    (facts,) = reader.read("video", [path])
    assert facts.problem is None
    return facts.telemetry


def asked_of_exiftool(path: Path) -> dict[str, list[Any]]:
    tags = ("GPSDateTime", "GPSLatitude", "GPSLongitude", "GPSAltitude", "GPSSpeed", "GPSMeasureMode", "SampleTime")
    argv = ["exiftool", "-json", "-n", "-ee", "-G3:4", *(f"-{tag}" for tag in tags), str(path)]
    (found,) = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
    firsts: dict[str, dict[str, Any]] = {tag: {} for tag in tags}
    for name, value in found.items():  # Doc1:Copy3:GPSLatitude, in the order of the file
        block, tag = name.partition(":")[0], name.rpartition(":")[2]
        if block.startswith("Doc"):
            firsts[tag].setdefault(block, value)
    return {tag: list(values.values()) for tag, values in firsts.items()}


@needs_exiftool
@pytest.mark.parametrize("path", each("video"))
def test_real_telemetry_says_what_exiftool_reads(path: Path, reader: FactReader) -> None:
    found, expected = telemetry_of(reader, path), asked_of_exiftool(path)
    assert (found is not None) == bool(expected["GPSLatitude"]) == (path.name == GOPRO)
    if found is None:
        return
    moments = [datetime.fromisoformat(str(point.at)).strftime("%Y:%m:%d %H:%M:%S.%f")[:-3] for point in found.points]
    assert moments == expected["GPSDateTime"]
    assert found.points_found == len(found.points) == 11
    for number, point in enumerate(found.points):
        assert float(point.place.latitude_deg) == pytest.approx(expected["GPSLatitude"][number], rel=0, abs=1e-9)
        assert float(point.place.longitude_deg) == pytest.approx(expected["GPSLongitude"][number], rel=0, abs=1e-9)
        assert float(point.place.altitude_m or 0) == pytest.approx(expected["GPSAltitude"][number], abs=1e-6)
        assert float(point.speed_m_s or 0) == pytest.approx(expected["GPSSpeed"][number], abs=1e-6)
        assert point.fix_dimensions == expected["GPSMeasureMode"][number] == 3
        # The camera's own count of microseconds against the place of the block in the file.
        assert float(point.position_s or 0) == pytest.approx(expected["SampleTime"][number], abs=0.1)


def test_the_camera_names_itself_and_tells_of_its_motion(reader: FactReader, real_footage: Path) -> None:
    found = telemetry_of(reader, real_footage / "video" / GOPRO)
    assert found is not None
    assert (found.camera.make, found.camera.model, found.camera.serial) == ("GoPro", "GoPro Max", "C3353424500199")
    assert [(one.sensor, one.samples, round(one.rate_hz)) for one in found.motion] == [
        ("accelerometer", 2082, 197),
        ("gyroscope", 2082, 197),
    ]


def test_the_satellites_tell_the_start_of_the_gopro_sample(reader: FactReader, real_footage: Path) -> None:
    found = telemetry_of(reader, real_footage / "video" / GOPRO)
    assert found is not None
    readings = [clock.reading for clock in satellite_clocks(found) if clock.reading]
    start = corrected_start(readings, received_at=datetime(2026, 1, 1, tzinfo=UTC))
    # Its first GPSU; all later ones say a second and a half more, less where they stand.
    assert abs((start.start_at - datetime(2019, 11, 18, 23, 45, 14, tzinfo=UTC)).total_seconds()) < 1
    assert start.because == "satellite time with a fix: 11 of 11 readings agree to the second"


def block(**said: Any) -> dict[str, Any]:
    gopro = {"Data": [[515000000, -1200000, 17000, 1500, 160]], "Scale": [10_000_000, 10_000_000, 1000, 1000, 100]}
    return {"GPS": {**gopro, "0x47505346": 0, "0x47505350": 9999, "0x47505355": 1_772_445_600_000, **said}}


def point_of(said: dict[str, Any]) -> TrackPoint | None:
    return next(iter(facts_of("GoPro", "HERO", [said], []).points), None)


def test_without_a_fix_there_is_no_dilution() -> None:
    point = point_of(block())
    assert point is not None
    assert (point.fix_dimensions, point.dilution, point.at) == (0, None, "2026-03-02T10:00:00+00:00")
    assert point.place.latitude_deg == Fraction("51.5")


def test_newer_cameras_write_time_dilution_and_fix_in_the_line() -> None:
    line = [515000000, -1200000, 17000, 1500, 160, 9557, 36_000_500, 154, 3]
    scale = [10_000_000, 10_000_000, 1000, 1000, 100, 1, 1000, 100, 1]
    point = point_of({"GPS": {"Data": [line], "Scale": scale}})
    assert point is not None
    assert (point.at, point.dilution, point.fix_dimensions) == ("2026-03-02T10:00:00.500000+00:00", Fraction("1.54"), 3)


def test_blocks_without_a_clock_of_their_own_are_a_second_apart() -> None:
    found = facts_of("GoPro", "HERO5", [block(), block(), block()], [])
    assert [point.position_s for point in found.points] == [0, Fraction("1.001"), Fraction("2.002")]


def test_what_other_cameras_say_in_words() -> None:
    line = {"unix_timestamp": 1772445600.25, "lat": 51.5, "lon": -0.12, "altitude": 17.5, "is_acquired": True}
    point = point_of({"GPS": {"Data": [line]}})
    assert point is not None
    assert (point.at, point.fix_dimensions) == ("2026-03-02T10:00:00.250000+00:00", 3)
    assert (point.place.latitude_deg, point.place.altitude_m) == (Fraction("51.5"), Fraction("17.5"))


@pytest.mark.parametrize(
    "said",
    [
        {"GPS": {"Data": [["x"]], "Scale": [1]}},
        {"GPS": {"Data": [[1, 2, 3, 4, 5]], "Scale": [1, 1, 1, 1]}},
        {"GPS": {"Data": [[1, 2, 3, 4, 5]], "Scale": [0, 0, 0, 0, 0]}},
        {"GPS": {"Data": [[9999, 2, 3, 4, 5]], "Scale": [1, 1, 1, 1, 1]}},
        {"GPS": {"Data": [{"lat": float("nan"), "lon": 1.0}]}},
        {"GPS": {"Data": [{"lat": 91.0, "lon": 1.0}]}},
        {"GPS": "nothing"},
        {},
    ],
)
def test_a_block_without_a_place_on_earth_is_no_point(said: dict[str, Any]) -> None:
    assert point_of(said) is None


numbers = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
lines = st.lists(numbers, max_size=9) | st.dictionaries(
    st.sampled_from(["unix_timestamp", "lat", "lon", "altitude", "speed", "is_acquired"]), numbers
)
gps = st.fixed_dictionaries(
    {},
    optional={
        "Data": numbers | st.lists(lines | numbers, max_size=3),
        "Scale": numbers | st.lists(numbers, max_size=9),
        "TimestampUs": numbers,
        "0x47505346": numbers,
        "0x47505350": numbers,
        "0x47505355": numbers,
    },
)
motions = st.dictionaries(st.sampled_from(["timestamp_ms", "accl", "gyro", "magn"]), numbers)


@given(
    st.lists(st.fixed_dictionaries({}, optional={"GPS": gps | numbers, "Default": numbers}), max_size=3),
    st.lists(motions, max_size=4),
)
def test_whatever_a_camera_says_there_are_facts(blocks: list[dict[str, Any]], motion: list[dict[str, Any]]) -> None:
    facts = facts_of("GoPro", 7, blocks, motion)
    assert facts.points_found >= len(facts.points)
    assert all(summary.samples > 1 and summary.rate_hz > 0 for summary in facts.motion)
    assert from_plain(TrackFacts, to_plain(facts)) == facts


@given(
    st.lists(st.fixed_dictionaries({}, optional={"GPS": gps | numbers, "Default": numbers}), max_size=3),
    st.lists(motions | st.fixed_dictionaries({"timestamp_ms": numbers, "accl": st.lists(numbers)}), max_size=4),
)
def test_whatever_a_camera_says_its_samples_are_lines_of_json(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[dict[str, Any]], motion: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "series"
    count = write_series(str(path), blocks, motion)
    lines = gzip.decompress(path.read_bytes()).splitlines() if count else []
    assert (len(lines), path.stat().st_size == 0) == (count, count == 0)
    assert all("position_ms" in json.loads(line, parse_constant=pytest.fail) for line in lines)


def test_telemetry_that_is_cut_off_is_read_as_far_as_it_goes(
    reader: FactReader, real_footage: Path, tmp_path: Path
) -> None:
    whole = (real_footage / "video" / GOPRO).read_bytes()
    cuts = [tmp_path / f"{keep}.mp4" for keep in (100, len(whole) // 2)]
    for cut in cuts:
        cut.write_bytes(whole[: int(cut.stem)])
    for facts in reader.read("video", cuts):
        assert facts.telemetry is None or facts.telemetry.points_found < 11
