"""Where was the camera and how did it move, as the telemetry inside a video file says?

telemetry-parser (Rust) reads GoPro, Sony, DJI, Insta360 and others. In work it runs within the walls of
`adapters.sandbox` (`parse`).

GoPro's own names of fields are from the GPMF format: https://github.com/gopro/gpmf-parser#where-to-find-gpmf-data.
telemetry-parser spells fields that it has no name for by their four letters in hexadecimal.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import telemetry_parser

from pipeline.adapters.facts.answer import said_of
from pipeline.adapters.facts.series import write_series
from pipeline.domain.still import CameraNames, GeoPoint
from pipeline.domain.track import MotionSummary, TrackFacts, TrackPoint, thinned
from pipeline.errors import UnreadableFileError

_FIX, _DILUTION, _UTC, _SERIAL = "0x47505346", "0x47505350", "0x47505355", "0x4341534e"
"""GPSF, GPSP, GPSU, CASN."""

_BLOCK_S = Fraction(1001, 1000)
"""Seconds of footage that one GoPro block of telemetry goes with, where blocks have no clock of their own."""

_NO_DILUTION = 9999
"""GPSP where there is no fix: it is a hundred times the dilution."""

_EPOCH_9 = datetime(2000, 1, 1, tzinfo=UTC)
"""GPS9 counts days from here."""

_SENSORS = {"accl": "accelerometer", "gyro": "gyroscope", "magn": "magnetometer"}
_TEXT_LENGTH_MAX = 128


def parse(files: Mapping[str, str], options: Mapping[str, Any]) -> Any:
    """For each file its telemetry as plain JSON values, `None` where there is none, or why it cannot be read.

    The option `series` names a file for all samples of the one file that is read; without any, it is left empty.
    """
    series = options.get("series")
    if series is not None:
        Path(series).touch()
    return said_of(files, partial(_telemetry_or_none, series=series))


def _telemetry_or_none(path: str, *, series: str | None) -> TrackFacts | None:
    try:
        return telemetry_facts(path, series=series)
    except FileNotFoundError:
        return None


def telemetry_facts(path: str, *, series: str | None = None) -> TrackFacts:
    """The telemetry in a file; all of its samples go into the file `series`.

    Raises:
        FileNotFoundError: there is no telemetry in it that the library knows.
        UnreadableFileError: there is, and it cannot be read.
    """
    try:
        parser = telemetry_parser.Parser(path)
    except OSError as exc:  # all that it says of a file that is not for it
        raise FileNotFoundError from exc
    except BaseException as exc:
        raise _unreadable(exc) from exc
    try:
        blocks, motion = parser.telemetry(), parser.normalized_imu()
        found = facts_of(parser.camera, parser.model, blocks, motion)
        if series is not None:
            write_series(series, blocks, motion)
        return found
    # A Rust panic comes as PanicException, which is no Exception.
    except BaseException as exc:
        raise _unreadable(exc) from exc


def _unreadable(exc: BaseException) -> UnreadableFileError:
    return UnreadableFileError(f"expected telemetry that can be read, found a {type(exc).__name__} in it")


def facts_of(
    make: object, model: object, blocks: Sequence[Mapping[str, Any]], motion: Sequence[Mapping[str, Any]]
) -> TrackFacts:
    """What telemetry-parser's answers mean."""
    points = list(_points(blocks))
    serial = next((said for block in blocks if (said := _inside(block, "Default").get(_SERIAL))), None)
    return TrackFacts(
        form="telemetry",
        camera=CameraNames(_text(make), _text(model), _text(serial)),
        points=thinned(points),
        points_found=len(points),
        motion=tuple(_motion(motion)),
    )


def _points(blocks: Sequence[Mapping[str, Any]]) -> Iterator[TrackPoint]:
    """One point for each block that tells a place, in the order of the file."""
    number, first_us = -1, None
    for block in blocks:
        told_here = _inside(block, "GPS")
        rows = told_here.get("Data")
        if not isinstance(rows, list) or not rows:
            continue
        number += 1
        if isinstance(rows[0], Mapping):
            yield from _from_mappings(rows)
            continue
        at_us = _number(told_here.get("TimestampUs"))
        first_us = at_us if number == 0 else first_us
        position_s = number * _BLOCK_S if at_us is None or first_us is None else (at_us - first_us) / 1_000_000
        point = _from_gopro(told_here, rows[0], position_s)
        if point is not None:
            yield point


