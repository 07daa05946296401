"""What lies on desks, as Label Studio is told it; no server is asked."""

from dataclasses import replace

from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.label_studio import SHOWN_CONTROLS, DeskTask, DisputedTask
from pipeline.adapters.label_studio.config import TITLE_MAX_CHARS, render_config
from pipeline.adapters.label_studio.desks import desk_title, render_desk
from pipeline.domain import taxonomies
from pipeline.domain.desk import ADJUDICATION, SHARED, desk_of
from pipeline.domain.version import Version
from tests.adapters.label_studio.conftest import a_clip
from tests.domain.agreement.marks import said

WORDS = taxonomies.load()
CLIP = a_clip("00000000-0000-0000-0000-000000000001")
FIRST, SECOND = said(("casualty", "1", "2")), said(("casualty", "5", "6"), threat="none")
DISPUTED = DisputedTask(CLIP, (FIRST, SECOND), said(("reload", "3", "4")), WORDS)


@given(st.integers(0, 999), st.integers(0, 99_999), st.integers(0, 999))
def test_every_desk_has_a_title_of_its_own_that_fits(major: int, minor: int, patch: int) -> None:
    words = replace(WORDS, version=Version(major, minor, patch))
    desks = (SHARED, ADJUDICATION, desk_of("annotator-0123456789abcdef"), desk_of("annotator-fedcba9876543210"))
    titles = [desk_title(words, desk) for desk in desks]
    assert len(set(titles)) == len(desks)
    assert all(len(title) <= TITLE_MAX_CHARS and title.startswith("Firsthand ") for title in titles)


def test_the_shared_desk_asks_as_the_taxonomy_does_and_others_show_more() -> None:
    assert render_desk(WORDS, SHARED) == render_config(WORDS)
    own, deciding = (fromstring(render_desk(WORDS, desk)) for desk in (desk_of("annotator-1"), ADJUDICATION))
    assert [one.get("value") for one in own.iter("HyperText")] == ["$as_filmed"]
    shown = {one.get("name") for one in deciding.iter("TimelineLabels")} - {"events"}
    assert shown == SHOWN_CONTROLS
    assert "said_a" not in render_desk(WORDS, desk_of("annotator-1"))


def test_the_adjudicator_gets_everybodys_marks_locked_and_what_is_agreed_unlocked() -> None:
    (prediction,) = DISPUTED.predictions()
    marks = [
        (item["from_name"], item["value"]["timelinelabels"], item["readonly"])
        for item in prediction["result"]
        if item["type"] == "timelinelabels"
    ]
    assert marks == [
        ("said_a", ["A casualty"], True),
        ("said_b", ["B casualty"], True),
        ("events", ["reload"], False),
    ]
    assert DISPUTED.data()["said"] == "Threat level: A Active attack, B None"


def test_another_answer_is_drawn_anew_and_the_same_is_not() -> None:
    same = replace(DISPUTED, said=(FIRST, SECOND))
    other = replace(DISPUTED, said=(FIRST, said(("casualty", "5", "7"), threat="none")))
    assert DISPUTED.data() == same.data()
    assert DISPUTED.data()["hints"] != other.data()["hints"]


def test_a_softened_clip_has_what_was_filmed_folded_away() -> None:
    plain, soft = DeskTask(CLIP).data(), DeskTask(CLIP, "s3://working/soft.mp4").data()
    assert (plain["video"], plain["as_filmed"]) == (CLIP.video_url, "")
    assert soft["video"] == "s3://working/soft.mp4"
    assert f'preload="none" height="320" src="{CLIP.video_url}"' in str(soft["as_filmed"])
    assert {name: soft[name] for name in ("clip_id", "sha256", "frame_rate")} == {
        name: plain[name] for name in ("clip_id", "sha256", "frame_rate")
    }
