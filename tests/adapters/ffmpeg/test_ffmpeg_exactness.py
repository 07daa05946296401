"""Probe, plan, render and cut agree to the frame, on generated footage of every kind and on all real footage.

What is read back here is read by plain ffprobe and ffmpeg, not by the code under test.
"""

import json
import os
import subprocess
from bisect import bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.domain.chunk import plan_chunks
from pipeline.domain.clip import ClipPlan, ClipPolicy, CutKind, plan_clips
from pipeline.domain.media import MediaFacts
from pipeline.domain.recipe import VIEWING, Recipe
from tests.footage import TRAITS, ShownFrame, frames_that_show_another, make_trait, remux, shown_frames, small_pictures

SHORT = ClipPolicy(stride_s=Fraction(1), minimum_s=Fraction(2, 5))
"""So that two seconds make two clips."""

IN_CHUNKS = replace(VIEWING, chunk_s=Fraction(1))
"""So that two seconds are two chunks, where chunks can be."""

BY_FRAME = {"variable_rate", "long_gop", "open_gop", "hevc", "edit_list"}
"""Whose keyframes are too far apart, no clean entries, or not on the grid; all others are cut on keyframes."""

REAL = {
    "egoblur-gen1.mp4": (600, [300, 300]),
    "egoblur-lp.mp4": (24, [24]),
    "gopro-max-heromode.mp4": (315, [315]),
    "intel-one-by-one.mp4": (1394, [100] * 13 + [94]),
    "tmk-chair-19-sd-bar.mp4": (564, [300, 264]),
    "tmk-chair-orig-22-sd-bar.mp4": (673, [300, 373]),
    "tmk-pattern-hd-no-bar.mp4": (206, [206]),
}
"""Real footage: its frames, and the frames of its clips."""

ONE_CHUNK = {
    *(BY_FRAME - {"long_gop"}),
    *("transport_stream", "avi", "one_frame"),
}
"""What cannot be read from the middle of; a clip of the long GOP happens to begin at its second keyframe."""

BRIGHTNESS_ERROR = 3
"""Of 255: what scaling and encoding change; two frames in a row differ by 40 and more."""


def take_through(
    media: Ffmpeg, source: Path, folder: Path, policy: ClipPolicy, recipe: Recipe = VIEWING
) -> tuple[MediaFacts, ClipPlan]:
    """Take one source through the engine and compare everything that must agree."""
    facts = media.probe(source)
    plan = plan_clips(facts=facts, policy=policy)
    rendition = folder / "rendition.mp4"
    rendered = media.render(source, facts, recipe, cut_frames=plan.cut_frames, target=rendition)
    clips = media.cut(rendition, plan.clips, folder / "clips")

    of_rendition, *of_clips = decode([rendition, *clips], folder)
    assert len(of_rendition) == rendered.frame_count == facts.video.frame_count
    assert [len(frames) for frames in of_clips] == [clip.frame_count for clip in plan.clips]
    assert [shown for frames in of_clips for _, shown in frames] == [shown for _, shown in of_rendition]
    for frames in (of_rendition, *of_clips):
        assert [at_s * facts.video.frame_rate for at_s, _ in frames] == list(range(len(frames)))
    return facts, plan


def decode(paths: list[Path], folder: Path) -> list[list[tuple[Fraction, str]]]:
    """For each file, when each frame is shown and the hash of its pixels; one run, for starting ffmpeg costs most."""
    texts = [folder / f"{number}.framemd5" for number in range(len(paths))]
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-copyts"]
    argv += [word for path in paths for word in ("-i", str(path))]
    for number, text in enumerate(texts):
        argv += ["-map", f"{number}:v", "-fps_mode", "passthrough", "-f", "framemd5", str(text)]
    subprocess.run(argv, check=True, capture_output=True)
    return [_timed_hashes(text.read_text()) for text in texts]


def _timed_hashes(text: str) -> list[tuple[Fraction, str]]:
    (tick_s,) = (line.removeprefix("#tb 0: ") for line in text.splitlines() if line.startswith("#tb 0: "))
    frames = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
    return [(int(frame[2]) * Fraction(tick_s), frame[5].strip()) for frame in frames]


def apart(mine: list[ShownFrame], theirs: list[ShownFrame]) -> int:
    """The largest difference in brightness, frame by frame."""
    return max(abs(one.brightness - other.brightness) for one, other in zip(mine, theirs, strict=True))


