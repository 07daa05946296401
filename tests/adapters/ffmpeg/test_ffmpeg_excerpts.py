"""Excerpts are a run of the original's packets, with the sound where it was, or it is told why there is none.

What is read back here is read by plain ffprobe and ffmpeg, not by the code under test.
"""

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.adapters.ffmpeg import Made
from pipeline.domain.clip import ClipPolicy, PlannedClip
from pipeline.domain.media import MediaFacts
from tests.clip_making import ClipBench, clips_of
from tests.clip_reading import (
    AAC_FRAME_SAMPLES,
    NEVER,
    assert_nothing_hidden,
    at_least_as_near,
    clicks_in,
    ends_of,
    frame_hashes,
    is_run,
    packet_hashes,
    samples_of,
    sound_edges_s,
)
from tests.footage import make_clip, make_trait

NO_EXCERPT = {
    **dict.fromkeys(("variable_rate",), "rate varies"),
    **dict.fromkeys(("open_gop", "hevc"), "clean keyframe"),
    **dict.fromkeys(("long_gop",), "clean keyframe"),
    **dict.fromkeys(("edit_list",), "clean keyframe"),
    **dict.fromkeys(("rotated_90", "rotated_180", "rotated_270"), "on its side"),
    **dict.fromkeys(("ten_bit", "odd_size"), "do not play everywhere"),
    "avi": "mjpeg does not play",
}
"""Footage of which no clip can be an excerpt, or not every one, and a word of why."""

EXCERPT_TRIED = sorted(
    {
        *("rate_29_97", "rate_50", "rate_59_94", "jittered_rate"),
        *("audio_late", "audio_shorter", "audio_longer", "audio_empty", "b_frames", "full_range"),
        *("fragmented", "with_cover", "matroska", "transport_stream", *NO_EXCERPT),
    }
)
"""One of each kind that an excerpt may come from, and all of which there is none."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> ClipBench:
    return ClipBench.on(tmp_path_factory.mktemp("scratch"))


@pytest.mark.parametrize("trait", EXCERPT_TRIED)
def test_an_excerpt_is_a_run_of_the_original_or_it_is_told_why_not(
    trait: str, bench: ClipBench, tmp_path: Path
) -> None:
    source = make_trait(trait, tmp_path / "source")
    facts = bench.media.probe(source)
    clips = ends_of(clips_of(facts))
    found = bench.excerpts(source, facts, clips, tmp_path)
    if trait in NO_EXCERPT:
        assert any(isinstance(one, str) and NO_EXCERPT[trait] in one for one in found)
    else:
        assert all(isinstance(one, Made) for one in found)
    theirs = packet_hashes(source, facts)
    shown = frame_hashes(source, facts.video.stream_index)
    sounds: list[list[str]] = []
    for one, clip in zip(found, clips, strict=True):
        if isinstance(one, str):
            continue
        mine = packet_hashes(one.path, bench.media.probe(one.path))
        assert is_run(mine["0"], theirs["0"])
        sounds.append(mine.get("1", []))
        assert is_run(sounds[-1], theirs.get("1", []))
        assert frame_hashes(one.path) == shown[clip.start_frame : clip.end_frame]
        assert_nothing_hidden(one, clip.frame_count, facts, sound_late_s=sound_late_s(facts, clip))
        assert_sound_fits(one, facts, clip, source)
    if len(sounds) > 1 and trait not in NO_EXCERPT:
        assert is_run(sounds[0] + sounds[1], theirs.get("1", [])), "each packet of sound is in one of two neighbours"


def test_the_sound_of_an_excerpt_is_where_it_was_beside_the_picture(bench: ClipBench, tmp_path: Path) -> None:
    """A click in the middle of each clip, to the sample; for who ignores edit lists, to half a packet."""
    rate_hz, middle = 44_100, 11_025
    click = f"aevalsrc=0.9*eq(mod(n\\,{rate_hz // 2})\\,{middle}):sample_rate={rate_hz}"
    source = make_clip(tmp_path / "source.mp4", seconds=4, rate="50", audio=click)
    facts = bench.media.probe(source)
    clips = clips_of(facts, ClipPolicy(stride_s=Fraction(1, 2), minimum_s=Fraction(1, 2)))
    begun = []
    for one in bench.excerpts(source, facts, clips, tmp_path):
        assert isinstance(one, Made)
        heard, ignoring = (samples_of(one.path, rate_hz, *options) for options in ((), ("-ignore_editlist", "1")))
        assert clicks_in(heard) == [middle]
        assert at_least_as_near(clicks_in(ignoring), [middle], samples=AAC_FRAME_SAMPLES // 2)
        begun.append(sound_edges_s(one.path)[0])
    assert len(begun) == len(clips) == 8
    assert min(begun) < 0 < max(begun), "some begin early and some late"


def sound_late_s(facts: MediaFacts, clip: PlannedClip) -> Fraction:
    """How much later than its picture the sound begins: not at all, unless it begins late in the source."""
    return max(facts.audio.start_s - facts.video.start_s - clip.span.start_s, NEVER) if facts.audio else NEVER


def assert_sound_fits(made: Made, facts: MediaFacts, clip: PlannedClip, source: Path) -> None:
    """Sound begins and ends with the picture, to half a packet and so under a frame; or where the source's does."""
    if facts.audio is None or made.audio_codec is None:
        return
    half_s = Fraction(AAC_FRAME_SAMPLES, 2 * facts.audio.sample_rate_hz)
    assert half_s < 1 / facts.video.frame_rate
    ask = ["ffprobe", "-v", "error", "-select_streams", "a", "-of", "csv=p=0", "-show_entries", "packet=pts_time"]
    times = subprocess.run([*ask, str(source)], check=True, capture_output=True, text=True).stdout.split()
    zero_s = facts.video.start_s + clip.span.start_s
    has_s = Fraction(times[0].strip(",")) - zero_s, Fraction(times[-1].strip(",")) + 2 * half_s - zero_s
    first_s, last_s = sound_edges_s(made.path)
    told_s = Fraction(1, 500)  # Matroska tells begin and length to the millisecond
    assert abs(first_s - max(has_s[0], 0)) <= half_s + told_s
    assert abs(last_s - min(has_s[1], clip.span.duration_s)) <= half_s + told_s
