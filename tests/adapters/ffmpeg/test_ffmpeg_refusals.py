"""Bad footage gets the right error of ours, quickly, and leaves nothing behind."""

import os
import signal
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.adapters.ffmpeg.faults import blame, refuse_cut_short
from pipeline.adapters.sandbox.process import Finished
from pipeline.domain.clip import tile
from pipeline.domain.digest import Sha256
from pipeline.domain.media import CutTag
from pipeline.domain.recipe import VIEWING
from pipeline.errors import (
    DamagedMediaError,
    EmptyUploadError,
    FirsthandError,
    MediaLimitError,
    MediaToolError,
    NoVideoStreamError,
    RenditionMismatchError,
    UnreadableMediaError,
)
from tests.footage import FAULTS, make_clip, make_trait, remux

SECONDS_MAX = 20
"""For a refusal, on a machine that does other things too; alone it is a quarter of a second."""

AT_PROBE = {
    "empty": (EmptyUploadError, "0 bytes"),
    "text": (UnreadableMediaError, "Invalid data"),
    "ffconcat": (UnreadableMediaError, "not on our list"),
    "playlist": (UnreadableMediaError, "not on our list"),
    "sound_only": (NoVideoStreamError, "found audio"),
    "sound_with_cover": (NoVideoStreamError, "found audio, video"),
    "bomb": (MediaLimitError, "16000x16000"),
    "index_missing": (UnreadableMediaError, "moov atom not found"),
    "truncated": (DamagedMediaError, "expected media up to byte"),
    "truncated_at_a_packet": (DamagedMediaError, "expected media up to byte"),
    "truncated_fragments": (DamagedMediaError, "expected media up to byte"),
}
AT_RENDER = {
    "bits_flipped": (DamagedMediaError, "failed"),
    "begins_mid_stream": (DamagedMediaError, "decode"),
}


def test_every_fault_has_an_expectation() -> None:
    assert set(FAULTS) == {*AT_PROBE, *AT_RENDER}


@pytest.mark.parametrize("fault", AT_PROBE)
def test_refused_by_the_probe(fault: str, media: Ffmpeg, tmp_path: Path) -> None:
    source = make_trait(fault, tmp_path / "source")
    expected, words = AT_PROBE[fault]
    began_s = time.monotonic()
    with pytest.raises(FirsthandError) as caught:
        media.probe(source)
    assert time.monotonic() - began_s < SECONDS_MAX
    assert type(caught.value) is expected
    assert words in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("fault", AT_RENDER)
def test_refused_by_the_decoder(fault: str, media: Ffmpeg, tmp_path: Path) -> None:
    source = make_trait(fault, tmp_path / "source")
    target = tmp_path / "made" / "rendition.mp4"
    expected, words = AT_RENDER[fault]
    facts = media.probe(source)
    with pytest.raises(FirsthandError) as caught:
        media.render(source, facts, VIEWING, cut_frames=[0], target=target)
    assert type(caught.value) is expected
    assert words in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert list(target.parent.iterdir()) == []


def test_a_file_that_is_gone_is_not_the_footages_fault(media: Ffmpeg, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "footage.mp4")
    facts = media.probe(source)
    source.unlink()
    with pytest.raises(MediaToolError, match="No such file"):
        media.probe(source)
    with pytest.raises(MediaToolError, match="No such file"):
        media.render(source, facts, VIEWING, cut_frames=[0], target=tmp_path / "rendition.mp4")
    with pytest.raises(MediaToolError, match="No such file"):
        media.frame_hashes(source)


def test_a_scratch_folder_that_cannot_be_used_is_not_the_footages_fault(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "footage.mp4")
    (tmp_path / "scratch").write_text("a file where a folder should be")
    with pytest.raises(MediaToolError, match="working folder"):
        Ffmpeg(limits=Limits(), scratch=tmp_path / "scratch").probe(source)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"pixels_max": 192 * 107}, "asked for more than allowed"),
        ({"side_px_max": 191}, "sides of 191, found 192 x 108"),
        ({"streams_max": 1}, "streams"),
        ({"frames_max": 49}, "at most 49 packets"),
    ],
)
def test_a_limit_met_while_reading(limit: dict[str, int], words: str, scratch: Path, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "footage.mp4")
    with pytest.raises(MediaLimitError, match=words):
        Ffmpeg(limits=replace(Limits(), **limit), scratch=scratch).probe(source)


def test_a_long_gap_cannot_make_more_frames_than_allowed(scratch: Path, tmp_path: Path) -> None:
    hole = "-bsf:v setts=ts=TS+gte(N\\,25)*1000000"  # milliseconds
    source = make_clip(tmp_path / "footage.mkv", audio=None, output_options=hole)
    assert Ffmpeg(limits=Limits(), scratch=scratch).probe(source).video.frame_count > 25_000
    with pytest.raises(MediaLimitError, match="at most 20000 frames"):
        Ffmpeg(limits=replace(Limits(), frames_max=20_000), scratch=scratch).probe(source)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"output_bytes": 20_000}, "more output than allowed"),
        ({"wall_s": 0}, "longer than 0 s"),
    ],
)
def test_a_limit_met_while_encoding(limit: dict[str, int], words: str, scratch: Path, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "footage.mp4")
    facts = Ffmpeg(limits=Limits(), scratch=scratch).probe(source)
    target = tmp_path / "made" / "rendition.mp4"
    limited = Ffmpeg(limits=replace(Limits(), **limit), scratch=scratch)
    with pytest.raises(MediaLimitError, match=words):
        limited.render(source, facts, VIEWING, cut_frames=[0], target=target)
    assert list(target.parent.iterdir()) == []


