"""The sound of a rendition is as long as its picture, to the sample, and stands where it stood in the source."""

import subprocess
from array import array
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.domain.clip import ClipPolicy, plan_clips
from pipeline.domain.recipe import VIEWING
from tests.footage import make_trait

LOUD = 1000
"""Of 32767; the tone has an amplitude of 4000, silence after coding of less than 10."""
CODER_FRAME = 1024
"""Samples that a decoder gives at a time: it does not stop inside the last."""
CODER_ERROR_S = 0.025
"""A coder's frame is 21 ms, and it smears an onset over about one."""

TONE_S = {
    "audio_longer": (0.0, 2.0),
    "audio_shorter": (0.0, 1.2),
    "audio_late": (0.8, 1.8),
    "picture_late": (0.0, 1.3),
    "rate_30": (0.0, 2.0),
    "transport_stream": (0.0, 2.0),
}
"""From when to when the tone sounds on the recording's timeline; in `picture_late` the picture begins 0.7 s into it."""


def samples_of(path: Path) -> "array[int]":
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-map", "0:a", "-ac", "1", "-f", "s16le", "-"]
    return array("h", subprocess.run(argv, check=True, capture_output=True).stdout)


@pytest.mark.parametrize("trait", [*TONE_S, "no_audio", "audio_empty"])
def test_sound_is_as_long_as_the_picture_and_in_its_place(trait: str, media: Ffmpeg, tmp_path: Path) -> None:
    source = make_trait(trait, tmp_path / "source")
    facts = media.probe(source)
    media.render(source, facts, VIEWING, cut_frames=[0], target=tmp_path / "rendition.mp4")
    made = media.probe(tmp_path / "rendition.mp4").audio
    assert made is not None
    assert (made.start_s, made.duration_s) == (Fraction(0), Fraction(round(facts.video.duration_s * 48_000), 48_000))
    samples = samples_of(tmp_path / "rendition.mp4")
    assert 0 <= len(samples) - made.duration_s * 48_000 < CODER_FRAME
    loud = [number for number, sample in enumerate(samples) if abs(sample) > LOUD]
    if trait not in TONE_S:
        assert loud == []
    else:
        begins_s, ends_s = TONE_S[trait]
        assert abs(loud[0] / 48_000 - begins_s) < CODER_ERROR_S
        assert abs(loud[-1] / 48_000 - ends_s) < CODER_ERROR_S


def test_clips_together_lose_no_sound_and_each_begins_within_a_coder_frame(media: Ffmpeg, tmp_path: Path) -> None:
    source = make_trait("rate_29_97", tmp_path / "source")
    facts = media.probe(source)
    plan = plan_clips(facts=facts, policy=ClipPolicy(stride_s=Fraction(1), minimum_s=Fraction(2, 5)))
    rendition = tmp_path / "rendition.mp4"
    media.render(source, facts, VIEWING, cut_frames=plan.cut_frames, target=rendition)
    clips = media.cut(rendition, plan.clips, tmp_path / "clips")
    assert len(clips) > 1
    made = [media.probe(clip) for clip in clips]
    assert all(clip.audio is not None and 0 <= clip.audio.start_s < Fraction(CODER_FRAME, 48_000) for clip in made)
    assert [clip.duration_s for clip in made] == [planned.span.duration_s for planned in plan.clips]


@pytest.mark.parametrize(("trait", "channels"), [("rate_30", 2), ("rate_25", 1), ("no_audio", 1)])
def test_channels_are_kept_and_silence_has_one(trait: str, channels: int, media: Ffmpeg, tmp_path: Path) -> None:
    source = make_trait(trait, tmp_path / "source")
    facts = media.probe(source)
    media.render(source, facts, VIEWING, cut_frames=[0], target=tmp_path / "rendition.mp4")
    made = media.probe(tmp_path / "rendition.mp4").audio
    assert made is not None
    assert (made.codec, made.sample_rate_hz, made.channels, made.start_s) == ("aac", 48_000, channels, Fraction(0))
