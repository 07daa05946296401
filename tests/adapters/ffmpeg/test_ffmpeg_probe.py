"""What the probe says about footage of each kind."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.adapters.ffmpeg.identity import identify
from pipeline.adapters.ffmpeg.packets import PacketReader
from pipeline.domain.media import AudioFacts, ClockClaim, MediaFacts
from pipeline.errors import MediaLimitError, MediaToolError, SettingsError, UnreadableMediaError
from tests.footage import make_trait, remux


@pytest.fixture
def probe(media: Ffmpeg, tmp_path: Path) -> "Probe":
    return Probe(media, tmp_path)


class Probe:
    def __init__(self, media: Ffmpeg, folder: Path) -> None:
        self.media, self.folder = media, folder

    def __call__(self, trait: str) -> MediaFacts:
        return self.media.probe(make_trait(trait, self.folder / trait))


def test_facts_of_a_plain_clip(probe: Probe) -> None:
    facts = probe("rate_25")
    video = facts.video
    assert (video.codec, video.width_px, video.height_px, video.pixel_format) == ("h264", 192, 108, "yuv420p")
    assert (video.frame_rate, video.frame_count, video.packet_count) == (Fraction(25), 50, 50)
    assert (video.rotation_deg, video.pixel_aspect, video.is_variable_rate) == (0, Fraction(1), False)
    assert video.keyframes_s == (Fraction(0), Fraction(1))
    assert video.duration_s == facts.duration_s == 2
    assert facts.audio is not None
    plain = AudioFacts(1, "aac", 48_000, 1, Fraction(0), Fraction(2), codec_profile="LC", channel_layout="mono")
    assert facts.audio == replace(plain, bit_rate_bps=facts.audio.bit_rate_bps)
    assert 40_000 < (facts.audio.bit_rate_bps or 0) < 80_000
    assert (facts.clock_claims, facts.other_streams) == ((), ())
    assert MediaFacts.from_json(facts.to_json()) == facts


def test_a_recording_begins_when_its_first_frame_is_shown(probe: Probe) -> None:
    facts = probe("picture_late")
    assert facts.video.start_s == Fraction(7, 10)
    assert facts.video.keyframes_s[0] == 0
    assert facts.audio is not None
    assert facts.audio.start_s == 0


def test_what_an_edit_list_hides_is_not_counted(probe: Probe) -> None:
    video = probe("edit_list").video
    assert (video.packet_count, video.frame_count) == (50, 50)
    # The copy began at frame 35 of the whole; its next keyframe is frame 50.
    assert video.keyframes_s[0] == Fraction(15, 25)


def test_entries_of_an_open_gop_are_not_clean(probe: Probe) -> None:
    assert probe("open_gop").video.keyframes_s == (Fraction(0),)
    assert len(probe("b_frames").video.keyframes_s) == 2


@pytest.mark.parametrize(("trait", "degrees"), [("rotated_90", 90), ("rotated_180", 180), ("portrait", 0)])
def test_rotation_is_what_makes_the_picture_upright(probe: Probe, trait: str, degrees: int) -> None:
    video = probe(trait).video
    assert video.rotation_deg == degrees
    assert video.upright_size_px == ((192, 108) if degrees == 180 else (108, 192))


def test_wide_pixels_are_told_apart(probe: Probe) -> None:
    assert probe("wide_pixels").video.pixel_aspect == Fraction(4, 3)


def test_a_cover_is_not_the_picture(probe: Probe) -> None:
    facts = probe("with_cover")
    assert (facts.video.codec, facts.video.frame_count) == ("h264", 50)
    assert facts.other_streams == ("video",)


def test_every_clock_is_kept_with_its_place(media: Ffmpeg, tmp_path: Path) -> None:
    plain = make_trait("rate_25", tmp_path / "plain")
    words = "-timecode 10:00:00:00 -metadata creation_time=2025-06-01T10:00:00Z -metadata title=NotAClock"
    facts = media.probe(remux(plain, tmp_path / "footage.mp4", after=words))
    said = "2025-06-01T10:00:00.000000Z"
    timecodes = {ClockClaim(f"stream {index}:timecode", "10:00:00:00") for index in (0, 2)}
    dates = {ClockClaim(f"{place}:creation_time", said) for place in ("container", "stream 0", "stream 1", "stream 2")}
    assert set(facts.clock_claims) == timecodes | dates
    assert len(facts.clock_claims) == 6
    assert facts.other_streams == ("data:tmcd",)


def test_facts_of_a_real_camera(media: Ffmpeg, real_footage: Path) -> None:
    name = "gopro-max-heromode.mp4"
    facts = media.probe(real_footage / name if (real_footage / name).exists() else real_footage / "video" / name)
    assert facts.other_streams == ("data:tmcd", "data:gpmd", "data:fdsc")
    assert ClockClaim("container:creation_time", "2019-11-18T15:45:32.000000Z") in facts.clock_claims
    assert ClockClaim("stream 0:timecode", "15:44:35:10") in facts.clock_claims
    assert facts.video.pixel_format == "yuvj420p"
    assert facts.video.keyframes_s[1] * facts.video.frame_rate == 10


def packets_of(*lines: bytes) -> PacketReader:
    reader = PacketReader(Limits())
    for line in lines:
        reader.add_line(line)
    return reader


def test_packets_are_sorted_by_when_they_are_shown() -> None:
    packets = packets_of(b"0,0,512,K_", b"1536,512,512,__", b"512,1024,512,__", b"1024,1536,512,__,").read()
    assert packets.shown_ticks == (0, 512, 1024, 1536)
    assert packets.entry_ticks == (0,)
    assert packets.last_duration_ticks == 512


def test_a_keyframe_that_is_shown_before_what_follows_is_a_clean_entry() -> None:
    packets = packets_of(b"0,0,1,K_", b"3,1,1,K_", b"1,2,1,__", b"2,3,1,__", b"4,4,1,K_", b"5,5,1,__").read()
    assert packets.entry_ticks == (0, 4)


def test_where_only_decode_times_are_known_they_are_used() -> None:
    packets = packets_of(b"N/A,0,1,K_", b"N/A,1,1,__", b"N/A,2,N/A,K_").read()
    assert (packets.shown_ticks, packets.entry_ticks, packets.last_duration_ticks) == ((0, 1, 2), (0, 2), 0)


def test_packets_without_any_time_are_refused() -> None:
    with pytest.raises(UnreadableMediaError, match="time on each packet"):
        packets_of(b"N/A,N/A,1,K_").read()
    with pytest.raises(UnreadableMediaError, match="found none"):
        packets_of(b"0,0,1,KD").read()


def test_more_packets_than_frames_allowed_are_refused_while_they_come() -> None:
    reader = PacketReader(replace(Limits(), frames_max=2))
    reader.add_line(b"0,0,1,K_")
    reader.add_line(b"1,1,1,__")
    with pytest.raises(MediaLimitError, match="at most 2 packets"):
        reader.add_line(b"2,2,1,__")


def test_the_identity_names_version_and_bytes_and_stays_the_same(media: Ffmpeg, tmp_path: Path) -> None:
    version, digest = media.identity.rsplit(" sha256:", 1)
    assert version.startswith("ffmpeg ")
    assert len(digest) == 64
    assert Ffmpeg(limits=Limits(), scratch=tmp_path).identity == media.identity


def test_a_program_that_is_killed_while_it_tells_its_version_is_not_taken_for_another(tmp_path: Path) -> None:
    killed = tmp_path / "ffmpeg"
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o700)
    with pytest.raises(MediaToolError, match="stopped by signal 9"):
        identify(str(killed))
    killed.write_text("#!/bin/sh\necho something else\n")
    with pytest.raises(SettingsError, match="expected ffmpeg's version"):
        identify(str(killed))