def _from_gopro(said: Mapping[str, Any], row: object, position_s: Fraction) -> TrackPoint | None:
    """The first line of a GPS5 or GPS9 block; GPS9 has time, dilution and fix in the line itself."""
    scales = said.get("Scale")
    if not isinstance(row, list) or not isinstance(scales, list) or len(row) != len(scales):
        return None
    values = [
        number / scale if (number := _number(value)) is not None and (scale := _number(by)) else None
        for value, by in zip(row, scales, strict=True)
    ]
    if len(values) < 4 or values[0] is None or values[1] is None:  # noqa: PLR2004  # to the speed over ground
        return None
    fix, dilution, moment = said.get(_FIX), _number(said.get(_DILUTION)), _moment_ms(said.get(_UTC))
    dilution = None if dilution is None or dilution >= _NO_DILUTION else dilution / 100
    if len(values) >= 9 and None not in values[5:9]:  # noqa: PLR2004  # GPS9
        days, seconds, dilution, fixed = (value or Fraction(0) for value in values[5:9])
        fix, moment = int(fixed), _moment(_EPOCH_9, days * 86_400 + seconds)
    try:
        place = GeoPoint(values[0], values[1], values[2])
    except ValueError:
        return None
    return TrackPoint(
        place=place,
        at=moment,
        position_s=position_s,
        speed_m_s=values[3],
        fix_dimensions=fix if isinstance(fix, int) else None,
        dilution=dilution,
    )


def _from_mappings(rows: Sequence[object]) -> Iterator[TrackPoint]:
    """What telemetry-parser has already put into words, as it does for other makes than GoPro."""
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        latitude, longitude = _number(row.get("lat")), _number(row.get("lon"))
        if latitude is None or longitude is None:
            continue
        seconds = _number(row.get("unix_timestamp"))
        try:
            place = GeoPoint(latitude, longitude, _number(row.get("altitude")))
        except ValueError:
            continue
        acquired = row.get("is_acquired")
        yield TrackPoint(
            place=place,
            at=None if seconds is None else _moment(datetime.fromtimestamp(0, UTC), seconds),
            speed_m_s=_number(row.get("speed")),
            fix_dimensions=None if acquired is None else 3 if acquired else 0,
        )


def _motion(lines: Sequence[Mapping[str, Any]]) -> Iterator[MotionSummary]:
    for key, sensor in _SENSORS.items():
        said_ms = (_number(line.get("timestamp_ms")) for line in lines if line.get(key))
        times_ms = [time_ms for time_ms in said_ms if time_ms is not None]
        if len(times_ms) < 2 or times_ms[-1] <= times_ms[0]:  # noqa: PLR2004  # a rate is between two
            continue
        rate_hz = ((len(times_ms) - 1) * 1000 / (times_ms[-1] - times_ms[0])).limit_denominator(1000)
        if rate_hz > 0:
            yield MotionSummary(sensor, len(times_ms), rate_hz)


def _inside(block: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = block.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _number(value: object) -> Fraction | None:
    """An exact number; a float as the shortest decimal that means it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return Fraction(repr(value))
    except ValueError:  # not a number, or infinite
        return None


def _moment_ms(value: object) -> str | None:
    milliseconds = _number(value)
    return None if milliseconds is None else _moment(datetime.fromtimestamp(0, UTC), milliseconds / 1000)


def _moment(since: datetime, seconds: Fraction) -> str | None:
    try:
        return (since + timedelta(microseconds=round(seconds * 1_000_000))).isoformat()
    except OverflowError:
        return None


def _text(said: object) -> str | None:
    if not isinstance(said, str):
        return None
    return "".join(char for char in said if char.isprintable()).strip()[:_TEXT_LENGTH_MAX] or None
