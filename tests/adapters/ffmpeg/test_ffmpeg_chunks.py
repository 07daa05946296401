"""Chunks of one recording are encoded side by side, by whatever slots there are, and fail together."""

import threading
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import psutil
import pytest

from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.domain.clip import ClipPolicy, plan_clips
from pipeline.domain.joining import join_facts
from pipeline.domain.recipe import VIEWING
from pipeline.errors import DamagedMediaError
from tests.footage import make_clip, make_trait

SHORT = ClipPolicy(stride_s=Fraction(1), minimum_s=Fraction(2, 5))
IN_CHUNKS = replace(VIEWING, chunk_s=Fraction(1))


def render(media: Ffmpeg, source: Path, folder: Path) -> dict[str, bytes]:
    """What rendering makes, by name."""
    facts = media.probe(source)
    cuts = plan_clips(facts=facts, policy=SHORT).cut_frames
    target, beside = folder / "rendition.mp4", folder / "beside"
    media.render(source, facts, IN_CHUNKS, cut_frames=cuts, target=target, beside=beside)
    return {path.name: path.read_bytes() for path in (target, *beside.iterdir())}


def test_one_slot_and_many_make_the_same_bytes(scratch: Path, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.mp4", seconds=4, rate="30000/1001", gop_frames=30)
    made = [
        render(Ffmpeg(limits=Limits(), scratch=scratch, jobs=jobs), source, tmp_path / f"jobs-{jobs}")
        for jobs in (1, 4)
    ]
    assert made[0] == made[1]
    assert set(made[0]) == {"rendition.mp4", "sound.wav", "sheet-00001.jpg", "contact.jpg", "grey", "bars"}


def test_the_first_failure_stops_the_others_and_leaves_nothing(scratch: Path, tmp_path: Path) -> None:
    """Minutes of good footage that nobody would wait for, after a part that does not decode."""
    bad = make_trait("bits_flipped", tmp_path / "bad")
    good = make_clip(tmp_path / "good.mp4", seconds=40, size="1280x720", video_options="-c:v libx264 -preset ultrafast")
    media = Ffmpeg(limits=Limits(), scratch=scratch, jobs=2)
    files = [(good, media.probe(good)), (bad, media.probe(bad))]
    whole = join_facts([facts for _, facts in files])
    began = time.monotonic()
    with pytest.raises(DamagedMediaError):
        media.render_chapters(files, whole, VIEWING, cut_frames=[0], target=tmp_path / "out" / "rendition.mp4")
    assert list((tmp_path / "out").iterdir()) == []
    assert _encoding(tmp_path) == []
    assert time.monotonic() - began < _seconds_of_encoding(media, good, tmp_path)


def _seconds_of_encoding(media: Ffmpeg, source: Path, folder: Path) -> float:
    began = time.monotonic()
    facts = media.probe(source)
    media.render(source, facts, VIEWING, cut_frames=[0], target=folder / "alone.mp4")
    return time.monotonic() - began


def _encoding(folder: Path) -> list[psutil.Process]:
    """Processes that still work in this folder or read from it."""
    return [one for one in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(one.info["cmdline"] or ())]


def test_recordings_share_the_slots(scratch: Path, tmp_path: Path) -> None:
    media = Ffmpeg(limits=Limits(), scratch=scratch, jobs=1)
    source = make_clip(tmp_path / "source.mp4", seconds=3)
    made: list[dict[str, bytes]] = []
    threads = [
        threading.Thread(target=lambda number=number: made.append(render(media, source, tmp_path / str(number))))
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert made[0] == made[1] == made[2]
