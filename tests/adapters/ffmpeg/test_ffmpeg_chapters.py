"""Chapters are shown one after the other: every frame once and in place, and the sound of each beside its picture."""

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.domain.clip import ClipPolicy, plan_clips
from pipeline.domain.joining import join_facts, measure_join, start_frames
from pipeline.domain.media import MediaFacts
from pipeline.domain.recipe import VIEWING
from pipeline.errors import DamagedMediaError
from tests.chapters import split
from tests.footage import frames_that_show_another, make_clip, make_trait, shown_frames, small_pictures
from tests.real_footage import each

SHORT = ClipPolicy(stride_s=Fraction(1), minimum_s=Fraction(2, 5))
CLICKS = "aevalsrc='if(lt(mod(t,0.5),0.004),0.9,0)':s=48000"
CLICK_S = 0.5
ONE_FRAME_S = 1001 / 30000


def render(media: Ffmpeg, files: list[Path], target: Path, *, breaks: tuple[int, ...] = ()) -> MediaFacts:
    chapters = [(path, media.probe(path)) for path in files]
    whole = join_facts([facts for _, facts in chapters])
    plan = plan_clips(facts=whole, policy=SHORT, breaks=breaks)
    rendered = media.render_chapters(chapters, whole, VIEWING, cut_frames=plan.cut_frames, target=target)
    assert rendered.frame_count == whole.video.frame_count == sum(facts.video.frame_count for _, facts in chapters)
    return whole


def onsets_s(path: Path) -> list[float]:
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-f", "s16le", "-ac", "1", "-ar", "48000", "-"]
    raw = subprocess.run(argv, check=True, capture_output=True).stdout
    loud = [at for at in range(0, len(raw), 96) if max(memoryview(raw[at : at + 96]).cast("h")) > 8000]
    return [at / 96000 for before, at in zip([-96000, *loud], loud, strict=False) if at - before > 9600]


@pytest.mark.parametrize(
    ("rate", "gop", "audio"),
    [("30000/1001", 15, CLICKS), ("60", 30, None)],
)
def test_a_recording_that_was_split_shows_the_frames_it_showed_before(
    media: Ffmpeg, tmp_path: Path, rate: str, gop: int, audio: str | None
) -> None:
    whole = make_clip(tmp_path / "whole.mp4", seconds=3.1, rate=rate, gop_frames=gop, audio=audio)
    files = split(whole, tmp_path / "card", at_s=(1, 2))
    assert len(files) == 3
    joined = render(media, files, tmp_path / "joined.mp4")
    alone = render(media, [whole], tmp_path / "alone.mp4")
    assert joined.video.keyframe_frames == alone.video.keyframe_frames
    mine, theirs = shown_frames(tmp_path / "joined.mp4"), shown_frames(whole)
    assert max(abs(one.brightness - other.brightness) for one, other in zip(mine, theirs, strict=True)) <= 3
    if audio == CLICKS:
        heard = onsets_s(tmp_path / "joined.mp4")
        assert len(heard) == 7
        assert all(abs(at_s - number * CLICK_S) < ONE_FRAME_S for number, at_s in enumerate(heard))


def test_chapters_of_a_variable_rate_each_keep_their_length(media: Ffmpeg, tmp_path: Path) -> None:
    files = [make_trait("variable_rate", tmp_path / name) for name in "ab"]
    joined = render(media, files, tmp_path / "joined.mp4")
    shown = [frame.brightness for frame in shown_frames(tmp_path / "joined.mp4")]
    half = joined.video.frame_count // 2
    assert joined.video.is_variable_rate
    assert max(abs(one - other) for one, other in zip(shown[:half], shown[half:], strict=True)) <= 3


def test_a_chapter_without_sound_is_silent_and_the_next_is_heard_in_its_place(media: Ffmpeg, tmp_path: Path) -> None:
    with_sound = make_clip(tmp_path / "a.mp4", seconds=1, audio=CLICKS)
    without = make_clip(tmp_path / "b.mp4", seconds=1, audio=None)
    render(media, [with_sound, without, with_sound], tmp_path / "joined.mp4")
    heard = onsets_s(tmp_path / "joined.mp4")
    assert [round(at_s, 1) for at_s in heard] == [0.0, 0.5, 2.0, 2.5]
    assert media.probe(tmp_path / "joined.mp4").audio is not None


def test_a_break_between_chapters_is_a_cut(media: Ffmpeg, tmp_path: Path) -> None:
    files = [make_clip(tmp_path / f"{name}.mp4", seconds=1.4) for name in "ab"]
    starts = start_frames([media.probe(path).video for path in files])
    whole = join_facts([media.probe(path) for path in files])
    assert 35 not in plan_clips(facts=whole, policy=SHORT).cut_frames
    assert 35 in plan_clips(facts=whole, policy=SHORT, breaks=starts[1:]).cut_frames
    render(media, files, tmp_path / "joined.mp4", breaks=starts[1:])


def test_damage_in_any_chapter_is_found(media: Ffmpeg, tmp_path: Path) -> None:
    files = [make_clip(tmp_path / "good.mp4"), make_trait("bits_flipped", tmp_path / "bad")]
    with pytest.raises(DamagedMediaError):
        render(media, files, tmp_path / "joined.mp4")
    assert not (tmp_path / "joined.mp4").exists()
    chapters = [(path, media.probe(path)) for path in files]
    whole = join_facts([facts for _, facts in chapters])
    rendered = media.render_chapters(
        chapters, whole, VIEWING, cut_frames=[0], target=tmp_path / "joined.mp4", is_damaged=True
    )
    assert rendered.frame_count == whole.video.frame_count


@pytest.mark.parametrize("source", [one for one in each("video") if "gopro-max" in str(one) or "none" in str(one)])
def test_a_real_recording_that_was_split_shows_the_frames_it_showed_before(
    media: Ffmpeg, tmp_path: Path, source: Path
) -> None:
    first, second = (media.probe(path) for path in split(source, tmp_path, at_s=(5.005,)))
    joined = render(media, sorted(tmp_path.glob("GX*.MP4")), tmp_path / "joined.mp4")
    assert joined.video.frame_count == 315
    assert frames_that_show_another(small_pictures(tmp_path / "joined.mp4"), small_pictures(source)) == []
    assert measure_join(first, second).because.startswith("unknown, taken as contiguous")
