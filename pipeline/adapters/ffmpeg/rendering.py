"""Which ffmpeg commands carry out a recipe?

One decode and one encode of each chunk of the recording. The picture gets our clock: for a constant rate a count of
frames, so that frame n of the rendition is frame n of the source; for a variable one its nearest places on the grid.
The sound is laid beside it, from the first frame's moment to the last frame's end. What else is made of the same decode
is in `observing`; how chunks become a rendition, in `assembling`.
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
from pipeline.adapters.ffmpeg.observing import observe_picture, observe_sound, picture_branches
from pipeline.domain.chunk import Chunk
from pipeline.domain.media import AudioFacts, MediaFacts, VideoFacts
from pipeline.domain.recipe import Effort, Recipe

PICTURE, SOUND = "picture.h264", "sound.m4a"
"""What a chunk's picture and the recording's sound are called until they are put together."""

_PRESETS = {Effort.LOW: "superfast", Effort.MEDIUM: "medium"}

_FRAME_DONE = re.compile(rb"frame=\s*(\d+)")

_CODER_FRAME_SAMPLES = 1024
"""How many samples AAC takes at a time."""

_HALF_A_FRAME = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be rendered: the files of a recording, the facts of all together, and how."""

    files: tuple[MediaFacts, ...]
    facts: MediaFacts
    recipe: Recipe
    cut_frames: tuple[int, ...]
    """Where clips will begin."""
    is_damaged: bool
    """Whether frames may be lost; else any damage ends a command (`-xerror`)."""


def chunk_argv(chunk: Chunk, work: Work, limits: Limits, *, with_sound: bool = False) -> list[str]:
    """Ffmpeg: one decode and one encode of a chunk, a keyframe at each cut, and what is looked at beside it.

    Its only input is the file that the chunk is of. With `with_sound`, for a recording that is one chunk, the sound
    is made by the same command.
    """
    facts, recipe = work.files[chunk.file], work.recipe
    frame_rate = work.facts.video.frame_rate
    source = open_source(limits, threads=1, **_strictness(work), **_entry(chunk, facts.video))
    picture = _picture(source[str(facts.video.stream_index)], chunk, facts.video, work)
    size_px = recipe.size_px(work.facts.video)
    picture = (
        picture.filter("scale", *size_px, flags="bilinear", out_range="tv")
        .filter("setsar", 1)
        .filter("format", "yuv420p")
    )
    copies = picture.filter_multi_output("split", picture_branches(chunk, frame_rate) + 1)
    shown, *looked_at = (copies.stream(number) for number in range(picture_branches(chunk, frame_rate) + 1))
    outputs = [
        ffmpeg.output(
            shown,
            f"file:out/{PICTURE}",
            format="h264",
            **_video_options(frame_rate, recipe, chunk.local(work.cut_frames)),
        ),
        *observe_picture(looked_at, chunk, frame_rate=frame_rate, size_px=size_px),
    ]
    if with_sound:
        outputs += _sound_outputs([source], work)
    return _command(outputs, work)


def sound_argv(work: Work, limits: Limits) -> list[str]:
    """Ffmpeg: the sound of a recording, and what is heard in it; input n is `argv.source_name(n)`, file n."""
    sources = [open_source(limits, number=number, **_strictness(work)) for number in range(len(work.files))]
    return _command(_sound_outputs(sources, work), work)


def _command(outputs: Sequence[Any], work: Work) -> list[str]:
    strictness = ("-max_error_rate", "1") if work.is_damaged else ("-xerror",)
    # One thread for filters: bytes and CPU seconds must not depend on how many cores there are.
    quiet = ("-filter_complex_threads", "1", "-progress", "pipe:1")
    # The only level that tells how many frames were decoded and encoded.
    return compile_command(ffmpeg.merge_outputs(*outputs), "level+verbose", *strictness, *quiet)


def _strictness(work: Work) -> dict[str, Any]:
    return {} if work.is_damaged else {"err_detect": "explode"}


def _entry(chunk: Chunk, video: VideoFacts) -> dict[str, Any]:
    """Where reading begins: at the chunk's keyframe, which is found by any moment before the frame after it."""
    if chunk.from_s is None:
        return {}
    within_s = video.start_s + chunk.from_s + _HALF_A_FRAME / video.frame_rate
    return {"ss": f"{round(within_s * 10**6)}us", "seek_timestamp": 1, "noaccurate_seek": None}


