"""Facts travel exactly, and the timeline, the size and the clean entries follow from them."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.media import AudioFacts, ClockClaim, CutTag, MediaFacts, VideoFacts
from pipeline.domain.media_stream import ColourFacts, StreamFacts, TimecodeFacts
from pipeline.domain.timeline import Span
from tests.media_facts import VIDEO, media_facts, video_facts

GOLDEN = Path(__file__).parents[1] / "golden"

_seconds = st.fractions(min_value=-1000, max_value=1000)
_positive = st.fractions(min_value=Fraction(1, 1001), max_value=1000)
_counts = st.integers(min_value=1, max_value=10**9)
_videos = st.builds(
    VideoFacts,
    stream_index=st.integers(0, 31),
    codec=st.text(),
    width_px=_counts,
    height_px=_counts,
    rotation_deg=st.sampled_from([0, 90, 180, 270]),
    pixel_aspect=_positive,
    pixel_format=st.text(),
    frame_rate=_positive,
    frame_count=_counts,
    is_variable_rate=st.booleans(),
    time_base=_positive,
    start_s=_seconds,
    packet_count=_counts,
    keyframes_s=st.lists(_positive).map(tuple),
    codec_profile=st.none() | st.text(),
    codec_level=st.none() | _counts,
    average_rate=st.none() | _positive,
    colour=st.builds(ColourFacts, st.none() | st.text()),
    hidden_packet_count=st.integers(0, 1000),
    hidden_s=_positive,
)
_audios = st.builds(
    AudioFacts,
    stream_index=st.integers(0, 31),
    codec=st.text(),
    sample_rate_hz=_counts,
    channels=_counts,
    start_s=_seconds,
    duration_s=_positive,
)
_facts = st.builds(
    MediaFacts,
    container=st.text(),
    duration_s=_positive,
    video=_videos,
    audio=st.none() | _audios,
    clock_claims=st.lists(st.builds(ClockClaim, st.text(), st.text())).map(tuple),
    other_streams=st.lists(st.text()).map(tuple),
    more_audio=st.lists(_audios, max_size=2).map(tuple),
    streams=st.lists(
        st.builds(StreamFacts, _counts, st.text(), st.none() | st.text(), st.none(), st.none() | _seconds, st.none()),
        max_size=3,
    ).map(tuple),
    timecodes=st.lists(st.builds(TimecodeFacts, _counts, st.text(), _positive, st.booleans()), max_size=2).map(tuple),
    cut_tags=st.lists(st.builds(CutTag, st.text(), _counts, st.text()), max_size=2).map(tuple),
)


@given(_facts)
def test_facts_come_back_equal_through_json_text(facts: MediaFacts) -> None:
    assert MediaFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_fractions_are_written_as_numerator_and_denominator() -> None:
    facts = replace(media_facts(audio=None), other_streams=("data:gpmd",))
    written = facts.to_json()
    assert written["video"]["frame_rate"] == "30000/1001"
    assert written["duration_s"] == "1001/100"
    assert written["audio"] is None
    assert written["other_streams"] == ["data:gpmd"]


@pytest.mark.parametrize(
    ("field", "wrong"), [("frame_rate", 29.97), ("frame_count", "300"), ("is_variable_rate", 0), ("keyframes_s", None)]
)
def test_json_of_other_types_is_refused(field: str, wrong: object) -> None:
    written = media_facts().to_json()
    written["video"][field] = wrong
    with pytest.raises(ValueError, match=field):
        MediaFacts.from_json(written)


def test_json_with_a_field_too_few_or_too_many_is_refused() -> None:
    written = media_facts().to_json()
    with pytest.raises(ValueError, match="expected fields"):
        MediaFacts.from_json({**written, "location": "here"})
    del written["container"]
    with pytest.raises(ValueError, match="expected fields"):
        MediaFacts.from_json(written)


def test_the_timeline_is_all_frames_of_the_grid_from_zero() -> None:
    assert VIDEO.duration_s == Fraction(300 * 1001, 30000)
    assert VIDEO.span == Span(Fraction(0), VIDEO.duration_s)


def test_clean_entries_are_frames_even_where_the_container_rounds() -> None:
    milliseconds = (Fraction(0), Fraction(1001, 1000), Fraction(2002, 1000), Fraction(3003, 1000))
    rounded = video_facts(keyframes_s=tuple(at_s + Fraction(1, 2000) for at_s in milliseconds))
    assert rounded.keyframe_frames == (0, 30, 60, 90)


def test_a_variable_rate_has_no_entries_that_are_frames_of_the_grid() -> None:
    assert video_facts(is_variable_rate=True).keyframe_frames == ()


@pytest.mark.parametrize(
    ("rotation_deg", "pixel_aspect", "upright"),
    [
        (0, "1", (1920, 1080)),
        (180, "1", (1920, 1080)),
        (90, "1", (1080, 1920)),
        (270, "1", (1080, 1920)),
        (0, "4/3", (2560, 1080)),
        (90, "4/3", (1080, 2560)),
    ],
)
def test_the_upright_size_has_square_pixels(rotation_deg: int, pixel_aspect: str, upright: tuple[int, int]) -> None:
    assert video_facts(rotation_deg=rotation_deg, pixel_aspect=Fraction(pixel_aspect)).upright_size_px == upright


@pytest.mark.parametrize("wrong", [{"rotation_deg": 45}, {"frame_count": 0}, {"frame_rate": Fraction(0)}])
def test_impossible_facts_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        video_facts(**wrong)


def test_facts_that_an_older_firsthand_wrote_are_read() -> None:
    old = json.loads((GOLDEN / "media_facts_1.json").read_text())
    assert "schema" not in old
    read = MediaFacts.from_json(old)
    assert (read.video.frame_count, read.video.codec_profile, read.video.hidden_packet_count) == (3, None, 0)
    assert read.audio is not None
    assert (read.audio.codec, read.audio.channel_layout) == ("aac", None)
    assert (read.streams, read.timecodes, read.more_audio) == ((), (), ())
    assert MediaFacts.from_json(read.to_json()) == read


@pytest.mark.parametrize("schema", [0, 4, "2", None])
def test_facts_of_a_form_that_is_not_known_are_refused(schema: object) -> None:
    with pytest.raises(ValueError, match="schema"):
        MediaFacts.from_json({**media_facts().to_json(), "schema": schema})


def test_form_2_had_no_cut_tags() -> None:
    written = media_facts().to_json()
    del written["cut_tags"]
    assert MediaFacts.from_json({**written, "schema": 2}) == media_facts()


def test_an_old_form_with_new_or_missing_fields_is_refused() -> None:
    old = json.loads((GOLDEN / "media_facts_1.json").read_text())
    for broken in ({**old, "surprise": 1}, {name: old[name] for name in old if name != "video"}):
        with pytest.raises(ValueError, match="expected fields"):
            MediaFacts.from_json(broken)
