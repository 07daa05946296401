"""What does a track beside footage say: GPX, SRT as drones and body cameras write it, CSV, or the trail of a dock?

Sidecars come from anybody: XML is read by defusedxml (no entity, no outside reference, no DTD), and size, depth, rows
and fields are bounded. The form is told by content; a name says nothing. In work it runs within the walls of
`adapters.sandbox` (`parse`).

GPX 1.0 and 1.1: https://www.topografix.com/GPX/1/1/. SRT has no standard for places: read are the words that DJI
(`[latitude: 51.5] [longitude: -0.12]`, `GPS(-0.12,51.5,17)`) writes. Axis body-worn cameras send a trail as JSON with
`CoordinateEntries` of `LocationWKT`, `SecondsFromStart` and `Timestamp`.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import ParseError  # the class of an error; nothing is parsed with it

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from pipeline.adapters.facts.answer import beginning, said_of
from pipeline.domain.still import CameraNames, GeoPoint
from pipeline.domain.track import TrackFacts, TrackPoint, thinned
from pipeline.errors import UnreadableFileError

SIZE_MAX_BYTES = 32 << 20
"""A day of GPX at one point a second has 15 MB."""
DEPTH_MAX = 32
"""GPX needs seven."""
ROWS_MAX = 200_000
FIELD_LENGTH_MAX = 200

_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,18})?", re.ASCII)
_SRT_TIME = re.compile(r"(\d{1,3}):(\d\d):(\d\d)[,.](\d{3})\s*-->", re.ASCII)
_SRT_LATITUDE = re.compile(r"\blatitude\s*[:=]\s*([+-]?\d{1,3}\.\d{1,18})", re.ASCII | re.IGNORECASE)
_SRT_LONGITUDE = re.compile(r"\blongt?itude\s*[:=]\s*([+-]?\d{1,3}\.\d{1,18})", re.ASCII | re.IGNORECASE)
_SRT_ALTITUDE = re.compile(r"\b(?:abs_alt|altitude)\s*[:=]\s*([+-]?\d{1,6}(?:\.\d{1,18})?)", re.ASCII | re.IGNORECASE)
_SRT_GPS = re.compile(r"\bGPS\s?\(\s*([+-]?\d{1,3}\.\d{1,18})\s*,\s*([+-]?\d{1,3}\.\d{1,18})", re.ASCII)
"""Longitude first, as DJI writes it."""
_WKT = re.compile(r"POINT\s?\(\s*([+-]?[\d.]{1,20})\s+([+-]?[\d.]{1,20})\s*\)", re.ASCII | re.IGNORECASE)
"""Well-known text, longitude first."""
_COLUMNS = {
    "latitude": ("latitude", "lat", "latitude_deg", "gps_latitude"),
    "longitude": ("longitude", "lon", "lng", "long", "longitude_deg", "gps_longitude"),
    "altitude": ("altitude", "alt", "altitude_m", "ele", "elevation"),
    "time": ("time", "timestamp", "utc", "time_utc", "datetime", "date_time"),
    "speed": ("speed_m_s", "speed_mps"),
    "position": ("position_s", "seconds", "offset_s"),
}
"""Names of columns, in lower case. A speed without a unit is not read."""


def parse(files: Mapping[str, str], options: Mapping[str, Any]) -> Any:  # noqa: ARG001  # the sandbox calls it so
    """For each file its facts as plain JSON values, or the reason why there are none."""
    return said_of(files, lambda path: track_facts(beginning(path, SIZE_MAX_BYTES + 1)))


def track_facts(data: bytes) -> TrackFacts:
    """The track in these bytes, whichever of them it is.

    Raises:
        UnreadableFileError: it is none of them, is longer than allowed, or has no point.
    """
    if len(data) > SIZE_MAX_BYTES:
        raise UnreadableFileError(f"expected a track of at most {SIZE_MAX_BYTES} bytes, found more")
    beginning = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if beginning.startswith(b"<"):
        form, points = "gpx", list(_gpx(data))
    elif beginning.startswith(b"{"):
        form, points = "axis trail", list(_trail(beginning))
    else:
        text = data.decode("utf-8-sig", errors="replace")
        form, points = ("srt", list(_srt(text))) if _SRT_TIME.search(text[:4096]) else ("csv", list(_csv(text)))
    if not points:
        raise UnreadableFileError(f"expected a track of places, found none (read as {form})")
    return TrackFacts(form, CameraNames(), thinned(points), len(points))


def _gpx(data: bytes) -> Iterator[TrackPoint]:
    depth, rows = 0, 0
    try:
        for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > DEPTH_MAX:
                raise UnreadableFileError(f"expected XML at most {DEPTH_MAX} deep, found deeper")
            if event == "end" and _bare(element.tag) in {"trkpt", "wpt", "rtept"}:
                rows += 1
                if rows > ROWS_MAX:
                    raise UnreadableFileError(f"expected at most {ROWS_MAX} points, found more")
                said = {_bare(child.tag): (child.text or "").strip() for child in element}
                point = _point(element.get("lat"), element.get("lon"), said.get("ele"), time=said.get("time"))
                element.clear()
                if point is not None:
                    yield point
    except (ParseError, DefusedXmlException, ValueError, LookupError) as exc:  # LookupError: an unknown encoding
        raise UnreadableFileError(f"expected GPX without a DTD or entities, found a {type(exc).__name__}") from exc


def _bare(tag: object) -> str:
    return str(tag).rpartition("}")[2].lower()


def _srt(text: str) -> Iterator[TrackPoint]:
    position_s: Fraction | None = None
    for line in text.splitlines()[: ROWS_MAX * 8]:
        cut = line[: FIELD_LENGTH_MAX * 8]
        if found := _SRT_TIME.match(cut.strip()):
            hours, minutes, seconds, thousandths = map(int, found.groups())
            position_s = Fraction(((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths, 1000)
        elif position_s is not None:
            latitude, longitude = _SRT_LATITUDE.search(cut), _SRT_LONGITUDE.search(cut)
            altitude, pair = _SRT_ALTITUDE.search(cut), _SRT_GPS.search(cut)
            if latitude and longitude:
                place = (latitude[1], longitude[1])
            elif pair:
                place = (pair[2], pair[1])
            else:
                continue
            point = _point(*place, altitude[1] if altitude else None, position_s=position_s)
            position_s = None  # one place for each subtitle
            if point is not None:
                yield point


def _csv(text: str) -> Iterator[TrackPoint]:
    try:
        rows = csv.reader(io.StringIO(text), delimiter=_delimiter(text))
        header = [name.strip().lower() for name in next(rows, [])]
        where = {
            meaning: next((header.index(name) for name in names if name in header), None)
            for meaning, names in _COLUMNS.items()
        }
        if where["latitude"] is None or where["longitude"] is None:
            return
        for number, row in enumerate(rows):
            if number >= ROWS_MAX:
                raise UnreadableFileError(f"expected at most {ROWS_MAX} rows, found more")
            said = {name: row[at] for name, at in where.items() if at is not None and at < len(row)}
            point = _point(
                said.get("latitude"),
                said.get("longitude"),
                said.get("altitude"),
                time=said.get("time"),
                position_s=_number(said.get("position")),
                speed_m_s=_number(said.get("speed")),
            )
            if point is not None:
                yield point
    except csv.Error as exc:
        raise UnreadableFileError("expected a table with a comma, semicolon or tab between fields") from exc


def _trail(data: bytes) -> Iterator[TrackPoint]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise UnreadableFileError("expected a trail in JSON, found something else") from exc
    entries = said.get("CoordinateEntries") if isinstance(said, dict) else None
    if not isinstance(entries, list) or len(entries) > ROWS_MAX:
        raise UnreadableFileError(f"expected at most {ROWS_MAX} CoordinateEntries, found none or more")
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        place = _WKT.fullmatch(str(entry.get("LocationWKT", ""))[:FIELD_LENGTH_MAX].strip())
        point = place and _point(
            place[2],
            place[1],
            None,
            time=str(entry.get("Timestamp", "")),
            position_s=_number(str(entry.get("SecondsFromStart", ""))),
        )
        if point:
            yield point


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _point(
    latitude: str | None,
    longitude: str | None,
    altitude: str | None,
    *,
    time: str | None = None,
    position_s: Fraction | None = None,
    speed_m_s: Fraction | None = None,
) -> TrackPoint | None:
    """A point, or `None` where no place on Earth is said."""
    north, east = _number(latitude), _number(longitude)
    if north is None or east is None:
        return None
    try:
        place = GeoPoint(north, east, _number(altitude))
    except ValueError:
        return None
    return TrackPoint(place=place, at=_moment(time), position_s=position_s, speed_m_s=speed_m_s)


def _number(text: str | None) -> Fraction | None:
    said = (text or "").strip()
    return Fraction(said) if _NUMBER.fullmatch(said) else None


def _moment(text: str | None) -> str | None:
    """A time with an offset, in UTC; a time without one says too little."""
    try:
        at = datetime.fromisoformat((text or "")[:FIELD_LENGTH_MAX].strip())
        return at.astimezone(UTC).isoformat() if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
