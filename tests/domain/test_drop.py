from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import intake_rules, naming
from pipeline.domain.drop import (
    DROPS,
    SETTLE_S,
    SETTLE_S_MAX,
    Announced,
    Sighting,
    Source,
    completeness,
    source_of,
)
from pipeline.errors import SettingsError, UsageError
from tests.builders import NOON

YARD = Source("yard", "yard/", ("*", "camera"), settle_s=120)
SITE = """
[[source]]
id = "yard"
prefix = "yard/"
folders = ["*", "camera"]
settle_s = 120

[[source]]
id = "gate"
prefix = "yard/gate/"
exercise = "EX-1"
camera = "GATE-1"
settle_s = 0

[[pattern]]
id = "ours"
says = "Ours."
source = "ourselves"
match = 'OURS(?P<base>\\d{3})\\.DAT'
kind = "track"
examples = [{ name = "OURS001.DAT", base = "001" }]
"""


def seen(size_bytes: int = 10, ago_s: float = 0) -> Sighting:
    return Sighting(size_bytes, "etag", NOON - timedelta(seconds=ago_s))


# Whose it is


def test_the_longest_prefix_of_a_key_is_its_source() -> None:
    sources = intake_rules.parse(SITE, source="site.toml").sources
    found = [source_of(sources, key) for key in ("yard/1.mp4", "yard/gate/1.mp4", "drops/a/b/1.mp4", "elsewhere/1.mp4")]
    assert [source.source_id if source else None for source in found] == ["yard", "gate", "drops", None]


def test_exercise_and_camera_come_from_the_folders_or_from_the_source() -> None:
    place = DROPS.place_of("drops/EX-1/X1/DCIM/100GOPRO/GX010001.MP4")
    assert (place.exercise_id, place.camera_serial) == ("EX-1", "X1")
    assert (place.folders, place.name) == (("DCIM", "100GOPRO"), "GX010001.MP4")
    place = YARD.place_of("yard/2026-03-02/X1/1.mp4")
    assert (place.exercise_id, place.camera_serial, place.folders) == (None, "X1", ())
    gate = intake_rules.parse(SITE, source="site.toml").sources[1]
    assert (gate.place_of("yard/gate/1.mp4").exercise_id, gate.place_of("yard/gate/1.mp4").camera_serial) == (
        "EX-1",
        "GATE-1",
    )


@pytest.mark.parametrize(
    "key", ["drops/1.mp4", "drops/EX-1/1.mp4", "drops/../X1/1.mp4", "drops//X1/1.mp4", "drops/E X/X/1"]
)
def test_a_folder_that_names_nothing_is_refused(key: str) -> None:
    with pytest.raises(UsageError):
        DROPS.place_of(key)


# When it is complete


@given(st.integers(1, SETTLE_S_MAX), st.integers(0, 2 * SETTLE_S_MAX))
def test_an_object_is_complete_when_it_has_been_the_same_for_as_long_as_its_source_needs(
    settle_s: int, ago_s: int
) -> None:
    found = completeness(Source("a", "a/", settle_s=settle_s), seen(ago_s=ago_s), None, now=NOON)
    assert found.is_complete == (ago_s >= settle_s)
    assert f"{ago_s} " in found.because


def test_a_clock_that_went_back_completes_nothing() -> None:
    assert not completeness(YARD, seen(ago_s=-600), None, now=NOON).is_complete


def test_a_source_that_writes_whole_objects_is_not_waited_for() -> None:
    assert completeness(Source("a", "a/", settle_s=0), seen(), None, now=NOON).is_complete


def test_a_manifest_completes_at_once_what_has_its_size_and_holds_back_what_is_shorter() -> None:
    assert completeness(YARD, seen(10), Announced(size_bytes=10), now=NOON).is_complete
    assert not completeness(YARD, seen(9, ago_s=3600), Announced(size_bytes=10), now=NOON).is_complete


def test_what_a_manifest_announces_wrongly_is_taken_in_the_end_and_refused_then() -> None:
    assert completeness(YARD, seen(11, ago_s=120), Announced(size_bytes=10), now=NOON).is_complete
    assert completeness(YARD, seen(9, ago_s=SETTLE_S_MAX), Announced(size_bytes=10), now=NOON).is_complete


# What a site declares


def test_a_site_has_its_own_rules_and_those_of_everybody() -> None:
    rules = intake_rules.parse(SITE, source="site.toml")
    assert [source.source_id for source in rules.sources] == ["yard", "gate", "drops"]
    assert rules.naming.read("ours007.dat").kind == "track"
    assert rules.naming.read("GX010001.MP4") == naming.load().read("GX010001.MP4")
    assert intake_rules.parse("", source="empty.toml") == intake_rules.everybody()
    assert intake_rules.everybody().sources[0].settle_s == SETTLE_S


def test_a_site_may_say_otherwise_of_the_drops_that_everybody_has() -> None:
    text = '[[source]]\nid = "drops"\nprefix = "drops/"\nfolders = ["camera"]\n'
    (source,) = intake_rules.parse(text, source="site.toml").sources
    assert source.folders == ("camera",)


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('prefix = "yard/"', 'prefix = "yard"', "yard: expected a prefix such as"),
        ('prefix = "yard/"', 'prefix = "uploads/yard/"', "yard: expected a prefix such as"),
        ('prefix = "yard/gate/"', 'prefix = "yard/"', "yard/: expected once, found twice"),
        ('id = "gate"', 'id = "yard"', "yard: expected once, found twice"),
        ('"camera"]', '"officer"]', r"expected folders of exercise, camera, \*"),
        ("settle_s = 120", "settle_s = -1", "expected settle_s of 0 to"),
        ("settle_s = 120", "settles = 1", "unknown field settles"),
        ('exercise = "EX-1"', 'exercise = "../1"', "expected an exercise id"),
        ("[[source]]", "[source]", "expected a list of sources"),
        ("[[pattern]]", "[[patterns]]", "expected only manifest, pattern, source"),
        ("id =", "= id", "expected TOML"),
        ("OURS001", "OURSxxx", "is read by no pattern"),
    ],
)
def test_rules_that_are_wrong_are_told_with_what_is_wrong(old: str, new: str, mistake: str) -> None:
    assert old in SITE
    text = SITE.replace(old, new) if old == "[[source]]" else SITE.replace(old, new, 1)
    if old == "[[source]]":
        text = text.split("[source]")[1].join(["[source]", ""])
    with pytest.raises(SettingsError, match=rf"^site\.toml: .*{mistake}"):
        intake_rules.parse(text, source="site.toml")


def test_the_example_of_the_readme_is_a_file_of_rules() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    text = readme.split("```toml\n")[1].split("```")[0]
    rules = intake_rules.parse(text, source="README.md")
    assert rules.sources[0].settle_s == 120
    assert rules.naming.read("X0001_260302101112_007-2.MP4").camera == "X0001"
