"""Real footage is known again after what people do to a copy, and never taken for other footage."""

import itertools
import subprocess
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from pipeline.adapters import pictures
from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.adapters.pictures import DenseHashes
from pipeline.domain.duplicate import PictureMatch, Turn, Verdict, judge_pictures
from pipeline.domain.media import Bars
from pipeline.domain.small_pictures import BARS_SIDE_PX, GREY_PER_S, GREY_SIDE_PX

PHONE = (
    "scale=480:-2,pad=480:854:(ow-iw)/2:(oh-ih)/2:black,drawbox=0:0:480:60:black@0.6:fill,"
    "drawtext=text='LIVE  1.2K watching':x=16:y=18:fontsize=22:fontcolor=white,"
    "drawtext=text='user123 comment text':x=16:y=h-120+20*mod(t\\,3):fontsize=18:fontcolor=white"
)
COPIES: Mapping[str, tuple[str, Turn, Fraction]] = {
    "smaller": ("-vf scale=-2:360 -b:v 400k", Turn.NONE, Fraction(0)),
    "frames_dropped": ("-vf select='gt(random(1)\\,0.25)',fps=30000/1001 -b:v 800k", Turn.NONE, Fraction(0)),
    "mirrored": ("-vf hflip -b:v 800k", Turn.MIRRORED, Fraction(0)),
    "upside_down": ("-vf hflip,vflip -b:v 800k", Turn.UPSIDE_DOWN, Fraction(0)),
    "trimmed": ("-ss 3 -b:v 800k", Turn.NONE, Fraction(3)),
    "trimmed_between_samples": ("-ss 3.23 -b:v 800k", Turn.NONE, Fraction(32, 10)),
}
"""What was done to the footage, how the copy is turned, and where in the footage it begins."""

Hashing = Callable[[Path], DenseHashes]


@pytest.fixture(scope="module")
def hashed(tmp_path_factory: pytest.TempPathFactory) -> Hashing:
    folder = tmp_path_factory.mktemp("hashed")
    media = Ffmpeg(limits=Limits(), scratch=folder / "scratch")

    @cache
    def of(path: Path) -> DenseHashes:
        duration_s, target = media.probe(path).video.duration_s, folder / "pictures"
        media.keyframe_pictures(path, duration_s, side_px=BARS_SIDE_PX, first_s=20, target=target)
        bars = pictures.find_bars(target.read_bytes())
        media.pictures(path, duration_s, side_px=GREY_SIDE_PX, per_s=GREY_PER_S, bars=bars, target=target)
        return pictures.hash_pictures(target)

    return of


@pytest.fixture(scope="module")
def walk(real_footage: Path) -> Path:
    return real_footage / "video" / "gopro-max-heromode.mp4"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("copied")

    def copy(source: Path, name: str, *options: str) -> Path:
        target = folder / f"{name}.mp4"
        coder = ["-an", "-c:v", "libx264", "-preset", "superfast", "-g", "30", str(target)]
        argv = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(source), "-map", "0:v:0"]
        subprocess.run([*argv, *options, *coder], check=True)
        return target

    return copy


def matched(earlier: DenseHashes, later: DenseHashes) -> PictureMatch:
    found = pictures.match_pictures(earlier.kept(), later)
    assert found is not None
    return found


def is_found(earlier: DenseHashes, later: DenseHashes) -> bool:
    """Whether the index of all recordings would lead from the later to the earlier."""
    looked_up = set(pictures.bands_to_look_up(later))
    shared = [anchor for anchor in pictures.anchors_of(earlier.kept()) if looked_up & set(anchor.bands)]
    return bool(shared) and pictures.is_candidate(shared, later)


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_known_again(hashed: Hashing, walk: Path, copied: Callable[..., Path], name: str) -> None:
    options, turn, begins_s = COPIES[name]
    original, copy = hashed(walk), hashed(copied(walk, name, *options.split()))
    found = matched(original, copy)
    expected = Verdict.COPY if turn is Turn.NONE else Verdict.REVIEW
    assert judge_pictures(found).verdict is expected, found
    assert (found.turn, found.later_covered) == (turn, 1)
    assert abs(found.offset_s - begins_s) <= Fraction(1, 10)
    assert found.same_moments == found.moments
    assert is_found(original, copy)
    assert judge_pictures(matched(copy, original)).verdict is not Verdict.DISTINCT


