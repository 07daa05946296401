"""What a clip may become, which files it lies in, and which clips are made in one go."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.clip_recipe import EXCERPT, LIVESTREAM_360P, LIVESTREAM_SECOND_GENERATION, STANDARD
from pipeline.domain.digest import Sha256
from pipeline.domain.encoding import (
    Encoding,
    Piece,
    Wanted,
    in_order_of_making,
    pieces_of,
    runs_of,
    why_no_excerpt,
)
from pipeline.domain.footage import Chapter
from pipeline.domain.ids import ClipId, derive
from pipeline.domain.media import MediaFacts
from tests.media_facts import AUDIO, media_facts, video_facts

CLIP_ID = ClipId(derive("clip", "one"))
ONE, OTHER = Sha256.of(b"one"), Sha256.of(b"other")


def a_chapter(start_frame: int, facts: MediaFacts | None = None) -> Chapter:
    return Chapter(Sha256.of(str(start_frame).encode()), facts or media_facts(), start_frame, None)


def test_an_encoding_is_named_by_all_that_made_it() -> None:
    made = Encoding.id_for(CLIP_ID, ONE, [ONE, OTHER], "ffmpeg 5")
    assert made == Encoding.id_for(CLIP_ID, ONE, (ONE, OTHER), "ffmpeg 5")
    others = {
        Encoding.id_for(ClipId(derive("clip", "two")), ONE, [ONE, OTHER], "ffmpeg 5"),
        Encoding.id_for(CLIP_ID, OTHER, [ONE, OTHER], "ffmpeg 5"),
        Encoding.id_for(CLIP_ID, ONE, [OTHER, ONE], "ffmpeg 5"),
        Encoding.id_for(CLIP_ID, ONE, [ONE], "ffmpeg 5"),
        Encoding.id_for(CLIP_ID, ONE, [ONE, OTHER], "ffmpeg 6"),
    }
    assert len(others | {made}) == 6


@given(st.integers(0, 599), st.integers(1, 600))
def test_the_pieces_of_a_clip_are_all_of_its_frames(start: int, length: int) -> None:
    end = min(start + length, 600)
    chapters = [a_chapter(0), a_chapter(300)]
    pieces = pieces_of(start, end, chapters)
    frames = [
        chapters[piece.chapter].start_frame + frame
        for piece in pieces
        for frame in range(piece.start_frame, piece.end_frame)
    ]
    assert frames == list(range(start, end))


@pytest.mark.parametrize("piece", [Piece(0, 0, 30), Piece(0, 60, 300), Piece(0, 270, 300)])
def test_between_clean_keyframes_a_clip_can_be_an_excerpt(piece: Piece) -> None:
    assert why_no_excerpt([piece], [media_facts()], EXCERPT) is None


LONG_GOP = video_facts(keyframes_s=(Fraction(0), Fraction(1001 * 90, 30000)))
SPOILT = {
    "does not begin on": ([Piece(0, 31, 60)], media_facts()),
    "does not end before": ([Piece(0, 30, 61)], media_facts()),
    "up to 3.003 s apart": ([Piece(0, 0, 90)], media_facts(LONG_GOP)),
    "lies in 2 files": ([Piece(0, 270, 300), Piece(1, 0, 30)], media_facts()),
    "frame rate varies": ([Piece(0, 0, 30)], media_facts(video_facts(is_variable_rate=True))),
    "stored on its side": ([Piece(0, 0, 30)], media_facts(video_facts(rotation_deg=90))),
    "mjpeg does not play": ([Piece(0, 0, 30)], media_facts(video_facts(codec="mjpeg"))),
    "yuv420p10le do not play": ([Piece(0, 0, 30)], media_facts(video_facts(pixel_format="yuv420p10le"))),
    "sound in pcm_s16le": ([Piece(0, 0, 30)], media_facts(audio=replace(AUDIO, codec="pcm_s16le"))),
}


@pytest.mark.parametrize("said", SPOILT)
def test_why_a_clip_cannot_be_an_excerpt_is_told(said: str) -> None:
    pieces, facts = SPOILT[said]
    assert said in (why_no_excerpt(pieces, [facts, facts], EXCERPT) or "")


def test_what_must_not_be_seen_or_cannot_be_trusted_is_no_excerpt() -> None:
    why = why_no_excerpt([Piece(0, 0, 30)], [media_facts()], EXCERPT, is_damaged=True, needs_redaction=True) or ""
    assert "must not be seen" in why
    assert "damaged" in why


@given(st.sets(st.integers(0, 40), min_size=1), st.integers(1, 4))
def test_runs_hold_every_clip_once_and_never_too_many(ordinals: set[int], at_once: int) -> None:
    wanted = [Wanted(ClipId(derive("clip", at)), 300 * at, 300 * (at + 1)) for at in ordinals]
    runs = runs_of(reversed(wanted), Fraction(30), pixels=8_400_000 // at_once)
    assert [clip for run in runs for clip in run] == sorted(wanted, key=lambda clip: clip.start_frame)
    assert all(len(run) <= at_once for run in runs)
    assert all(after.start_frame == before.end_frame for run in runs for before, after in pairwise(run))


def test_what_something_is_made_from_is_made_first() -> None:
    recipes = [LIVESTREAM_SECOND_GENERATION, STANDARD, LIVESTREAM_360P]
    assert in_order_of_making(recipes) == [STANDARD, LIVESTREAM_360P, LIVESTREAM_SECOND_GENERATION]
