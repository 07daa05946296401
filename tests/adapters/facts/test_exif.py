"""What photographs say: the same as exiftool reads, and from broken ones nothing worse than a reason."""

import json
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.facts.exif import still_facts
from pipeline.adapters.facts.reader import FactReader
from pipeline.adapters.sandbox import ChildLimits, Parsers
from pipeline.domain.media import ClockClaim
from pipeline.domain.original_facts import OriginalFacts
from pipeline.domain.still import CameraNames, GeoPoint, Orientation, StillFacts, orientation
from pipeline.errors import UnreadableFileError
from tests.adapters.facts.conftest import a_photograph, needs_exiftool
from tests.real_footage import each

PLACE_TOLERANCE_DEG = 1e-9
"""exiftool prints degrees as binary numbers; ours are exact."""

XMP_TIMES = {"CreateDate": "xmp:CreateDate", "ModifyDate": "xmp:ModifyDate", "DateTimeOriginal": "xmp:DateTimeOriginal"}


def asked_of_exiftool(path: Path) -> dict[str, Any]:
    tags = ("Make", "Model", "SerialNumber", "Orientation", "GPSLatitude", "GPSLongitude", "GPSAltitude")
    times = ("DateTimeOriginal", "CreateDate", "ModifyDate", "GPSDateTime")
    argv = ["exiftool", "-a", "-json", "-n", "-G0", *(f"-{tag}" for tag in (*tags, *times)), str(path)]
    done = subprocess.run(argv, check=True, capture_output=True)
    (found,) = json.loads(done.stdout)
    return {name: value for name, value in found.items() if name.startswith(("EXIF:", "XMP:", "Composite:"))}


@needs_exiftool
@pytest.mark.parametrize("path", each("stills"))
def test_a_real_photograph_says_what_exiftool_reads(path: Path, reader: FactReader) -> None:
    (facts,) = reader.read("still", [path])
    assert facts.problem is None
    found, expected = facts.still, asked_of_exiftool(path)
    assert found is not None
    clocks = {claim.source: claim.text for claim in found.clocks}
    assert found.camera == CameraNames(
        *(expected.get(f"EXIF:{tag}", expected.get(f"XMP:{tag}")) for tag in ("Make", "Model", "SerialNumber"))
    )
    assert found.orientation == orientation(expected.get("EXIF:Orientation", expected.get("XMP:Orientation", 0)))
    assert clocks.get("exif:DateTimeOriginal") == expected.get("EXIF:DateTimeOriginal")
    assert clocks.get("exif:DateTimeDigitized") == expected.get("EXIF:CreateDate")
    assert clocks.get("exif:DateTime") == expected.get("EXIF:ModifyDate")
    for tag, source in XMP_TIMES.items():
        said = clocks.get(source, "").replace("-", ":", 2).replace("T", " ")
        assert said == expected.get(f"XMP:{tag}", "")
    moment = expected.get("Composite:GPSDateTime")
    assert clocks.get("exif:GPSDateTime", "").replace("0Z", "Z") == (moment or "")
    if "Composite:GPSLatitude" in expected:
        assert found.place is not None
        assert float(found.place.latitude_deg) == pytest.approx(
            expected["Composite:GPSLatitude"], abs=PLACE_TOLERANCE_DEG
        )
        assert float(found.place.longitude_deg) == pytest.approx(
            expected["Composite:GPSLongitude"], abs=PLACE_TOLERANCE_DEG
        )
        assert found.place.altitude_m == expected.get("Composite:GPSAltitude")
    else:
        assert found.place is None


def test_a_time_has_its_sub_seconds_and_offset_and_a_place_its_sign() -> None:
    assert still_facts(a_photograph()) == StillFacts(
        camera=CameraNames("Maker", None, "SN-0001"),
        orientation=Orientation(90, is_mirrored=False),
        place=GeoPoint(Fraction("-51.5"), Fraction("-51.5"), Fraction("-8.5")),
        clocks=(
            ClockClaim("exif:DateTimeOriginal", "2026:03:02 10:00:00.25+01:00"),
            ClockClaim("exif:GPSDateTime", "2026:03:02 51:30:00.000Z"),
        ),
    )


@pytest.mark.parametrize(
    ("number", "turn_deg", "is_mirrored"),
    [(1, 0, False), (2, 0, True), (3, 180, False), (4, 180, True), (5, 270, True), (6, 90, False), (7, 90, True)],
)
def test_orientation_is_degrees_and_a_mirror(number: int, turn_deg: int, is_mirrored: bool) -> None:
    assert still_facts(a_photograph(orientation=number)).orientation == Orientation(turn_deg, is_mirrored)


def test_an_orientation_that_does_not_exist_is_none() -> None:
    assert still_facts(a_photograph(orientation=9)).orientation is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"not a photograph", b"\xff\xd8\xff\xe1\xff\xff"])
def test_what_has_no_exif_says_nothing_or_why_not(data: bytes) -> None:
    try:
        assert still_facts(data) == StillFacts(CameraNames(), None, None, ())
    except UnreadableFileError as refused:
        assert "found a" in str(refused)  # noqa: PT017  # either is right; nothing else is


@given(st.lists(st.tuples(st.integers(0, 330), st.integers(0, 255)), max_size=12), st.integers(0, 340))
def test_a_broken_photograph_is_read_or_refused_and_nothing_else(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(a_photograph())
    for at, byte in changes:
        data[at % len(data)] = byte
    try:
        found = still_facts(bytes(data[:length] if length % 3 == 0 else data))
    except UnreadableFileError:
        return
    assert OriginalFacts.from_json(OriginalFacts(still=found).to_json()).still == found


def test_what_the_walls_stop_is_a_problem_of_that_file_and_of_no_other(reader: FactReader, tmp_path: Path) -> None:
    broken, whole = tmp_path / "broken.jpg", tmp_path / "whole.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    whole.write_bytes(a_photograph())
    first, second = reader.read("still", [broken, whole])
    assert first.problem is not None
    assert "expected EXIF" in first.problem
    assert second == OriginalFacts(still=still_facts(a_photograph()))


def test_a_child_that_is_stopped_takes_no_file_with_it_but_the_one_at_fault(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.jpg", "two.jpg")]
    for path in paths:
        path.write_bytes(a_photograph())
    told = json.dumps({"answer": {"0": {"facts": OriginalFacts(still=still_facts(a_photograph())).to_json()["still"]}}})
    # Room for what one photograph says, and not for two.
    limits = ChildLimits(file_bytes=0, open_files=64, cores=1, line_bytes=len(told) + 100)
    reader = FactReader(Parsers(scratch=tmp_path, limits=limits))
    assert reader.read("still", paths) == [OriginalFacts(still=still_facts(a_photograph()))] * 2
    too_tight = FactReader(Parsers(scratch=tmp_path, limits=replace(limits, line_bytes=100)))
    assert [facts.still for facts in too_tight.read("still", paths)] == [None, None]
    assert all(facts.problem for facts in too_tight.read("still", paths))
