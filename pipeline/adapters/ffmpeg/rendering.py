"""Which ffmpeg command carries out a recipe?

One decode and one encode. The picture gets our clock: for a constant rate a count of frames, so that frame n of the
rendition is frame n of the source; for a variable one its nearest places on the grid. The sound is laid beside it, from
the first frame's moment to the last frame's end.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any

import ffmpeg

from pipeline.adapters.ffmpeg.argv import NOTHING_ELSE, compile_command, mp4_options, open_source, ratio
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.domain.media import AudioFacts, MediaFacts, VideoFacts
from pipeline.domain.recipe import Effort, Recipe

RENDITION = "rendition.mp4"

_PRESETS = {Effort.LOW: "superfast", Effort.MEDIUM: "medium"}

_FRAME_DONE = re.compile(rb"frame=\s*(\d+)")

_CODER_FRAME_SAMPLES = 1024
"""How many samples AAC takes at a time."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a rendition turned out to be, read back from its file."""

    frame_count: int
    frame_rate: Fraction
    width_px: int
    height_px: int

    @property
    def duration_s(self) -> Fraction:
        """Length of the picture, and to the sample of the sound."""
        return self.frame_count / self.frame_rate


def render_argv(
    facts: MediaFacts,
    recipe: Recipe,
    cut_frames: Sequence[int],
    limits: Limits,
    *,
    chapters: Sequence[MediaFacts] = (),
    is_damaged: bool = False,
) -> list[str]:
    """Ffmpeg: one decode, one encode, a keyframe at each cut; any damage ends it (`-xerror`) unless it is known of.

    Args:
        facts: of the whole.
        recipe: what to make.
        cut_frames: where clips will begin.
        limits: what it may cost.
        chapters: where the whole is several files, the facts of each, in order; input n is `argv.source_name(n)`.
        is_damaged: whether frames may be lost.
    """
    video = facts.video
    strictness = ("-max_error_rate", "1") if is_damaged else ("-xerror",)
    pictures, sounds = [], []
    layout = {1: "mono", 2: "stereo"}[recipe.audio_channels(facts.audio.channels if facts.audio else None)]
    edges = _sample_edges(chapters or [facts], recipe.audio_sample_rate_hz)
    for number, chapter in enumerate(chapters or [facts]):
        # Where frames may be lost, a count of frames is no clock: each goes where its own time says.
        is_counted = not (chapter.video.is_variable_rate or is_damaged)
        options: dict[str, Any] = {"r": ratio(chapter.video.frame_rate)} if is_counted else {}
        options |= {} if is_damaged else {"err_detect": "explode"}
        source = open_source(limits, number=number, threads=1, **options)
        stream = source[str(chapter.video.stream_index)]
        pictures.append(_picture(stream, chapter.video, recipe, is_damaged=is_damaged))
        heard = source if chapter.audio else _silence(number, layout, recipe.audio_sample_rate_hz)
        sounds.append(_sound(heard, chapter, recipe, layout=layout, samples=edges[number + 1] - edges[number]))
    picture, sound = pictures[0], sounds[0]
    if len(pictures) > 1:
        # What joins files guesses how long each last frame is shown; counting again leaves nothing to guess.
        picture = (
            ffmpeg.filter(pictures, "concat", n=len(pictures), v=1, a=0)
            .filter("settb", ratio(1 / video.frame_rate))
            .filter("setpts", "N")
        )
        sound = ffmpeg.filter(sounds, "concat", n=len(sounds), v=0, a=1).filter("asetpts", "N/SR/TB")
    if facts.audio is not None or len(sounds) > 1:
        # A track that turns out to be empty is found out after the encoder was asked for its frame size.
        sound = sound.filter("asetnsamples", nb_out_samples=_CODER_FRAME_SAMPLES, pad=0)
    return compile_command(
        ffmpeg.output(
            picture,
            sound,
            f"file:out/{RENDITION}",
            **_video_options(video, recipe, cut_frames),
            **_audio_options(facts.audio, recipe),
            **mp4_options(video.frame_rate, recipe.audio_sample_rate_hz),
            **NOTHING_ELSE,
            # Sound that begins late or ends early must not fail the run: the picture waits for it.
            max_muxing_queue_size=1_000_000,
        ),
        "level+verbose",  # the only level that tells how many frames were decoded
        *(*strictness, "-progress", "pipe:1"),
    )


