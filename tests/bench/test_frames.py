"""Frames are counted right: what is lost, shown twice or hidden is found, whatever the encoding."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.frames import FrameCount, count, count_clips, pictures_of, places
from tests.footage import make_clip

FRAMES = 50


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with a keyframe every 10 frames, a moving pattern, a brightness for each frame."""
    return make_clip(tmp_path_factory.mktemp("source") / "source.mp4", gop_frames=10, audio=None)


def _cut(source: Path, target: Path, *options: str, before: tuple[str, ...] = ()) -> Path:
    argv = ["ffmpeg", "-nostdin", "-v", "error", *before, "-i", str(source), *options, str(target)]
    subprocess.run(argv, check=True)
    return target


@given(st.lists(st.lists(st.integers(0, 19)), max_size=5), st.integers(0, 9))
def test_every_frame_shown_is_first_or_again_and_the_others_are_lost(shown: list[list[int]], hidden: int) -> None:
    found = count(shown, source_frames=20, hidden=hidden)
    total = sum(map(len, shown))
    assert total - found.twice + found.lost == 20
    assert found.lost == len(set(range(20)) - {place for clip in shown for place in clip})
    assert (found.clips, found.hidden) == (len(shown), hidden)


def test_clips_that_tile_lose_nothing_though_they_were_encoded_again(source: Path, tmp_path: Path) -> None:
    encoded = ("-vf", "scale=96:54", "-c:v", "libx264", "-crf", "30", "-frames:v", "25")
    clips = [
        _cut(source, tmp_path / "0.mp4", *encoded),
        _cut(source, tmp_path / "1.mp4", *encoded, before=("-ss", "1")),
    ]
    assert count_clips(clips, pictures_of(source)) == FrameCount(clips=2, lost=0, twice=0, hidden=0)


def test_frames_that_lack_and_frames_that_come_again_are_counted(source: Path, tmp_path: Path) -> None:
    clips = [
        _cut(source, tmp_path / "0.mp4", "-frames:v", "20"),
        _cut(source, tmp_path / "1.mp4", "-frames:v", "15", before=("-ss", "0.6")),
    ]
    # 0 to 19, and 15 to 29.
    assert count_clips(clips, pictures_of(source)) == FrameCount(clips=2, lost=20, twice=5, hidden=0)


def test_what_an_edit_list_hides_is_counted(source: Path, tmp_path: Path) -> None:
    """A copy that is asked to begin between keyframes keeps the frames before, and tells players to leave them out."""
    clip = _cut(source, tmp_path / "0.mp4", "-c", "copy", before=("-ss", "0.6"))
    whole = pictures_of(source)
    assert count_clips([clip], whole) == FrameCount(clips=1, lost=15, twice=0, hidden=5)
    assert places(pictures_of(clip), whole) == list(range(15, FRAMES))


def test_no_clips_lose_everything() -> None:
    assert count_clips([], np.zeros((7, 4), np.float32)) == FrameCount(clips=0, lost=7, twice=0, hidden=0)


def test_what_does_not_decode_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no footage")
    with pytest.raises(RuntimeError, match="ended with"):
        count_clips([broken], np.zeros((7, 4), np.float32))
