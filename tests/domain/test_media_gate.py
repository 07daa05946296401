from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from pipeline.domain.media import MediaFacts
from pipeline.domain.media_gate import misfits
from tests.builders import NTSC, media_facts

GOOD = media_facts(frame_count=300)


def picture(**instead: Any) -> MediaFacts:
    return replace(GOOD, video=replace(GOOD.video, **instead))


def sound(**instead: Any) -> MediaFacts:
    assert GOOD.audio is not None
    return replace(GOOD, audio=replace(GOOD.audio, **instead))


def judge(found: MediaFacts, *, index_comes_first: bool = True) -> tuple[str, ...]:
    return misfits(found, index_comes_first=index_comes_first, frame_rate=NTSC, frame_count=300)


def test_what_plays_as_it_must_has_no_misfit() -> None:
    assert judge(GOOD) == ()


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (replace(GOOD, container="matroska,webm"), "expected container, found matroska,webm"),
        (picture(codec="hevc"), "expected codec h264, found hevc"),
        (picture(pixel_format="yuv422p"), "expected pixel format yuv420p, found yuv422p"),
        (picture(rotation_deg=90), "expected rotation 0, found 90"),
        (picture(is_variable_rate=True), "expected constant frame rate, found a varying one"),
        (picture(frame_rate=Fraction(30)), "expected frames a second 30000/1001, found 30"),
        (picture(packet_count=299), "expected frames 300, found 299"),
        (picture(hidden_packet_count=3), "expected hidden frames 0, found 3"),
        (picture(start_s=Fraction(1, 100)), "expected start in s 0, found 1/100"),
        (replace(GOOD, audio=None), "expected sound aac, found none"),
        (sound(codec="mp3"), "expected sound aac, found mp3"),
    ],
)
def test_each_way_in_which_a_page_goes_wrong_is_told(found: MediaFacts, reason: str) -> None:
    assert judge(found) == (reason,)


def test_an_index_after_the_media_is_told_beside_the_rest() -> None:
    assert judge(picture(codec="hevc"), index_comes_first=False) == (
        "expected codec h264, found hevc",
        "expected index before the media, found it after the media",
    )
