"""Tracks beside footage: read within limits, and nothing in them is followed."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.facts import tracks
from pipeline.adapters.facts.reader import FactReader
from pipeline.adapters.facts.tracks import track_facts
from pipeline.domain.original_facts import OriginalFacts
from pipeline.domain.still import GeoPoint
from pipeline.domain.track import TrackPoint
from pipeline.errors import UnreadableFileError

GPX = (
    '<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1"><trk><trkseg>'
    '<trkpt lat="51.5" lon="-0.12"><ele>17.5</ele><time>2026-03-02T10:00:00Z</time></trkpt>'
    '<trkpt lat="51.6" lon="-0.13"><time>2026-03-02T11:00:01+01:00</time></trkpt>'
    "</trkseg></trk></gpx>"
)
SRT = """1
00:00:00,000 --> 00:00:00,033
<font size="28">FrameCnt: 1, DiffTime: 33ms
2026-03-02 10:00:00.000
[iso: 100] [latitude: 51.500000] [longitude: -0.120000] [rel_alt: 1.300 abs_alt: 17.500] </font>

2
00:01:01,500 --> 00:01:02,500
F/2.8, SS 206.14, ISO 150, EV 0, GPS (-0.1300, 51.6000, 17), D 24.39m
"""
CSV = "Time;Latitude;Longitude;Altitude;Speed_m_s\n2026-03-02T10:00:00Z;51.5;-0.12;17.5;1.25\n;91;0;;\n"

TRAIL = """{"CoordinateEntries": [
  {"LocationWKT": "POINT(-0.12 51.5)", "SecondsFromStart": 0, "Timestamp": "2026-03-02T10:00:00Z"},
  {"LocationWKT": "POINT (-0.13 51.6)", "SecondsFromStart": 1.5, "Timestamp": "soon"},
  {"LocationWKT": "LINESTRING(1 2, 3 4)"}, "nothing"]}"""

HERE = GeoPoint(Fraction("51.5"), Fraction("-0.12"), Fraction("17.5"))
THERE = GeoPoint(Fraction("51.6"), Fraction("-0.13"))
TEN = "2026-03-02T10:00:00+00:00"


def test_gpx_tells_places_and_times() -> None:
    found = track_facts(GPX.encode())
    assert (found.form, found.points_found) == ("gpx", 2)
    assert found.points == (TrackPoint(HERE, TEN), TrackPoint(THERE, "2026-03-02T10:00:01+00:00"))


def test_subtitles_tell_places_by_their_time_in_the_footage() -> None:
    found = track_facts(SRT.encode())
    assert found.form == "srt"
    assert found.points == (
        TrackPoint(HERE, position_s=Fraction(0)),
        TrackPoint(THERE, position_s=Fraction("61.5")),
    )


def test_the_trail_of_a_dock_tells_places_and_times() -> None:
    found = track_facts(TRAIL.encode())
    assert (found.form, found.points_found) == ("axis trail", 2)
    here = GeoPoint(HERE.latitude_deg, HERE.longitude_deg)
    assert found.points == (TrackPoint(here, TEN, Fraction(0)), TrackPoint(THERE, None, Fraction("1.5")))


def test_a_table_tells_places_by_the_names_of_its_columns() -> None:
    found = track_facts(CSV.encode())
    assert (found.form, found.points_found) == ("csv", 1)
    assert found.points == (TrackPoint(HERE, TEN, speed_m_s=Fraction("1.25")),)


def test_the_form_is_told_by_content_and_comes_out_of_the_walls(reader: FactReader, tmp_path: Path) -> None:
    sidecar = tmp_path / "track.csv"
    sidecar.write_text(GPX)
    (facts,) = reader.read("track", [sidecar])
    assert facts.track == track_facts(GPX.encode())


ENTITIES = '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
BOMB = f'<!DOCTYPE x [{ENTITIES}]><gpx><wpt lat="1" lon="1"><ele>&b;</ele></wpt></gpx>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><gpx><wpt lat="1" lon="1"><ele>&f;</ele></wpt></gpx>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        OUTSIDE,
        '<!DOCTYPE gpx SYSTEM "http://127.0.0.1/x.dtd"><gpx><wpt lat="1" lon="1"/></gpx>',
        "<a>" * 40 + "</a>" * 40,
        GPX[:-20],
        '<?xml version="1.0" encoding="klingon"?><gpx/>',
        "<gpx/>",
        "{",
        "{}",
        '{"a":' * 5000,
        '{"CoordinateEntries": {}}',
        "",
        "name,age\nx,1\n",
        '"' + "x" * 200_000,
        "lat,lon\n1,200\n",
        "1\n00:00:00,000 --> 00:00:01,000\nHello\n",
    ],
    ids=lambda text: text[:12] or "empty",
)
def test_what_is_no_track_or_tries_to_be_more_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFileError, match="expected"):
        track_facts(text.encode())


def test_a_track_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracks, "ROWS_MAX", 1)
    for text in (GPX, CSV):
        with pytest.raises(UnreadableFileError, match="at most 1"):
            track_facts(text.encode())
    monkeypatch.setattr(tracks, "SIZE_MAX_BYTES", 10)
    with pytest.raises(UnreadableFileError, match="at most 10 bytes"):
        track_facts(SRT.encode())


@given(
    st.sampled_from([GPX, SRT, CSV, TRAIL]), st.lists(st.tuples(st.integers(0, 500), st.binary(max_size=6)), max_size=5)
)
def test_a_broken_track_is_read_or_refused_and_nothing_else(text: str, changes: list[tuple[int, bytes]]) -> None:
    data = text.encode()
    for at, instead in changes:
        data = data[:at] + instead + data[at + len(instead) :]
    try:
        found = track_facts(data)
    except UnreadableFileError:
        return
    assert OriginalFacts.from_json(OriginalFacts(track=found).to_json()).track == found


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        track_facts(text.encode(errors="surrogatepass"))
    except UnreadableFileError:
        return
