from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.adapters.ffmpeg.measuring import read_picture_measures, read_sound_measures
from pipeline.errors import MediaToolError

PICTURE = """frame:0    pts:0       pts_time:0
lavfi.scd.score=0.500
lavfi.signalstats.YAVG=106.2954
lavfi.signalstats.YLOW=36
lavfi.blur=nan
frame:1    pts:13      pts_time:0.52
lavfi.signalstats.YAVG=107
lavfi.blur=5.541943
"""


def test_numbers_are_thousandths_and_what_is_none_is_zero(tmp_path: Path) -> None:
    path = tmp_path / "measures.txt"
    path.write_text(PICTURE)
    found = read_picture_measures([path], frame_rate=Fraction(25), frame_count=25)
    assert (found.luma_mean, found.luma_low, found.blur, found.scene) == (
        (106_295, 107_000),
        (36_000, 0),
        (0, 5542),
        (500, 0),
    )


def test_another_count_than_of_samples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "measures.txt"
    path.write_text(PICTURE)
    with pytest.raises(MediaToolError, match="expected measures of 4 frames, found 2"):
        read_picture_measures([path], frame_rate=Fraction(25), frame_count=50)


def test_loudness_of_the_whole_is_what_was_said_last(tmp_path: Path) -> None:
    path = tmp_path / "loudness.txt"
    path.write_text(
        "frame:0 pts:0 pts_time:0\nlavfi.r128.M=-120.691\nlavfi.r128.I=-70.000\n"
        "frame:1 pts:4800 pts_time:0.1\nlavfi.r128.M=-41.283\nlavfi.r128.I=-41.300\n"
    )
    found = read_sound_measures(path)
    assert (found.loudness_lufs, found.integrated_lufs) == ((-120_691, -41_283), -41_300)
    path.write_text("")
    assert read_sound_measures(path).integrated_lufs == -70_000
