"""What does the EXIF of a photograph say? ExifRead, with whatever it raises made into silence or a plain refusal.

Photographs come from anybody. ExifRead raises `IndexError`, `ValueError`, `struct.error` and others on broken files,
and can be led in circles; so it reads at most `SIZE_MAX_BYTES`, and in work it runs within the walls of
`adapters.sandbox` (`stills`).

Maker notes and thumbnails are not read: they are the parts that crash parsers, and a thumbnail may show what was later
covered. THM sidecars are JPEG and are known by their content, as are HEIC and HEIF.
"""

import io
import logging
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import exifread

from pipeline.domain.media import ClockClaim
from pipeline.domain.still import CameraNames, GeoPoint, Orientation, StillFacts, orientation
from pipeline.errors import UnreadableFileError

SIZE_MAX_BYTES = 64 << 20
"""A photograph of 100 megapixels has 40 MB. EXIF stands at the beginning; what is longer is read to here."""

_TEXT_LENGTH_MAX = 128
_TIMES = (
    ("DateTimeOriginal", "EXIF DateTimeOriginal", "EXIF SubSecTimeOriginal", "EXIF OffsetTimeOriginal"),
    ("DateTimeDigitized", "EXIF DateTimeDigitized", "EXIF SubSecTimeDigitized", "EXIF OffsetTimeDigitized"),
    ("DateTime", "Image DateTime", "EXIF SubSecTime", "EXIF OffsetTime"),
)

_Tags = Mapping[str, Any]


# What it complains of comes out of the file; no log of ours may hold that.
logging.getLogger("exifread").disabled = True


def still_facts(data: bytes) -> StillFacts:
    """The EXIF in these bytes; without EXIF, facts that say nothing.

    Raises:
        UnreadableFileError: what is there cannot be read as EXIF.
    """
    try:
        tags = exifread.process_file(io.BytesIO(data[:SIZE_MAX_BYTES]), details=False, extract_thumbnail=False)
        return StillFacts(
            camera=CameraNames(
                _text(tags, "Image Make"), _text(tags, "Image Model"), _text(tags, "EXIF BodySerialNumber")
            ),
            orientation=_orientation(tags),
            place=_place(tags),
            clocks=tuple(_clocks(tags)),
        )
    # Whatever it stumbles over, it stumbles over a broken file.
    except Exception as exc:
        raise UnreadableFileError(f"expected EXIF that can be read, found a {type(exc).__name__} in it") from exc


def _clocks(tags: _Tags) -> list[ClockClaim]:
    claims = []
    for name, time, part, offset in _TIMES:
        said = _text(tags, time)
        if said is not None:
            fraction = _text(tags, part) or ""
            fraction = f".{fraction}" if fraction.isdecimal() else ""
            claims.append(ClockClaim(f"exif:{name}", f"{said}{fraction}{_text(tags, offset) or ''}"))
    date, moment = _text(tags, "GPS GPSDate"), _ratios(tags, "GPS GPSTimeStamp")
    if date is not None and len(moment) == 3:  # noqa: PLR2004  # hours, minutes, seconds
        hours, minutes, seconds = moment
        thousandths = int(seconds * 1000)
        time_of_day = f"{int(hours):02}:{int(minutes):02}:{thousandths // 1000:02}.{thousandths % 1000:03}"
        claims.append(ClockClaim("exif:GPSDateTime", f"{date} {time_of_day}Z"))
    return claims


def _place(tags: _Tags) -> GeoPoint | None:
    latitude = _degrees(tags, "GPS GPSLatitude", negative="S")
    longitude = _degrees(tags, "GPS GPSLongitude", negative="W")
    if latitude is None or longitude is None:
        return None
    altitude = next(iter(_ratios(tags, "GPS GPSAltitude")), None)
    if altitude is not None and next(iter(_values(tags, "GPS GPSAltitudeRef")), 0) == 1:
        altitude = -altitude
    try:
        return GeoPoint(latitude, longitude, altitude)
    except ValueError:
        return None


def _degrees(tags: _Tags, name: str, *, negative: str) -> Fraction | None:
    """Degrees, minutes and seconds as degrees; `None` where the half of the Earth is not said."""
    parts, half = _ratios(tags, name), _text(tags, f"{name}Ref")
    if len(parts) != 3 or half is None:  # noqa: PLR2004  # as above
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    return -degrees if half.upper().startswith(negative) else degrees


def _orientation(tags: _Tags) -> Orientation | None:
    number = next(iter(_values(tags, "Image Orientation")), None)
    return orientation(number) if isinstance(number, int) else None


def _ratios(tags: _Tags, name: str) -> list[Fraction]:
    """Exact numbers; none where one of them has no denominator."""
    try:
        return [Fraction(value.numerator, value.denominator) for value in _values(tags, name)]
    except (AttributeError, ZeroDivisionError, TypeError):
        return []


def _values(tags: _Tags, name: str) -> Any:
    values = getattr(tags.get(name), "values", ())
    return values if isinstance(values, list | tuple) else ()


def _text(tags: _Tags, name: str) -> str | None:
    """Printable text of bounded length; `None` where nothing is said."""
    said = getattr(tags.get(name), "values", None)
    if not isinstance(said, str):
        return None
    return "".join(char for char in said if char.isprintable()).strip()[:_TEXT_LENGTH_MAX] or None