NO_PICTURES = np.zeros((0, 36, 64), np.int16)


@dataclass(frozen=True, slots=True)
class Taken:
    """One source that went through the engine, and what a plain decoder shows of it and of its rendition."""

    facts: MediaFacts
    plan: ClipPlan
    clips: list[Path]
    theirs: list[ShownFrame]
    mine: list[ShownFrame]
    pictures: NDArray[np.int16]


def all_at_once(
    request: pytest.FixtureRequest, parameter: str, take: Callable[[str], Taken]
) -> Iterator[dict[str, Future[Taken]]]:
    """Take everything that the collected tests ask for through on all cores; threads share one engine, as in a flow."""
    specs = [item.callspec for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    wanted = [spec.params[parameter] for spec in specs if parameter in spec.params]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {value: pool.submit(take, value) for value in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def taken_traits(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Taken]]]:
    media = Ffmpeg(limits=Limits(), scratch=tmp_path_factory.mktemp("scratch"))

    def take(trait: str) -> Taken:
        folder = tmp_path_factory.mktemp(trait)
        source = make_trait(trait, folder / "source")
        facts, plan = take_through(media, source, folder, SHORT, IN_CHUNKS)
        theirs = shown_frames(source, str(facts.video.stream_index))
        clips = sorted((folder / "clips").iterdir())
        return Taken(facts, plan, clips, theirs, shown_frames(folder / "rendition.mp4"), NO_PICTURES)

    yield from all_at_once(request, "trait", take)


@pytest.fixture(scope="module")
def taken_films(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, real_footage: Path
) -> Iterator[dict[str, Future[Taken]]]:
    media = Ffmpeg(limits=Limits(), scratch=tmp_path_factory.mktemp("scratch"))

    def take(film: str) -> Taken:
        folder = tmp_path_factory.mktemp("film")
        facts, plan = take_through(media, film_in(real_footage, film), folder, ClipPolicy())
        clips, pictures = sorted((folder / "clips").iterdir()), small_pictures(folder / "rendition.mp4")
        return Taken(facts, plan, clips, [], [], pictures)

    yield from all_at_once(request, "film", take)


def film_in(folder: Path, film: str) -> Path:
    """Where a film lies, whether the folder of all footage was given or that of the films."""
    return folder / film if (folder / film).exists() else folder / "video" / film


@pytest.mark.parametrize("trait", TRAITS)
def test_generated_footage(trait: str, taken_traits: dict[str, Future[Taken]]) -> None:
    taken = taken_traits[trait].result()
    facts, plan, theirs = taken.facts, taken.plan, taken.theirs

    assert len(plan.clips) > 1 or trait == "one_frame"
    assert plan.kind is (CutKind.BY_FRAME if trait in BY_FRAME else CutKind.ON_KEYFRAMES)
    chunks = plan_chunks([facts], cut_frames=plan.cut_frames, longest_s=IN_CHUNKS.chunk_s).chunks
    assert (len(chunks) == 1) == (trait in ONE_CHUNK)
    if plan.kind is CutKind.ON_KEYFRAMES:
        assert all(theirs[frame].is_keyframe for frame in plan.cut_frames)
    assert facts.video.is_variable_rate == (trait == "variable_rate")
    if trait == "variable_rate":
        # Each frame in its place, repeated over a gap.
        places = [round(frame.at_s * float(facts.video.frame_rate)) for frame in theirs]
        assert len(places) < facts.video.frame_count == 60
        theirs = [theirs[bisect_right(places, at) - 1] for at in range(60)]
    assert apart(taken.mine, theirs) <= BRIGHTNESS_ERROR


@pytest.mark.parametrize("film", REAL)
def test_real_footage(film: str, taken_films: dict[str, Future[Taken]], real_footage: Path) -> None:
    taken = taken_films[film].result()
    facts, plan = taken.facts, taken.plan

    frame_count, lengths = REAL[film]
    assert facts.video.frame_count == frame_count
    assert [clip.frame_count for clip in plan.clips] == lengths
    assert plan.kind is (CutKind.BY_FRAME if film.startswith("egoblur") else CutKind.ON_KEYFRAMES)
    if plan.kind is CutKind.ON_KEYFRAMES:
        assert set(plan.cut_frames) <= packet_keyframes(film_in(real_footage, film))
    assert frames_that_show_another(taken.pictures, small_pictures(film_in(real_footage, film))) == []
    for path, clip in zip(taken.clips, plan.clips, strict=True):
        assert_plays_from_zero(path, clip.frame_count, facts.video.frame_rate)


