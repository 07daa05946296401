"""Frames of chapters add up; what lies between them is measured by what tells, or said to be unknown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.joining import join_facts, measure_join, start_frames, why_not_alike
from pipeline.domain.media import ClockClaim, MediaFacts
from tests.media_facts import media_facts, video_facts

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RATES = st.sampled_from([Fraction(25), Fraction(30), Fraction(30000, 1001), Fraction(60000, 1001)])


def chapter(*, timecode: str | None = None, created: str | None = None, **video: Any) -> MediaFacts:
    claims = [ClockClaim("container:creation_time", created)] if created else []
    claims += [ClockClaim("stream 0:timecode", timecode)] if timecode else []
    return replace(media_facts(video_facts(**video)), clock_claims=tuple(claims))


def test_timecode_tells_to_the_frame() -> None:
    before, after = chapter(timecode="10:00:00:00"), chapter(timecode="10:00:10:15")
    join = measure_join(before, after)
    assert (join.gap_s, join.is_broken) == (15 * Fraction(1001, 30000), True)
    assert join.because == "a gap of 0.500 s, give or take 0.033 s, by timecode"
    assert measure_join(before, chapter(timecode="10:00:10:00")).gap_s == 0
    assert not measure_join(before, chapter(timecode="10:00:10:01")).is_broken


def test_timecode_goes_on_after_midnight_and_over_dropped_numbers() -> None:
    over = measure_join(chapter(timecode="23:59:55:00"), chapter(timecode="00:00:05:00"))
    assert over.gap_s == 0
    # Of 00:01:00 the numbers ;00 and ;01 do not exist: 00:00:50;00 and 300 frames are 00:01:00;02.
    assert measure_join(chapter(timecode="00:00:50;00"), chapter(timecode="00:01:00;02")).gap_s == 0


def test_an_overlap_is_a_gap_below_nothing() -> None:
    join = measure_join(chapter(timecode="10:00:00:00"), chapter(timecode="10:00:09:00"))
    assert join.gap_s == -30 * Fraction(1001, 30000)
    assert join.because.startswith("an overlap of 1.001 s")


def test_without_timecode_satellites_tell_and_without_them_the_containers_clock() -> None:
    before = chapter(created="2026-03-02T12:00:00Z")
    after = chapter(created="2026-03-02T12:00:30.000000Z")
    by_clock = measure_join(before, after)
    assert (float(by_clock.gap_s or 0), by_clock.uncertainty_s) == (pytest.approx(19.99), 2)
    by_satellite = measure_join(before, after, satellites=(NOON, NOON + timedelta(seconds=11)))
    assert by_satellite.because == "contiguous, give or take 2.000 s, by satellite time"
    assert not by_satellite.is_broken


def test_a_clock_that_stood_still_is_not_believed() -> None:
    same = {"created": "2026-03-02T12:00:00Z", "timecode": "10:00:00:00"}
    join = measure_join(chapter(**same), chapter(**same))
    assert (join.gap_s, join.is_broken) == (None, False)
    assert join.because.startswith("unknown, taken as contiguous: by timecode the second began 0.000 s after")


def test_where_nothing_tells_chapters_are_taken_as_contiguous_and_a_missing_one_as_a_gap() -> None:
    plain = measure_join(chapter(), chapter())
    assert plain.because == "unknown, taken as contiguous: neither timecode nor satellites nor a clock is in both"
    lacking = measure_join(chapter(), chapter(), missing=2)
    assert (lacking.gap_s, lacking.missing, lacking.is_broken) == (None, 2, True)
    assert lacking.because.startswith("a gap of unknown length, 2 chapters missing")


@pytest.mark.parametrize("text", ["", "10:00", "aa:00:00:00", "9999-12-31T23:59:59-14:00", "10:00:00:00:00"])
def test_what_is_no_clock_tells_nothing(text: str) -> None:
    assert measure_join(chapter(timecode=text, created=text), chapter(timecode=text, created=text)).gap_s is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"width_px": 1280}, "width px: expected 1920, found 1280"),
        ({"codec": "hevc"}, "codec: expected h264, found hevc"),
        ({"frame_rate": Fraction(25)}, "frame rate: expected 30000/1001, found 25"),
        ({"time_base": Fraction(1, 1000)}, "time base: expected 1/90000, found 1/1000"),
        ({"rotation_deg": 180}, "rotation deg: expected 0, found 180"),
        ({"frame_count": 7, "packet_count": 7, "is_variable_rate": True}, None),
    ],
)
def test_chapters_fit_when_the_same_settings_can_have_made_both(changes: dict[str, Any], why: str | None) -> None:
    assert why_not_alike(chapter(), chapter(**changes)) == why


@given(counts=st.lists(st.integers(1, 500), min_size=1, max_size=6), rate=RATES, silent=st.booleans())
def test_together_they_have_all_frames_and_keyframes_in_place(counts: list[int], rate: Fraction, silent: bool) -> None:
    files = [
        media_facts(
            video_facts(frame_count=count, packet_count=count, frame_rate=rate, keyframes_s=(Fraction(0),)),
            **({"audio": None} if silent else {}),
        )
        for count in counts
    ]
    whole = join_facts(files)
    starts = start_frames([file.video for file in files])
    assert whole.video.frame_count == whole.video.packet_count == sum(counts)
    assert whole.video.keyframe_frames == starts
    assert whole.video.duration_s == sum(file.video.duration_s for file in files)
    assert (whole.audio is None) is silent
    assert join_facts(files[:1]) == files[0]


def test_sound_of_any_chapter_is_sound_of_the_recording() -> None:
    assert join_facts([media_facts(audio=None), media_facts()]).audio == media_facts().audio