def test_a_second_generation_on_a_phone_with_bars_and_words_is_known_again(
    hashed: Hashing, walk: Path, copied: Callable[..., Path]
) -> None:
    small = copied(walk, "generation", "-vf", "scale=-2:360", "-b:v", "400k")
    phone = copied(small, "phone", "-vf", PHONE, "-b:v", "700k")
    original, copy = hashed(walk), hashed(phone)
    assert judge_pictures(matched(original, copy)).verdict is Verdict.COPY
    assert is_found(original, copy)


def test_of_all_real_files_only_the_two_edits_of_one_scene_match(hashed: Hashing, real_footage: Path) -> None:
    every = {path.stem: hashed(path) for path in sorted((real_footage / "video").glob("*.mp4"))}
    assert len(every) == 7
    verdicts = {
        (one, other): judge_pictures(found).verdict
        for one, other in itertools.permutations(every, 2)
        if (found := pictures.match_pictures(every[one].kept(), every[other])) is not None
    }
    related = {pair for pair, verdict in verdicts.items() if verdict is not Verdict.DISTINCT}
    edits = ("tmk-chair-19-sd-bar", "tmk-chair-orig-22-sd-bar")
    assert related == {edits, edits[::-1]}
    assert verdicts[edits[::-1]] is Verdict.COPY  # the shorter lies within the longer


def test_another_hour_of_a_fixed_camera_is_no_copy(
    hashed: Hashing, real_footage: Path, copied: Callable[..., Path]
) -> None:
    room = real_footage / "video" / "intel-one-by-one.mp4"
    first = copied(room, "first", "-t", "60", "-vf", "scale=-2:240")
    later = copied(room, "later", "-ss", "60", "-t", "60", "-vf", "scale=-2:240")
    assert judge_pictures(matched(hashed(first), hashed(later))).verdict is Verdict.DISTINCT
    assert judge_pictures(matched(hashed(room), hashed(later))).verdict is Verdict.COPY


@pytest.mark.parametrize("picture", ["color=black", "color=gray", "nullsrc,geq=lum='16+4*random(1)':cb=128:cr=128"])
def test_what_shows_nothing_matches_nothing(hashed: Hashing, tmp_path: Path, picture: str) -> None:
    both = []
    for name, seconds in (("one", "6"), ("two", "8")):
        path = tmp_path / f"{name}.mp4"
        source = ["-f", "lavfi", "-t", seconds, "-i", picture.replace("color=", "color=size=320x180:color=")]
        subprocess.run(["ffmpeg", "-v", "error", *source, "-c:v", "libx264", "-preset", "ultrafast", path], check=True)
        both.append(hashed(path))
    found = pictures.match_pictures(both[0].kept(), both[1])
    assert found is None or judge_pictures(found).verdict is Verdict.DISTINCT
    assert not is_found(both[0], both[1])


def test_bars_are_found_with_words_on_them_and_a_dark_scene_has_none() -> None:
    side = BARS_SIDE_PX
    picture = bytearray(b"\x80" * side * side)
    for row in range(40):
        picture[row * side : (row + 1) * side] = bytes([16]) * side
    picture[10 * side : 10 * side + 60] = b"\xeb" * 60
    assert pictures.find_bars(bytes(picture) * 3) == Bars(top=Fraction(40, side))
    assert pictures.find_bars(bytes([16]) * side * side) == Bars()
    assert pictures.find_bars(b"") == Bars()
