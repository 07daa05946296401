"""Clips for partners are exact to the frame and hide nothing, on generated footage of every kind and all real footage.

What is read back here is read by plain ffprobe and ffmpeg, not by the code under test.
"""

import subprocess
from bisect import bisect_right
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.adapters.ffmpeg import ClipJob, ClipMaker, Limits, Made
from pipeline.adapters.ffmpeg.encoding import SAME_EVERYWHERE, encode_argv
from pipeline.domain.clip import ClipPolicy
from pipeline.domain.clip_recipe import LIVESTREAM_480P_DROPS, RECIPES, STANDARD, ClipRecipe
from pipeline.domain.encoding import Piece
from pipeline.domain.encoding_plan import ClipSource, plan_encoding
from pipeline.domain.ids import ClipId, derive
from pipeline.domain.joining import join_facts
from pipeline.domain.media import MediaFacts
from pipeline.errors import MediaLimitError, MediaToolError
from tests.chapters import split
from tests.clip_making import ClipBench, a_job, clips_of
from tests.clip_reading import (
    AAC_FRAME_SAMPLES,
    assert_nothing_hidden,
    at_least_as_near,
    clicks_in,
    ends_of,
    is_run,
    packet_hashes,
    samples_of,
)
from tests.footage import TRAITS, ShownFrame, make_clip, make_trait, remux, shown_frames
from tests.real_footage import each

