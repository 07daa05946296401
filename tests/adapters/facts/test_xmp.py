"""XMP is read where EXIF is silent, and from a broken packet comes nothing worse than a reason."""

from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.facts.exif import still_facts
from pipeline.adapters.facts.reader import FactReader
from pipeline.adapters.facts.xmp import PACKET_MAX_BYTES, xmp_facts
from pipeline.domain.clock_claim import clocks_of
from pipeline.domain.media import ClockClaim
from pipeline.domain.original_facts import OriginalFacts
from pipeline.domain.still import CameraNames, GeoPoint, Orientation, StillFacts
from pipeline.errors import UnreadableFileError
from tests.adapters.facts.conftest import a_photograph

NAMES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"'
)


def packet(*, attributes: str = "", elements: str = "", before: str = "") -> bytes:
    inside = f'<rdf:RDF {NAMES}><rdf:Description rdf:about="" {attributes}>{elements}</rdf:Description></rdf:RDF>'
    return f'{before}<x:xmpmeta xmlns:x="adobe:ns:meta/">{inside}</x:xmpmeta>'.encode()


FULL = packet(
    attributes='tiff:Make="Maker" tiff:Orientation="6" aux:SerialNumber="SN-9" exif:GPSAltitudeRef="1"',
    elements="<exif:GPSLatitude>51,30.5N</exif:GPSLatitude><exif:GPSLongitude>0,7,30W</exif:GPSLongitude>"
    "<exif:GPSAltitude>17/2</exif:GPSAltitude><xmp:CreateDate>2026-03-02T10:00:00+01:00</xmp:CreateDate>"
    "<xmp:ModifyDate>2026-03-05T10:00:00Z</xmp:ModifyDate>",
)


def test_values_are_read_as_attributes_and_as_elements() -> None:
    assert xmp_facts(b"\xff\xd8" + FULL) == StillFacts(
        camera=CameraNames("Maker", None, "SN-9"),
        orientation=Orientation(90, is_mirrored=False),
        place=GeoPoint(Fraction(51) + Fraction("30.5") / 60, -(Fraction(7, 60) + Fraction(30, 3600)), Fraction(-17, 2)),
        clocks=(
            ClockClaim("xmp:CreateDate", "2026-03-02T10:00:00+01:00"),
            ClockClaim("xmp:ModifyDate", "2026-03-05T10:00:00Z"),
        ),
    )
    assert xmp_facts(a_photograph()) is None


def test_the_clock_of_an_editor_is_kept_and_means_no_moment() -> None:
    found = xmp_facts(FULL)
    assert found is not None
    made, changed = clocks_of(found.clocks)
    assert made.reading is not None
    assert (made.reading.at, made.reading.is_zone_known) == (datetime.fromisoformat("2026-03-02T09:00:00+00:00"), True)
    assert (changed.text, changed.reading) == ("2026-03-05T10:00:00Z", None)


@pytest.mark.parametrize("text", ["2026", "2026-03", "2026-03-02", "2026-03-02T", "T", "yesterday"])
def test_a_time_that_is_no_moment_is_kept_as_it_is(text: str) -> None:
    (clock,) = clocks_of([ClockClaim("xmp:DateTimeOriginal", text)])
    assert (clock.text, clock.reading) == (text, None)


def test_exif_counts_where_both_speak_and_all_clocks_are_kept(reader: FactReader, tmp_path: Path) -> None:
    (tmp_path / "both.jpg").write_bytes(a_photograph(orientation=3) + FULL)
    (tmp_path / "xmp.jpg").write_bytes(b"\xff\xd8\xff\xd9" + FULL)
    (tmp_path / "spoilt.jpg").write_bytes(a_photograph() + FULL[:-20])
    both, alone, spoilt = reader.read("still", [tmp_path / f"{name}.jpg" for name in ("both", "xmp", "spoilt")])
    exif, xmp = still_facts(a_photograph(orientation=3)), xmp_facts(FULL)
    assert xmp is not None
    assert both.still == exif.completed_by(xmp)
    assert both.still is not None
    assert (both.still.orientation, both.still.place) == (exif.orientation, exif.place)
    assert [claim.source for claim in both.still.clocks] == [claim.source for claim in (*exif.clocks, *xmp.clocks)]
    assert alone == OriginalFacts(still=xmp)
    assert spoilt.still == still_facts(a_photograph())
    assert spoilt.problem == f"expected an XMP packet that ends within {PACKET_MAX_BYTES} bytes, found no end"


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;', "ParseError"),
        ("<a>" * 40 + "</a>" * 40, "at most 32 deep"),
        ("<open>", "ParseError"),
        ("&e;", "ParseError"),
    ],
)
def test_a_packet_with_tricks_is_refused_with_a_reason(inside: str, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        xmp_facts(packet(elements=inside))


@pytest.mark.parametrize(
    "place",
    [("91,0N", "0,0E"), ("51,30.5E", "0,7W"), ("51,30.5N", ""), ("1" * 400 + ",0N", "0,0E")],
)
def test_no_place_on_earth_is_no_place(place: tuple[str, str]) -> None:
    found = xmp_facts(packet(attributes=f'exif:GPSLatitude="{place[0]}" exif:GPSLongitude="{place[1]}"'))
    assert found == StillFacts(CameraNames(), None, None, ())


@given(st.lists(st.tuples(st.integers(0, len(FULL) - 1), st.integers(0, 255)), max_size=12), st.integers(0, len(FULL)))
def test_a_broken_packet_is_read_or_refused_and_nothing_else(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(FULL)
    for at, byte in changes:
        data[at] = byte
    try:
        found = xmp_facts(bytes(data[:length] if length % 3 == 0 else data))
    except UnreadableFileError:
        return
    assert OriginalFacts.from_json(OriginalFacts(still=found).to_json()).still == found