def test_an_earlier_rendition_survives_a_run_that_fails(media: Ffmpeg, tmp_path: Path) -> None:
    source = make_trait("bits_flipped", tmp_path / "source")
    target = tmp_path / "rendition.mp4"
    target.write_bytes(b"earlier")
    (tmp_path / "rendition.mp4.part").mkdir()
    (tmp_path / "rendition.mp4.part" / "left-by-a-killed-run").write_bytes(b"")
    with pytest.raises(DamagedMediaError):
        media.render(source, media.probe(source), VIEWING, cut_frames=[0], target=target)
    assert target.read_bytes() == b"earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rendition.mp4", "scratch", "source"]


@pytest.mark.parametrize(
    ("cut_frames", "frame_count"),
    [([0, 20], 50), ([0, 25], 40), ([0, 25], 60), ([0], 25)],
    ids=["no keyframe at the cut", "too few frames", "too many frames", "a clip short"],
)
def test_clips_that_do_not_tile_the_rendition_are_never_made(
    cut_frames: list[int], frame_count: int, media: Ffmpeg, tmp_path: Path
) -> None:
    source = make_clip(tmp_path / "footage.mp4")
    rendition = tmp_path / "rendition.mp4"
    media.render(source, media.probe(source), VIEWING, cut_frames=[0, 25], target=rendition)
    with pytest.raises((MediaToolError, RenditionMismatchError), match="expected"):
        media.cut(rendition, tile(cut_frames, frame_count, Fraction(25)), tmp_path / "clips")
    assert list((tmp_path / "clips").iterdir()) == []


@pytest.mark.parametrize(
    ("returncode", "stderr", "expected"),
    [
        (1, "[h264 @ 0x5] [error] error while decoding MB", DamagedMediaError),
        (-signal.SIGSEGV, "", DamagedMediaError),
        (128 + signal.SIGABRT, "", DamagedMediaError),
        (-signal.SIGKILL, "", MediaToolError),
        (128 + signal.SIGKILL, "", MediaToolError),
        (255, "Exiting normally, received signal 15.", MediaToolError),
        (1, "[error] out/rendition.mp4: No space left on device", MediaToolError),
        (1, "[info]     title           : No space left on device", DamagedMediaError),
        (1, "[info]     title           : [error] No space left on device", DamagedMediaError),
        (1, "[mov,mp4 @ 0x5] [error] footage: Input/output error", DamagedMediaError),
        (128 + signal.SIGXCPU, "", MediaLimitError),
        (-signal.SIGXFSZ, "", MediaLimitError),
        (1, "[error] Cannot allocate memory", MediaLimitError),
        (1, "bwrap: Creating new namespace failed: Resource temporarily unavailable", MediaToolError),
        (127, "ffprobe: error while loading shared libraries: libx264.so.164: cannot open", MediaToolError),
    ],
)
def test_the_fault_is_told_from_how_the_child_ended(returncode: int, stderr: str, expected: type[Exception]) -> None:
    assert type(blame(Finished(returncode, stderr), "decoding", DamagedMediaError)) is expected


def test_a_title_cannot_make_good_footage_look_cut_short() -> None:
    refuse_cut_short(Finished(0, "[info]     title           : corrupt input packet"))
    with pytest.raises(DamagedMediaError):
        refuse_cut_short(Finished(0, "[in#0 @ 0x5d] [warning] corrupt input packet in stream 0"))


def test_a_full_disk_is_the_machines_fault(scratch: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() != 0 or os.system(f"mount -t tmpfs -o size=200k tmpfs {small} 2>/dev/null") != 0:  # noqa: S605 -- our own folder
        pytest.skip("no small file system can be mounted here")
    try:
        media = Ffmpeg(limits=Limits(), scratch=scratch)
        source = make_clip(tmp_path / "footage.mp4", size="1920x1080")
        with pytest.raises(MediaToolError, match="No space left"):
            media.render(source, media.probe(source), VIEWING, cut_frames=[0], target=small / "rendition.mp4")
        assert list(small.iterdir()) == []
    finally:
        os.system(f"umount {small}")  # noqa: S605 -- our own folder


def test_a_decoder_that_no_camera_needs_is_never_started(media: Ffmpeg, tmp_path: Path) -> None:
    rare = {"picture": {"video_options": "-c:v huffyuv"}, "sound": {"audio_options": "-c:a adpcm_yamaha"}}
    for name, options in rare.items():
        source = make_clip(tmp_path / f"{name}.mkv", **options)
        with pytest.raises(UnreadableMediaError, match=r"failed: Codec \(\w+\) not on our list$"):
            media.probe(source)


def test_more_streams_than_allowed_are_refused_and_subtitles_are_not(media: Ffmpeg, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "one.mkv")
    many = remux(source, tmp_path / "many.mkv", after="-map 0 " * 16)
    with pytest.raises(MediaLimitError, match=r"max_streams parameter \(32\)"):
        media.probe(many)
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    titled = remux(source, tmp_path / "titled.mp4", before=f"-i {tmp_path / 'words.srt'}", after="-map 1 -c:s mov_text")
    assert media.probe(titled).video.frame_count == 50


def test_a_tag_is_cut_or_refused_whatever_its_length(media: Ffmpeg, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "footage.mp4")
    long = remux(source, tmp_path / "long.mkv", after=f"-metadata date={'9' * 100_000}")
    facts = media.probe(long)
    (claim,) = (claim for claim in facts.clock_claims if claim.source.lower().endswith("date"))
    assert claim.text == "9" * 64
    assert facts.cut_tags == (CutTag(claim.source, 100_000, Sha256.of(b"9" * 100_000).hex),)
