"""What does the XMP of a photograph say? Editors and some cameras write times and orientation there and nowhere else.

XMP is RDF in XML, in a packet that is meant to be found by looking for it (ISO 16684-1, 7.3.2), in JPEG as in HEIC. The
first packet counts. It comes from anybody: read by defusedxml (no entity, no outside reference, no DTD), and its length
and depth are bounded.

Names of properties: ISO 16684-1 (XMP), CIPA DC-010 (EXIF in XMP), and `aux` as Adobe's cameras' files have it.
"""

import io
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final
from xml.etree.ElementTree import Element, ParseError  # classes; nothing is parsed with them

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from pipeline.domain.media import ClockClaim
from pipeline.domain.still import CameraNames, GeoPoint, StillFacts, orientation
from pipeline.errors import UnreadableFileError

PACKET_MAX_BYTES: Final = 1 << 20
"""A segment of JPEG holds 64 kB; histories of edits, in packets of their own, grow longer and say nothing for us."""
DEPTH_MAX: Final = 32
"""A packet with an editor's history needs nine."""

_OPENING, _CLOSING = b"<x:xmpmeta", b"</x:xmpmeta>"
_TEXT_LENGTH_MAX = 128
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
_TIFF, _EXIF = "{http://ns.adobe.com/tiff/1.0/}", "{http://ns.adobe.com/exif/1.0/}"
_XMP, _PHOTOSHOP = "{http://ns.adobe.com/xap/1.0/}", "{http://ns.adobe.com/photoshop/1.0/}"
_SERIALS = ("{http://cipa.jp/exif/1.0/}BodySerialNumber", "{http://ns.adobe.com/exif/1.0/aux/}SerialNumber")
_TIMES = (
    ("DateTimeOriginal", f"{_EXIF}DateTimeOriginal"),
    ("DateTimeDigitized", f"{_EXIF}DateTimeDigitized"),
    ("CreateDate", f"{_XMP}CreateDate"),
    ("DateCreated", f"{_PHOTOSHOP}DateCreated"),
    ("ModifyDate", f"{_XMP}ModifyDate"),
    ("GPSTimeStamp", f"{_EXIF}GPSTimeStamp"),
)
_COORDINATE = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d{1,12})?)(?:,(\d{1,2}(?:\.\d{1,12})?))?([NSEW])", re.ASCII)
"""`51,30.5N` or `51,30,30N`."""
_RATIO = re.compile(r"(\d{1,12})(?:/(\d{1,12}))?", re.ASCII)
_WHOLE = re.compile(r"\d{1,4}", re.ASCII)


def xmp_facts(data: bytes) -> StillFacts | None:
    """What the first XMP packet in these bytes says; `None` where there is none.

    Raises:
        UnreadableFileError: there is one, and it cannot be read or is larger than allowed.
    """
    start = data.find(_OPENING)
    if start < 0:
        return None
    end = data.find(_CLOSING, start, start + PACKET_MAX_BYTES)
    if end < 0:
        raise UnreadableFileError(f"expected an XMP packet that ends within {PACKET_MAX_BYTES} bytes, found no end")
    said = _properties(data[start : end + len(_CLOSING)])
    number = said.get(f"{_TIFF}Orientation", "")
    return StillFacts(
        camera=CameraNames(
            said.get(f"{_TIFF}Make"),
            said.get(f"{_TIFF}Model"),
            next((said[name] for name in _SERIALS if name in said), None),
        ),
        orientation=orientation(int(number)) if _WHOLE.fullmatch(number) else None,
        place=_place(said),
        clocks=tuple(ClockClaim(f"xmp:{name}", said[key]) for name, key in _TIMES if key in said),
    )


def _properties(packet: bytes) -> dict[str, str]:
    """Simple values, written as attributes or as elements; the first of a name counts."""
    found: dict[str, str] = {}
    depth = 0
    try:
        for event, element in iterparse(io.BytesIO(packet), events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > DEPTH_MAX:
                raise UnreadableFileError(f"expected XMP at most {DEPTH_MAX} deep, found deeper")
            if event == "end" and element.tag == _RDF:
                for name, text in _values(element):
                    found.setdefault(name, text)
    # LookupError: an encoding that nobody knows.
    except (ParseError, DefusedXmlException, ValueError, LookupError) as exc:
        raise UnreadableFileError(f"expected XMP without a DTD or entities, found a {type(exc).__name__}") from exc
    return found


def _values(description: Element) -> list[tuple[str, str]]:
    said = [*description.attrib.items(), *((str(child.tag), child.text or "") for child in description)]
    printable = [(name, "".join(char for char in text if char.isprintable()).strip()) for name, text in said]
    return [(name, text[:_TEXT_LENGTH_MAX]) for name, text in printable if text]


def _place(said: Mapping[str, str]) -> GeoPoint | None:
    latitude = _degrees(said.get(f"{_EXIF}GPSLatitude", ""), "NS")
    longitude = _degrees(said.get(f"{_EXIF}GPSLongitude", ""), "EW")
    if latitude is None or longitude is None:
        return None
    altitude = _ratio(said.get(f"{_EXIF}GPSAltitude", ""))
    if altitude is not None and said.get(f"{_EXIF}GPSAltitudeRef") == "1":
        altitude = -altitude
    try:
        return GeoPoint(latitude, longitude, altitude)
    except ValueError:
        return None


def _degrees(text: str, halves: str) -> Fraction | None:
    found = _COORDINATE.fullmatch(text)
    if found is None or found[4] not in halves:
        return None
    degrees = Fraction(found[1]) + Fraction(found[2]) / 60 + Fraction(found[3] or 0) / 3600
    return -degrees if found[4] == halves[1] else degrees


def _ratio(text: str) -> Fraction | None:
    found = _RATIO.fullmatch(text)
    if found is None or int(found[2] or 1) == 0:
        return None
    return Fraction(int(found[1]), int(found[2] or 1))
