"""The facts of footage are those that ffprobe, asked plainly, reports; and what is unusual about it is told."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.domain.media import AudioFacts, VideoFacts
from pipeline.domain.media_stream import ColourFacts, TimecodeFacts
from tests.footage import _ffmpeg, make_clip, make_trait, remux
from tests.real_footage import each


def asked_of_ffprobe(path: Path) -> dict[str, Any]:
    argv = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-count_packets", "-of", "json", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
    return found


def seconds(text: str | None) -> float | None:
    return None if text is None else float(text)


def word(text: str | None) -> str | None:
    return None if text in (None, "unknown") else text


@pytest.mark.parametrize("path", each("video"))
def test_real_footage_says_what_ffprobe_reports(path: Path, media: Ffmpeg) -> None:
    facts, expected = media.probe(path), asked_of_ffprobe(path)
    container = expected["format"]
    assert facts.container == container["format_name"]
    assert float(facts.duration_s) == float(container["duration"])
    assert facts.bit_rate_bps == int(container["bit_rate"])
    assert len(facts.streams) == len(expected["streams"])
    for found, stream in zip(facts.streams, expected["streams"], strict=True):
        assert (found.index, found.kind, found.codec) == (
            stream["index"],
            stream["codec_type"],
            stream.get("codec_name"),
        )
        assert found.tag == stream["codec_tag_string"]
        assert found.bit_rate_bps == int(stream["bit_rate"])
        # ffprobe prints whole microseconds.
        assert float(found.start_s or 0) == pytest.approx(seconds(stream["start_time"]), abs=1e-6)
        assert float(found.duration_s or 0) == pytest.approx(seconds(stream["duration"]), abs=1e-6)
    check_video(facts.video, expected["streams"][facts.video.stream_index])
    sounds = [stream for stream in expected["streams"] if stream["codec_type"] == "audio"]
    assert (facts.audio is not None) == bool(sounds)
    if facts.audio is not None:
        check_audio(facts.audio, sounds[0])
    timecodes = [stream for stream in expected["streams"] if stream["codec_tag_string"] == "tmcd"]
    assert [(one.stream_index, one.first) for one in facts.timecodes] == [
        (stream["index"], stream["tags"]["timecode"]) for stream in timecodes
    ]


def check_video(found: VideoFacts, expected: dict[str, Any]) -> None:
    assert (found.codec, found.codec_profile, found.codec_level) == (
        expected["codec_name"],
        expected["profile"],
        expected["level"],
    )
    assert (found.width_px, found.height_px, found.pixel_format) == (
        expected["width"],
        expected["height"],
        expected["pix_fmt"],
    )
    assert found.bit_rate_bps == int(expected["bit_rate"])
    assert found.average_rate == Fraction(expected["avg_frame_rate"])
    assert found.frame_rate == Fraction(expected["r_frame_rate"])
    assert found.field_order == expected["field_order"]
    assert found.colour == ColourFacts(
        word(expected.get("color_primaries")),
        word(expected.get("color_transfer")),
        word(expected.get("color_space")),
        word(expected.get("color_range")),
    )
    aspect = expected.get("sample_aspect_ratio", "1:1").replace(":", "/")
    assert found.pixel_aspect == Fraction(aspect)
    assert found.packet_count + found.hidden_packet_count == int(expected["nb_read_packets"])
    assert found.time_base == Fraction(expected["time_base"])


def check_audio(found: AudioFacts, expected: dict[str, Any]) -> None:
    assert (found.codec, found.codec_profile) == (expected["codec_name"], expected["profile"])
    assert (found.sample_rate_hz, found.channels, found.channel_layout) == (
        int(expected["sample_rate"]),
        expected["channels"],
        expected["channel_layout"],
    )
    assert found.bit_rate_bps == int(expected["bit_rate"])
    assert float(found.duration_s) == pytest.approx(float(expected["duration"]), abs=1e-6)


def test_what_an_edit_list_hides_is_told(media: Ffmpeg, tmp_path: Path) -> None:
    video = media.probe(make_trait("edit_list", tmp_path / "made")).video
    # Cut at 1.4 s behind the keyframe at 1.0: ten frames of 25 a second are in the file and never shown.
    assert (video.hidden_packet_count, video.hidden_s) == (10, Fraction(2, 5))
    plain = media.probe(make_clip(tmp_path / "plain.mp4")).video
    assert (plain.hidden_packet_count, plain.hidden_s) == (0, 0)


@pytest.mark.parametrize(
    ("first", "rate", "is_drop"), [("10:00:00:00", "25", False), ("10:00:00;02", "30000/1001", True)]
)
def test_a_timecode_track_has_a_value_and_a_rate(
    media: Ffmpeg, tmp_path: Path, first: str, rate: str, is_drop: bool
) -> None:
    clip = make_clip(tmp_path / "plain.mp4", rate=rate, audio=None)
    facts = media.probe(remux(clip, tmp_path / "footage.mp4", after=f"-timecode {first}"))
    assert facts.timecodes == (TimecodeFacts(1, first, Fraction(rate), is_drop),)
    assert [stream.tag for stream in facts.streams] == ["avc1", "tmcd"]


def test_every_track_of_sound_has_its_facts(media: Ffmpeg, tmp_path: Path) -> None:
    film, second = make_clip(tmp_path / "film.mp4"), tmp_path / "second.m4a"
    _ffmpeg(*["-f", "lavfi", "-t", "1", "-i", "sine=sample_rate=44100,aformat=channel_layouts=stereo"], str(second))
    both = ("-i", str(film), "-itsoffset", "0.5", "-i", str(second))
    _ffmpeg(*both, *["-map", "0", "-map", "1", "-c", "copy"], str(tmp_path / "footage.mkv"))
    facts = media.probe(tmp_path / "footage.mkv")
    assert facts.audio is not None
    assert (facts.audio.sample_rate_hz, facts.audio.channel_layout) == (48_000, "mono")
    (more,) = facts.more_audio
    assert (more.stream_index, more.sample_rate_hz, more.channels, more.channel_layout) == (2, 44_100, 2, "stereo")
    # Half a second after the picture, but for what an encoder of sound puts before it.
    starts_s = [stream.start_s or Fraction(0) for stream in facts.streams]
    assert (starts_s[0], starts_s[2]) == (facts.video.start_s, more.start_s)
    assert float(starts_s[2] - starts_s[0]) == pytest.approx(0.5, abs=0.05)


def test_a_rate_that_varies_is_told_beside_the_containers_own_sum(media: Ffmpeg, tmp_path: Path) -> None:
    video = media.probe(make_trait("variable_rate", tmp_path / "made")).video
    assert video.is_variable_rate
    assert video.average_rate is not None
    assert 20 < video.average_rate < 30 == video.frame_rate


def film_with_sound(folder: Path, sound: str) -> Path:
    return make_clip(folder / "footage.mp4", seconds=4, audio=f"sine=frequency=440:sample_rate=48000,{sound}")


@pytest.mark.parametrize(
    ("sound", "silent_s"),
    [
        ("anull", 0),
        ("volume=0:enable='lt(t,2.5)'", 2.5),
        ("volume=0", 4),
        # A pause is no head.
        ("volume=0:enable='between(t,1,2)'", 0),
    ],
)
def test_a_silent_head_is_measured(media: Ffmpeg, tmp_path: Path, sound: str, silent_s: float) -> None:
    footage = film_with_sound(tmp_path, sound)
    found = media.silent_head_s(footage, media.probe(footage))
    assert found is not None
    assert float(found) == pytest.approx(silent_s, abs=0.05)


def test_sound_that_begins_later_leaves_a_silent_head(media: Ffmpeg, tmp_path: Path) -> None:
    footage = make_trait("audio_late", tmp_path / "made")
    found = media.silent_head_s(footage, media.probe(footage))
    assert found is not None
    assert float(found) == pytest.approx(0.8, abs=0.05)


def test_footage_without_sound_has_no_silent_head(media: Ffmpeg, tmp_path: Path) -> None:
    footage = make_clip(tmp_path / "footage.mp4", audio=None)
    assert media.silent_head_s(footage, media.probe(footage)) is None