def _picture(stream: Any, chunk: Chunk, video: VideoFacts, work: Work) -> Any:
    """Decoded frames of a chunk, counted from 0 on the grid, upright (ffmpeg turns them when it opens the file).

    For a constant rate the clock is a count of frames: every frame once. For a variable one, each frame goes to its
    nearest place, and the end is set, because the `fps` filter's own end varies by a frame.
    """
    if not (video.is_variable_rate or work.is_damaged):
        edges = {
            name: round((video.start_s + at_s) / video.time_base)
            for name, at_s in (("start_pts", chunk.from_s), ("end_pts", chunk.to_s))
            if at_s is not None
        }
        inside = stream.filter("trim", **edges) if edges else stream
        return inside.filter("settb", ratio(1 / video.frame_rate)).filter("setpts", "N")
    # The first frame that decodes is the first; where frames may be lost, it may be a later one.
    begun: dict[str, Any] = {"start_time": 0} if work.is_damaged else {}
    zero = round(video.start_s / video.time_base)
    return (
        stream.filter("setpts", f"PTS-({zero})" if work.is_damaged else "PTS-STARTPTS")
        .filter("fps", ratio(video.frame_rate), round="near", **begun)
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", end_frame=video.frame_count)
    )


def _sound_outputs(sources: Sequence[Any], work: Work) -> list[Any]:
    recipe, facts = work.recipe, work.facts
    layout = {1: "mono", 2: "stereo"}[recipe.audio_channels(facts.audio.channels if facts.audio else None)]
    edges = _sample_edges(work.files, recipe.audio_sample_rate_hz)
    sounds = []
    for number, (source, file) in enumerate(zip(sources, work.files, strict=True)):
        heard = source if file.audio else _silence(number, layout, recipe.audio_sample_rate_hz)
        sounds.append(_sound(heard, file, recipe, layout=layout, samples=edges[number + 1] - edges[number]))
    sound = sounds[0]
    if len(sounds) > 1:
        sound = ffmpeg.filter(sounds, "concat", n=len(sounds), v=0, a=1).filter("asetpts", "N/SR/TB")
    beside = []
    if facts.audio is not None:
        copies = sound.filter_multi_output("asplit", 2)
        sound = copies.stream(0)
        beside = [observe_sound(copies.stream(1), duration_s=facts.video.duration_s)]
    if facts.audio is not None or len(sounds) > 1:
        # A track that turns out to be empty is found out after the encoder was asked for its frame size.
        sound = sound.filter("asetnsamples", nb_out_samples=_CODER_FRAME_SAMPLES, pad=0)
    options = mp4_options(facts.video.frame_rate, recipe.audio_sample_rate_hz)
    coded = ffmpeg.output(sound, f"file:out/{SOUND}", **_audio_options(facts.audio, recipe), **options, **NOTHING_ELSE)
    return [coded, *beside]


def _sample_edges(files: Sequence[MediaFacts], rate_hz: int) -> list[int]:
    """The sample at which the sound of each file begins, and the end; each rounded by itself: nothing drifts."""
    ends_s = accumulate(file.video.duration_s for file in files)
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


def _video_options(frame_rate: Fraction, recipe: Recipe, cut_frames: Sequence[int]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "c:v": "libx264",
        "preset": _PRESETS[recipe.effort],
        "crf": recipe.quantiser,
        # One thread: bytes must not depend on the machine's cores, and chunks fill the cores side by side.
        "threads:v": 1,
        "g": recipe.gop_frames(frame_rate),
        "sc_threshold": 0,
        # No reordering: decode time is presentation time, so every clip starts at 0 without an edit list.
        "bf": 0,
        "flags:v": "+cgop+bitexact",
        "r": ratio(frame_rate),
        "fps_mode": "cfr",
    }
    if cut_frames:
        # Seconds to the microsecond; ffmpeg takes them to the nearest frame, which is thousands of them away.
        times = (f"{round(frame / frame_rate * 10**6):d}us" for frame in cut_frames)
        options |= {"force_key_frames": ",".join(times), "forced-idr": 1}
    return options


def _audio_options(audio: AudioFacts | None, recipe: Recipe) -> dict[str, Any]:
    channels = recipe.audio_channels(audio.channels if audio else None)
    return {"c:a": "aac", "b:a": recipe.audio_bits_per_s * channels, "flags:a": "+bitexact"}


def progress_reader(chunk: int, told: Callable[[int, int], None]) -> Callable[[bytes], None]:
    """What reads ffmpeg's `-progress` and tells how many frames of a chunk are done."""

    def read_line(line: bytes) -> None:
        if found := _FRAME_DONE.fullmatch(line.strip()):
            told(chunk, int(found[1]))

    return read_line