def packet_keyframes(source: Path) -> set[int]:
    """Which frames, in the order shown, are keyframes: by the container, without decoding."""
    argv = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts,flags", "-of", "csv=p=0"]
    lines = subprocess.run([*argv, str(source)], check=True, capture_output=True, text=True).stdout.split()
    shown = sorted((int(pts), "K" in flags) for pts, flags, *_ in (line.split(",") for line in lines))
    return {number for number, (_, is_key) in enumerate(shown) if is_key}


def assert_plays_from_zero(clip: Path, frame_count: int, frame_rate: Fraction) -> None:
    """What a browser needs to seek to a frame: a constant rate, a start at 0, a length that is the picture's."""
    entries = "stream=codec_name,pix_fmt,r_frame_rate,avg_frame_rate,start_time,nb_frames:format=duration"
    argv = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "json", str(clip)]
    found = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
    picture, sound = found["streams"]
    assert (picture["codec_name"], picture["pix_fmt"], sound["codec_name"]) == ("h264", "yuv420p", "aac")
    assert Fraction(picture["r_frame_rate"]) == Fraction(picture["avg_frame_rate"]) == frame_rate
    assert (float(picture["start_time"]), int(picture["nb_frames"])) == (0, frame_count)
    assert abs(Fraction(found["format"]["duration"]) - frame_count / frame_rate) < Fraction(1, 48_000)
    assert 0 <= Fraction(sound["start_time"]) < Fraction(1024, 48_000)
    assert 0 < clip.read_bytes().index(b"moov") < clip.read_bytes().index(b"mdat")


def test_the_same_source_gives_the_same_bytes(media: Ffmpeg, tmp_path: Path) -> None:
    source = make_trait("rate_29_97", tmp_path / "source")
    facts = media.probe(source)
    plan = plan_clips(facts=facts, policy=SHORT)
    made = []
    for run in ("first", "second"):
        rendition = tmp_path / run / "rendition.mp4"
        media.render(source, facts, VIEWING, cut_frames=plan.cut_frames, target=rendition)
        clips = media.cut(rendition, plan.clips, tmp_path / run / "clips")
        assert media.cut(rendition, plan.clips, tmp_path / run / "clips") == clips
        made.append([path.read_bytes() for path in (rendition, *clips)])
    assert made[0] == made[1]
    assert len(made[0]) == 1 + len(plan.clips) > 2
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == ["clips", "rendition.mp4"]
    assert len(list((tmp_path / "first" / "clips").iterdir())) == len(plan.clips)


def test_nothing_of_the_source_but_picture_and_sound_reaches_a_clip(media: Ffmpeg, tmp_path: Path) -> None:
    plain = make_trait("rate_25", tmp_path / "source")
    words = "-timecode 10:00:00:00 -metadata title=SECRET-TITLE -metadata location=+51.5-000.1/"
    marked = remux(plain, tmp_path / "marked.mp4", after=words)
    assert b"SECRET-TITLE" in marked.read_bytes()
    _, plan = take_through(media, marked, tmp_path, SHORT)
    made = [tmp_path / "rendition.mp4", *(tmp_path / "clips").iterdir()]
    assert len(made) == 1 + len(plan.clips)
    for path in made:
        assert b"SECRET" not in path.read_bytes()
        assert b"+51.5" not in path.read_bytes()
        facts = media.probe(path)
        assert (facts.other_streams, facts.clock_claims) == ((), ())


def test_our_frame_hashes_are_those_that_anyone_can_compute(media: Ffmpeg, tmp_path: Path) -> None:
    clip = make_trait("b_frames", tmp_path / "source")
    hashes = media.frame_hashes(clip)
    assert list(hashes) == [shown for _, shown in decode([clip], tmp_path)[0]]
    assert len(set(hashes)) == 50


def test_progress_rises_to_one(media: Ffmpeg, tmp_path: Path) -> None:
    source = make_trait("large", tmp_path / "source")
    told: list[Fraction] = []
    facts = media.probe(source)
    media.render(source, facts, VIEWING, cut_frames=[0], target=tmp_path / "rendition.mp4", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
