from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.chunk import Chunk, plan_chunks
from pipeline.domain.clip import ClipPolicy, plan_clips
from pipeline.domain.media import MediaFacts
from tests.media_facts import media_facts, video_facts

MINUTE = Fraction(60)


def two_minutes(seconds: int = 120, **changes: object) -> MediaFacts:
    """At 29.97 with a keyframe every second."""
    keyframes_s = tuple(Fraction(second * 1001, 1000) for second in range(seconds))
    return media_facts(
        video_facts(frame_count=seconds * 30, packet_count=seconds * 30, keyframes_s=keyframes_s, **changes)
    )


def chunks_of(*files: MediaFacts, longest_s: Fraction = MINUTE, is_damaged: bool = False) -> tuple[Chunk, ...]:
    cuts, start = [], 0
    for facts in files:
        cuts += [start + frame for frame in plan_clips(facts=facts, policy=ClipPolicy()).cut_frames]
        start += facts.video.frame_count
    return plan_chunks(files, cut_frames=cuts, longest_s=longest_s, is_damaged=is_damaged).chunks


def test_two_minutes_are_two_chunks_that_meet_at_a_clip() -> None:
    one, other = chunks_of(two_minutes())
    assert (one.start_frame, one.end_frame, other.start_frame, other.end_frame) == (0, 1800, 1800, 3600)
    assert (one.from_s, one.to_s) == (None, Fraction(60 * 1001, 1000))
    assert (other.from_s, other.to_s) == (Fraction(60 * 1001, 1000), None)
    assert other.local([1500, 1800, 2100, 3600]) == [0, 300]


@given(
    seconds=st.lists(st.integers(1, 400), min_size=1, max_size=3),
    longest_s=st.integers(5, 90).map(Fraction),
    is_damaged=st.booleans(),
)
def test_chunks_tile_a_recording_and_none_holds_frames_of_two_files(
    seconds: list[int], longest_s: Fraction, is_damaged: bool
) -> None:
    files = [two_minutes(each) for each in seconds]
    chunks = chunks_of(*files, longest_s=longest_s, is_damaged=is_damaged)
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert (chunks[0].start_frame, chunks[-1].end_frame) == (0, sum(seconds) * 30)
    assert all(one.end_frame == other.start_frame for one, other in pairwise(chunks))
    for chunk in chunks:
        facts = files[chunk.file]
        assert chunk.file_start_frame <= chunk.start_frame
        assert chunk.end_frame <= chunk.file_start_frame + facts.video.frame_count
        if chunk.from_s is not None:
            assert chunk.from_s * facts.video.frame_rate == chunk.start_frame - chunk.file_start_frame
        # Clips are ten seconds long: a chunk is longer than was asked for by no more than one.
        assert is_damaged or chunk.frame_count <= (longest_s * Fraction(11, 10) + 13) * 30
    assert sum(chunk.is_whole_file for chunk in chunks) == (
        len(files) if is_damaged else len(chunks) - sum(not chunk.is_whole_file for chunk in chunks)
    )


@pytest.mark.parametrize(
    ("facts", "because"),
    [
        (two_minutes(is_variable_rate=True), "its rate varies"),
        (two_minutes(seconds=50), "it is short"),
        (
            MediaFacts("mpegts", Fraction(120), two_minutes().video, None, (), ()),
            "mpegts has no index",
        ),
    ],
)
def test_what_cannot_be_read_from_the_middle_of_is_one_chunk(facts: MediaFacts, because: str) -> None:
    plan = plan_chunks([facts], cut_frames=range(0, facts.video.frame_count, 300), longest_s=MINUTE)
    assert [chunk.is_whole_file for chunk in plan.chunks] == [True]
    assert because in plan.reason


def test_no_chunk_begins_where_two_keyframes_share_a_frame() -> None:
    keyframes_s = (Fraction(0), Fraction(60), Fraction(60) + Fraction(1, 1000))
    facts = media_facts(video_facts(frame_count=3600, keyframes_s=keyframes_s, frame_rate=Fraction(30)))
    assert len(plan_chunks([facts], cut_frames=[0, 1800], longest_s=MINUTE).chunks) == 1
