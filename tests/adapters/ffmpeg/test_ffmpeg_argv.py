"""The commands that renditions and clips were made by: a change of them is a change of stored bytes.

When a change is meant, raise the recipe's version, say so in the changelog, and write the golden files anew:
`python -m tests.adapters.ffmpeg.test_ffmpeg_argv`.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.ffmpeg import cutting
from pipeline.adapters.ffmpeg.argv import track_clock_hz
from pipeline.adapters.ffmpeg.assembling import assemble_argv
from pipeline.adapters.ffmpeg.cutting import cut_argv
from pipeline.adapters.ffmpeg.encoding import encode_argv
from pipeline.adapters.ffmpeg.excerpting import excerpt_argv
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.rendering import Work, chunk_argv, sound_argv
from pipeline.domain.chunk import plan_chunks
from pipeline.domain.clip import tile
from pipeline.domain.clip_recipe import RECIPES, STANDARD, ClipRecipe
from pipeline.domain.encoding import Piece
from pipeline.domain.media import MediaFacts
from pipeline.domain.recipe import VIEWING
from tests.clip_making import a_job
from tests.media_facts import VIDEO, media_facts, video_facts

GOLDEN = Path(__file__).parents[2] / "golden"
RATE = VIDEO.frame_rate
LIVESTREAMS = [one for one in RECIPES.values() if isinstance(one, ClipRecipe) and one.name.startswith("livestream")]


def work_on(*files: MediaFacts, cut_frames: Sequence[int] = (0,)) -> Work:
    return Work(files, files[0], VIEWING, tuple(cut_frames), is_damaged=False)


def render_argv(
    facts: MediaFacts, cut_frames: Sequence[int], *, chunk_s: Fraction = VIEWING.chunk_s, number: int = 0
) -> list[str]:
    chunks = plan_chunks([facts], cut_frames=cut_frames, longest_s=chunk_s).chunks
    work = work_on(facts, cut_frames=cut_frames)
    return chunk_argv(chunks[number], work, Limits(), with_sound=len(chunks) == 1)


def encode(facts: MediaFacts, recipes: Sequence[ClipRecipe], *, clips: int = 1) -> list[str]:
    """What makes the second clip of three seconds, and those after it, wherever it runs."""
    planned = tile([0, 90, 180], 300, RATE)[1 : 1 + clips]
    jobs = [a_job(facts, clip, recipes) for clip in planned]
    return encode_argv(jobs, [facts], Limits(), machine="x86_64")


def commands() -> dict[str, list[str]]:
    """Every command that bytes come from, for one set of facts."""
    variable = video_facts(is_variable_rate=True, start_s=Fraction(4, 5))
    limits = Limits()
    return {
        "ffmpeg_render.txt": render_argv(media_facts(), [0, 90, 180]),
        "ffmpeg_render_variable_rate.txt": render_argv(media_facts(variable), [0, 90]),
        "ffmpeg_render_silent.txt": render_argv(media_facts(audio=None), [0]),
        "ffmpeg_render_chunk.txt": render_argv(media_facts(), [0, 90, 180], chunk_s=Fraction(5), number=1),
        "ffmpeg_render_sound.txt": sound_argv(work_on(media_facts(), media_facts(audio=None)), limits),
        "ffmpeg_assemble.txt": assemble_argv(RATE, 48_000, limits, duration_s=Fraction(10), has_wav=True),
        "ffmpeg_encode_standard.txt": encode(media_facts(), [STANDARD]),
        "ffmpeg_encode_two_clips.txt": encode(media_facts(), [STANDARD], clips=2),
        "ffmpeg_encode_variable_rate.txt": encode(media_facts(variable), [STANDARD]),
        "ffmpeg_encode_counted.txt": encode(replace(media_facts(), container="avi"), [STANDARD]),
        "ffmpeg_encode_livestream.txt": encode(media_facts(), LIVESTREAMS),
        "ffmpeg_excerpt.txt": excerpt_argv(media_facts(), Piece(0, 90, 180), limits, seeks=True),
        "ffmpeg_cut.txt": cut_argv(tile([0, 90, 180], 300, RATE), RATE, 48_000, limits),
    }


@pytest.mark.parametrize("name", commands())
def test_the_command_is_the_one_that_made_what_is_stored(name: str) -> None:
    assert "\n".join(commands()[name]) + "\n" == (GOLDEN / name).read_text()


@given(edges=st.sets(st.integers(1, 10_000), min_size=1, max_size=40).map(sorted), pts=st.integers(0, 9_999))
def test_a_sound_packet_finds_the_first_edge_after_it(edges: list[int], pts: int) -> None:
    pts = min(pts, edges[-1] - 1)
    words = {"PTS": pts, "lt": lambda one, other: one < other, "choose": lambda test, yes, no: yes if test else no}
    found = eval(cutting._next_edge(edges).replace("if(", "choose("), words)  # noqa: S307 -- our own expression
    assert found == min(edge for edge in edges if edge > pts)


def test_ten_hours_of_ten_second_clips_fit_one_command() -> None:
    frames = 10 * 3600 * 30
    words = cut_argv(tile(range(0, frames, 300), frames, Fraction(30)), Fraction(30), 48_000, Limits())
    words += render_argv(media_facts(video_facts(is_variable_rate=True, frame_count=frames)), range(0, frames, 300))
    assert max(map(len, words)) < 128 * 1024


@given(st.fractions(min_value=Fraction(1, 10), max_value=240, max_denominator=1001))
def test_a_frame_is_a_whole_number_of_ticks(rate: Fraction) -> None:
    assert (track_clock_hz(rate) / rate).denominator == 1
    assert track_clock_hz(rate) >= 10_000


if __name__ == "__main__":
    for name, words in commands().items():
        (GOLDEN / name).write_text("\n".join(words) + "\n")