BRIGHTNESS_ERROR = 3
"""Of 255: what encoding changes; two frames in a row differ by 40 and more."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> ClipBench:
    return ClipBench.on(tmp_path_factory.mktemp("scratch"))


@pytest.mark.parametrize("trait", sorted(set(TRAITS) - {"large"}))  # full size is what all others have as well
def test_a_standard_clip_shows_each_frame_of_its_span_once(trait: str, bench: ClipBench, tmp_path: Path) -> None:
    source = make_trait(trait, tmp_path / "source")
    facts = bench.media.probe(source)
    clips = ends_of(clips_of(facts))
    theirs = on_grid(shown_frames(source, str(facts.video.stream_index)), facts)
    made = [found for (found,) in bench.encode(source, facts, clips, tmp_path / "clips")]
    for one, clip in zip(made, clips, strict=True):
        mine = shown_frames(one.path)
        wanted = theirs[clip.start_frame : clip.end_frame]
        assert [Fraction(round(frame.at_s * 10**6), 10**6) - at for at, frame in counted(mine, facts)] == pytest.approx(
            [0] * clip.frame_count, abs=1e-5
        )
        assert max(abs(a.brightness - b.brightness) for a, b in zip(mine, wanted, strict=True)) <= BRIGHTNESS_ERROR
        assert_nothing_hidden(one, clip.frame_count, facts)


@pytest.mark.parametrize("film", each("video"))
def test_clips_of_real_footage(film: Path, bench: ClipBench, tmp_path: Path) -> None:
    facts = bench.media.probe(film)
    # One clip from the middle is made whole; of the others, that they can be planned.
    clips = clips_of(facts, ClipPolicy(stride_s=Fraction(2), minimum_s=Fraction(1)))
    one = clips[len(clips) // 2]
    theirs = shown_frames(film, str(facts.video.stream_index))[one.start_frame : one.end_frame]
    ((made,),) = bench.encode(film, facts, [one], tmp_path / "clips")
    mine = shown_frames(made.path)
    assert [a.brightness for a in mine] == pytest.approx([b.brightness for b in theirs], abs=BRIGHTNESS_ERROR)
    assert_nothing_hidden(made, one.frame_count, facts)
    (excerpt,) = bench.excerpts(film, facts, [one], tmp_path)
    if isinstance(excerpt, str):
        assert film.name.startswith("egoblur")
    else:
        assert is_run(packet_hashes(excerpt.path, facts)["0"], packet_hashes(film, facts)["0"])
        assert_nothing_hidden(excerpt, one.frame_count, facts)


def test_a_clip_is_the_same_bytes_whatever_is_made_beside_it(bench: ClipBench, tmp_path: Path) -> None:
    source = make_trait("b_frames", tmp_path / "source")
    facts = bench.media.probe(source)
    clips = clips_of(facts)
    recipes = [recipe for recipe in RECIPES.values() if isinstance(recipe, ClipRecipe) and recipe.made_from is None]
    together = bench.encode(source, facts, clips, tmp_path / "together", recipes)
    again = bench.encode(source, facts, clips, tmp_path / "again", recipes)
    assert bytes_of(again) == bytes_of(together)
    alone = [bench.encode(source, facts, [clips[1]], tmp_path / recipe.name, [recipe])[0][0] for recipe in recipes]
    assert [one.path.read_bytes() for one in alone] == bytes_of(together)[1]
    assert len(set(bytes_of(together)[1])) == len(recipes)
    assert not list((tmp_path / "together").glob("*.part"))


def test_what_cannot_be_sought_is_made_from_the_beginning(bench: ClipBench, tmp_path: Path) -> None:
    """An index that calls every frame a keyframe sends the reader into the middle of a GOP."""
    honest = make_clip(tmp_path / "honest.mp4", seconds=3, audio=None, output_options="-movflags +faststart")
    facts = bench.media.probe(honest)
    whole = honest.read_bytes()
    lying = tmp_path / "lying.mp4"
    at = whole.index(b"stss")
    lying.write_bytes(whole[:at] + b"free" + whole[at + 4 :])  # without the list, every frame is one
    clip = clips_of(facts)[1]
    ((one,),) = bench.encode(honest, facts, [clip], tmp_path / "one")
    ((other,),) = bench.encode(lying, facts, [clip], tmp_path / "other")
    assert other.path.read_bytes() == one.path.read_bytes()


def test_words_and_places_of_the_original_reach_no_clip(bench: ClipBench, tmp_path: Path) -> None:
    plain = make_trait("rate_25", tmp_path / "source")
    words = "-timecode 10:00:00:00 -metadata title=SECRET-TITLE -metadata location=+51.5-000.1/"
    marked = remux(plain, tmp_path / "marked.mp4", after=words)
    facts = bench.media.probe(marked)
    ((standard,),) = bench.encode(marked, facts, clips_of(facts)[:1], tmp_path / "clips")
    (excerpt,) = bench.excerpts(marked, facts, clips_of(facts)[:1], tmp_path)
    assert isinstance(excerpt, Made)
    assert b"x264" in marked.read_bytes()  # the encoder's own words, in the stream
    for found in (standard, excerpt):
        content = found.path.read_bytes()
        assert not [word for word in (b"SECRET", b"+51.5", b"tmcd", b"Lavf") if word in content]
    assert b"x264" not in excerpt.path.read_bytes()


def test_a_picture_that_stands_still_does_so_where_the_plan_says(bench: ClipBench, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.mp4", seconds=4)
    facts = bench.media.probe(source)
    (clip,) = clips_of(facts, ClipPolicy(stride_s=Fraction(4), minimum_s=Fraction(2)))
    theirs = shown_frames(source)
    ((made,),) = bench.encode(source, facts, [clip], tmp_path / "clips", [LIVESTREAM_480P_DROPS])
    plan = a_job(facts, clip, [LIVESTREAM_480P_DROPS]).plans[0]
    transform = plan.transform.time
    assert plan.still
    live = [transform.to_source(frame / plan.frame_rate) is not None for frame in range(100)]
    shown = [max(at for at in range(frame + 1) if live[at]) for frame in range(100)]
    mine = shown_frames(made.path)
    wanted = [theirs[frame].brightness for frame in shown]
    assert [frame.brightness for frame in mine] == pytest.approx(wanted, abs=8)


def test_a_clip_may_lie_in_two_files(bench: ClipBench, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.mp4", seconds=4, audio=clicks(48_000))
    files = split(source, tmp_path / "chapters", at_s=(2,))
    facts = [bench.media.probe(file) for file in files]
    assert [one.video.frame_count for one in facts] == [50, 50]
    whole = join_facts(facts)
    clip_id = ClipId(derive("clip", "across"))
    plan = plan_encoding(STANDARD, ClipSource.of(whole, 40), clip_id)
    job = ClipJob("across", (Piece(0, 30, 50), Piece(1, 0, 20)), (plan,))
    made = bench.maker.encode([job], dict(enumerate(files)), facts, target_dir=tmp_path / "clips")["across"][0]
    wanted = [frame.brightness for frame in shown_frames(source)[30:70]]
    assert [frame.brightness for frame in shown_frames(made.path)] == pytest.approx(wanted, abs=BRIGHTNESS_ERROR)
    heard = samples_of(made.path, 48_000)
    assert len(heard) == 40 * 48_000 // 25
    # Clicks at 1.5 and 2.5 s of the source. That at 2 s is lost to whoever cuts coded sound where two files meet.
    assert at_least_as_near(clicks_in(heard), [14_400, 62_400], samples=32)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_sound_is_cut_to_the_sample(rate_hz: int, bench: ClipBench, tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "source.mov", seconds=3, rate="30000/1001", audio=clicks(rate_hz), audio_options="-c:a pcm_s16le"
    )
    facts = bench.media.probe(source)
    clip = clips_of(facts)[1]
    ((made,),) = bench.encode(source, facts, [clip], tmp_path / "clips")
    heard = samples_of(made.path, rate_hz)
    audio = bench.media.probe(made.path).audio
    assert audio is not None
    assert (audio.start_s, audio.duration_s * rate_hz) == (0, round(clip.span.duration_s * rate_hz))
    assert 0 <= len(heard) - audio.duration_s * rate_hz < AAC_FRAME_SAMPLES, "a decoder may play its last frame out"
    start = round((facts.video.start_s + clip.span.start_s) * rate_hz)
    wanted = [at - start for at in range(rate_hz // 2, 3 * rate_hz, rate_hz // 2) if 0 <= at - start < len(heard)]
    assert wanted
    assert at_least_as_near(clicks_in(heard), wanted, samples=2)


def test_bytes_do_not_depend_on_the_processor(bench: ClipBench, tmp_path: Path) -> None:
    """The encoder finds out by itself what a processor can: it makes the same where it finds nothing.

    What else ffmpeg uses is said in the command; the scaler gives the same with all of it and with nothing.
    """
    source = make_clip(tmp_path / "source.mp4", seconds=1, size="320x180", audio=None)
    facts = bench.media.probe(source)
    recipes = [recipe for recipe in RECIPES.values() if isinstance(recipe, ClipRecipe) and recipe.made_from is None]
    job = a_job(facts, clips_of(facts)[0], recipes)
    found = []
    for name, flags, words in (("here", SAME_EVERYWHERE["x86_64"], ""), ("anywhere", "0", ":no-asm=1")):
        folder = tmp_path / name
        (folder / "out").mkdir(parents=True)
        (folder / "in").mkdir()
        (folder / "in" / "source").symlink_to(source)
        argv = encode_argv([job], [facts], Limits(), machine="x86_64")
        instead = {SAME_EVERYWHERE["x86_64"]: flags, "cpu-independent=1": f"cpu-independent=1{words}"}
        assert set(instead) <= set(argv)
        argv = [instead.get(word, word) for word in argv]
        subprocess.run(["ffmpeg", *argv], check=True, capture_output=True, cwd=folder)
        found.append([(folder / "out" / job.file_name(number)).read_bytes() for number in range(len(recipes))])
    assert found[0] == found[1]


def test_a_source_that_is_gone_is_no_fault_of_the_footage(bench: ClipBench, tmp_path: Path) -> None:
    source = make_trait("rate_25", tmp_path / "source")
    facts = bench.media.probe(source)
    source.unlink()
    with pytest.raises(MediaToolError):
        bench.encode(source, facts, clips_of(facts), tmp_path / "clips", [STANDARD])
    assert not list((tmp_path).glob("clips/*"))


def test_what_takes_too_long_is_stopped_and_leaves_nothing(bench: ClipBench, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.mp4", seconds=4, size="1280x720")
    facts = bench.media.probe(source)
    hasty = ClipMaker(bench.media, limits=Limits(wall_s=1), scratch=tmp_path / "scratch")
    with pytest.raises(MediaLimitError):
        hasty.encode(
            [a_job(facts, clips_of(facts)[0], [STANDARD])], {0: source}, [facts], target_dir=tmp_path / "clips"
        )
    assert not list((tmp_path / "clips").glob("*"))


def clicks(rate_hz: int) -> str:
    """A sample that is heard each half second, but the first."""
    return f"aevalsrc=0.9*eq(mod(n\\,{rate_hz // 2})\\,0)*gt(n\\,0):sample_rate={rate_hz}"


def on_grid(frames: list[ShownFrame], facts: MediaFacts) -> list[ShownFrame]:
    """What is seen at each place of the grid: for a varying rate, the frame before is repeated over a gap."""
    if not facts.video.is_variable_rate:
        return frames
    first = frames[0].at_s
    places = [round((frame.at_s - first) * float(facts.video.frame_rate)) for frame in frames]
    return [frames[bisect_right(places, at) - 1] for at in range(facts.video.frame_count)]


def counted(frames: list[ShownFrame], facts: MediaFacts) -> list[tuple[Fraction, ShownFrame]]:
    """Each frame with when it must be shown."""
    return [(number / facts.video.frame_rate, frame) for number, frame in enumerate(frames)]


def bytes_of(made: list[tuple[Made, ...]]) -> list[list[bytes]]:
    return [[one.path.read_bytes() for one in of_clip] for of_clip in made]
