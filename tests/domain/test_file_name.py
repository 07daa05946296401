"""Names of cameras: the table that comes with Firsthand, and what a site may add to it."""

import time
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.domain import naming
from pipeline.domain.companion import COMPANION_KINDS
from pipeline.domain.file_name import NAME_LENGTH_MAX, NamedFile, NamePattern, NamingTable
from pipeline.errors import SettingsError

TABLE = naming.load()

SITE = """
[[pattern]]
id = "our-cameras"
says = "Serial, date and time, part."
source = "our own cameras"
match = '(?P<camera>X\\d{4})_(?P<started_at>\\d{12})_(?P<series>\\d{3})-(?P<number>\\d)\\.MP4'
kind = "footage"
started_at = "%y%m%d%H%M%S"
examples = [{ name = "X0001_260302101112_007-2.MP4", camera = "X0001", series = "our-cameras-007", number = 2 }]
"""


def site(*changes: tuple[str, str]) -> NamingTable:
    text = SITE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return NamingTable.parse(text, source="site.toml")


@pytest.mark.parametrize("pattern", TABLE.patterns, ids=lambda pattern: pattern.pattern_id)
def test_every_example_says_what_stands_beside_it_and_no_other_pattern_takes_it_first(pattern: NamePattern) -> None:
    assert pattern.examples
    assert TABLE.faults_of_examples(pattern) == []


def test_the_examples_are_those_of_the_file() -> None:
    text = files(naming).joinpath("patterns.toml").read_text(encoding="utf-8")
    assert text.count("[[pattern]]") == len(TABLE.patterns) > 20


@pytest.mark.parametrize(
    ("footage", "companions"),
    [
        ("GX010123.MP4", ("GL010123.LRV", "GX010123.THM")),
        ("GOPR1234.MP4", ("GOPR1234.LRV", "GOPR1234.THM")),
        ("DJI_20230115102030_0001_D.MP4", ("DJI_20230115102030_0001_D.SRT", "DJI_20230115102030_0001_D.LRF")),
        ("VID_20220110_121609_10_657.insv", ("LRV_20220110_121609_11_657.insv",)),
        ("C0001.MP4", ("C0001M01.XML", "C0001T01.JPG", "C0001S03.MP4")),
        ("MVI_0042.MOV", ("mvi_0042.thm", "MVI_0042.gpx", "MVI_0042.MOV.json")),
    ],
)
def test_companions_have_the_base_name_of_their_footage(footage: str, companions: tuple[str, ...]) -> None:
    found = TABLE.read(footage)
    assert found.companion_kind is None
    for name in companions:
        companion = TABLE.read(name)
        assert companion.companion_kind is not None
        assert companion.base == found.base


def test_chapters_of_one_recording_have_one_series_and_ascend() -> None:
    for names in (
        ("GX010123.MP4", "GX020123.MP4"),
        ("GOPR0123.MP4", "GP010123.MP4"),
        ("day part 9.mp4", "DAY_PART10.MP4"),
    ):
        first, second = (TABLE.read(name).chapter for name in names)
        assert first is not None
        assert second is not None
        assert first.series == second.series
        assert first.number < second.number


def test_words_that_people_typed_are_not_kept_in_a_series() -> None:
    chapter = TABLE.read("Officer Jane Doe part 1.mp4").chapter
    assert chapter is not None
    assert "JANE" not in chapter.series.upper()


def test_a_name_of_no_convention_is_footage_and_says_nothing_more() -> None:
    assert TABLE.read("tmk-chair.mp4") == NamedFile("footage", "TMK-CHAIR")


def test_digits_that_are_no_moment_are_no_clock() -> None:
    assert TABLE.read("DJI_20231399102030_0001_D.MP4").started_at is None


@given(st.text(max_size=600))
@example("a part 1 part 1 part 1" * 20 + ".mp4")
@example("-" * 600)
@example("._" + "x" * 255)
def test_any_name_is_read_at_once(name: str) -> None:
    began_s = time.thread_time()
    found = TABLE.read(name)
    assert time.thread_time() - began_s < 0.1
    assert found.kind in {"footage", "ignored", *COMPANION_KINDS}
    assert len(found.base) <= 3 * NAME_LENGTH_MAX  # one small letter may be three capitals


def test_a_site_adds_patterns_that_come_first() -> None:
    table = site().before(TABLE)
    found = table.read("x0001_260302101112_007-2.mp4")
    assert (found.camera, found.started_at) == ("x0001", "2026-03-02T10:11:12")
    assert table.read("GX010123.MP4") == TABLE.read("GX010123.MP4")


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("id =", "name =", "unknown field name"),
        ('kind = "footage"', 'kind = "film"', "expected a kind of footage, ignored, still"),
        ("(?P<camera>", "(?P<wearer>", "expected groups of base, camera"),
        ("X\\d{4}", "X(\\d+)+", "no group repeated without end"),
        ("X\\d{4}", "X\\d*\\d*\\d*", "at most 2 of"),
        ("(?P<camera>", "(", "expected camera 'X0001', found None"),
        ("X\\d{4}", "(X", "expected a regular expression"),
        ("X0001_26", "Y0001_26", "is read by no pattern"),
        ("number = 2", "number = 3", "expected number 3, found 2"),
        ("examples = [{", "examples = [] # [{", "expected one or more examples"),
        ("[[pattern]]", "[[patterns]]", "expected a list of patterns"),
        ("says", "= says", "expected TOML"),
    ],
)
def test_a_table_that_is_wrong_is_told_with_what_is_wrong(old: str, new: str, mistake: str) -> None:
    with pytest.raises(SettingsError, match=rf"^site\.toml: .*{mistake}"):
        site((old, new))


def test_an_id_stands_once() -> None:
    with pytest.raises(SettingsError, match="our-cameras: expected an id once"):
        NamingTable.parse(SITE + SITE, source="site.toml")