def _picture(stream: Any, video: VideoFacts, recipe: Recipe, *, is_damaged: bool) -> Any:
    """Decoded frames, on the grid, upright (ffmpeg turns them when it opens the file), at the recipe's size.

    For a constant rate the clock is a count of frames (`-r` before the input): every frame once. For a variable one,
    each frame goes to its nearest place, and the end is set, because the `fps` filter's own end varies by a frame.
    """
    if video.is_variable_rate or is_damaged:
        # The first frame that decodes is the first; where frames may be lost, it may be a later one.
        begun: dict[str, Any] = {"start_time": 0} if is_damaged else {}
        zero = round(video.start_s / video.time_base)
        stream = (
            stream.filter("setpts", f"PTS-({zero})" if is_damaged else "PTS-STARTPTS")
            .filter("fps", ratio(video.frame_rate), round="near", **begun)
            .filter("tpad", stop=-1, stop_mode="clone")
            .filter("trim", end_frame=video.frame_count)
        )
    width_px, height_px = recipe.size_px(video)
    return (
        stream.filter("scale", width_px, height_px, flags="bilinear", out_range="tv")
        .filter("setsar", 1)
        .filter("format", "yuv420p")
    )


def _sample_edges(chapters: Sequence[MediaFacts], rate_hz: int) -> list[int]:
    """The sample at which the sound of each chapter begins, and the end; each rounded by itself: nothing drifts."""
    ends_s = accumulate(chapter.video.duration_s for chapter in chapters)
    return [0, *(round(end_s * rate_hz) for end_s in ends_s)]


def _silence(number: int, layout: str, rate_hz: int) -> Any:
    """Endless silence. Each has a name of its own, because what is the same to the last letter is taken for one."""
    name = f"anullsrc@{number}" if number else "anullsrc"
    return ffmpeg.input(f"{name}=channel_layout={layout}:sample_rate={rate_hz}", format="lavfi")


def _sound(source: Any, facts: MediaFacts, recipe: Recipe, *, layout: str, samples: int) -> Any:
    """So many samples of sound from the first frame's moment on: padded or trimmed; else silence."""
    video, audio = facts.video, facts.audio
    rate_hz = recipe.audio_sample_rate_hz
    if audio is None:
        return source["a:0"].filter("atrim", end_sample=samples)
    zero = round(video.start_s * audio.sample_rate_hz)
    return (
        source[str(audio.stream_index)]
        .filter("asetpts", f"PTS-({zero})")
        .filter("aresample", rate_hz, **{"async": 1, "first_pts": 0})
        .filter("aformat", sample_fmts="fltp", channel_layouts=layout)
        .filter("apad")
        .filter("atrim", end_sample=samples)
    )


def _video_options(video: VideoFacts, recipe: Recipe, cut_frames: Sequence[int]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "c:v": "libx264",
        "preset": _PRESETS[recipe.effort],
        "crf": recipe.quantiser,
        # One thread: bytes must not depend on the machine's cores, and recordings fill the cores side by side.
        "threads:v": 1,
        "g": recipe.gop_frames(video.frame_rate),
        "sc_threshold": 0,
        # No reordering: decode time is presentation time, so every clip starts at 0 without an edit list.
        "bf": 0,
        "flags:v": "+cgop+bitexact",
        "r": ratio(video.frame_rate),
        "fps_mode": "cfr",
    }
    if cut_frames:
        # Seconds to the microsecond; ffmpeg takes them to the nearest frame, which is thousands of them away.
        times = (f"{round(frame / video.frame_rate * 10**6):d}us" for frame in cut_frames)
        options |= {"force_key_frames": ",".join(times), "forced-idr": 1}
    return options


def _audio_options(audio: AudioFacts | None, recipe: Recipe) -> dict[str, Any]:
    channels = recipe.audio_channels(audio.channels if audio else None)
    return {"c:a": "aac", "b:a": recipe.audio_bits_per_s * channels, "flags:a": "+bitexact"}


def progress_reader(frame_count: int, progress: Callable[[Fraction], None] | None) -> Callable[[bytes], None] | None:
    """What reads ffmpeg's `-progress` and tells the part done, 0 to 1; nothing where nobody asks."""
    if progress is None:
        return None

    def read_line(line: bytes) -> None:
        if found := _FRAME_DONE.fullmatch(line.strip()):
            progress(min(Fraction(int(found[1]), frame_count), Fraction(1)))

    return read_line
