"""Which ffmpeg command makes clips by their plans, straight from the originals?

One decode of the picture for all clips of a run and all variants of each. Rules kept here:

* The bytes of a clip depend on nothing but its plan and its originals: each has an encoder of its own, and its sound is
  decoded from a place of its own, so that it is the same whichever clips are made beside it.
* Where the container has an index, reading begins at the clean keyframe before the first clip, and frames are told by
  the moment at which they are shown: half a frame to either side of their place on the grid. Elsewhere reading begins
  at the beginning, and frames are counted.
* A rate that varies is brought to the grid as for viewing, so that frame n is the frame that people labelled as n.
* Nothing in it may depend on the processor: x264 and the scaler are told so, and ffmpeg itself uses the instructions
  that every machine has, and no others (its AAC encoder rounds differently with them).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import ffmpeg

from pipeline.adapters.ffmpeg.argv import NOTHING_ELSE, compile_command, mp4_options, open_source, ratio
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.variants import change_picture
from pipeline.domain.encoding import Piece
from pipeline.domain.encoding_plan import EncodingPlan
from pipeline.domain.media import MediaFacts, VideoFacts
from pipeline.domain.recipe import Effort

_PRESETS = {Effort.LOW: "superfast", Effort.MEDIUM: "medium"}
_CODER_FRAME_SAMPLES = 1024
"""How many samples AAC takes at a time."""

_INDEXED = ("mov", "matroska")
"""Containers in which a moment is found without reading up to it."""

_REORDER_S = Fraction(3, 20)
"""Where frames are reordered, ffmpeg looks 3/23 s further ahead for a keyframe than it was told to (`ffmpeg_opt.c`)."""

SOUND_RUN_IN_S = Fraction(1)
"""How much of the sound is decoded before the first sample that is used: coders remember what came before."""

SAME_EVERYWHERE = {"x86_64": "cmov+mmx+mmxext+sse+sse2+sse3+ssse3+sse4.1+sse4.2"}
"""By machine: what ffmpeg may use of a processor (x86-64-v2, which all have had since 2009). Its AAC encoder and its
resampler were measured to give other samples with AVX, and others again with FMA. An ffmpeg for another kind of machine
is another tool by its identity, and what it makes has another name."""


@dataclass(frozen=True, slots=True)
class ClipJob:
    """One clip that is to be made, in as many variants as it has plans."""

    name: str
    """What the names of its files begin with: plain letters."""
    pieces: tuple[Piece, ...]
    plans: tuple[EncodingPlan, ...]

    def file_name(self, number: int) -> str:
        """The file of the plan of this number."""
        return f"{self.name}-{number}.mp4"


def encode_argv(
    jobs: Sequence[ClipJob],
    chapters: Sequence[MediaFacts],
    limits: Limits,
    *,
    machine: str,
    seeks: bool = True,
    is_damaged: bool = False,
) -> list[str]:
    """Ffmpeg: every variant of every clip of a run, each a file in `out`.

    Args:
        jobs: the clips, in order of time.
        chapters: facts of each file of the recording; input n is `argv.source_name(n)`.
        limits: what it may cost.
        machine: as `platform.machine` says.
        seeks: whether to begin at a keyframe where the container allows; else at the beginning.
        is_damaged: whether frames may be lost.
    """
    pictures = _pictures(jobs, chapters, limits, seeks=seeks, is_damaged=is_damaged)
    outputs = []
    for job in jobs:
        rate = chapters[0].video.frame_rate
        picture = _joined([pictures[job.name, piece.chapter] for piece in job.pieces], rate)
        sounds = _sounds(job, chapters, limits, is_damaged=is_damaged)
        shared = _split(picture, len(job.plans))
        for number, plan in enumerate(job.plans):
            video = chapters[job.pieces[0].chapter].video
            streams = [change_picture(shared[number], plan, video.pixel_format), *sounds[number : number + 1]]
            options = {**_video_options(plan), **_audio_options(plan), **_file_options(plan)}
            outputs.append(ffmpeg.output(*streams, f"file:out/{job.file_name(number)}", **options))
    return compile_command(
        ffmpeg.merge_outputs(*outputs),
        "level+warning",
        *(("-max_error_rate", "1") if is_damaged else ("-xerror",)),
        *("-filter_complex_threads", "1"),
        *(("-cpuflags", SAME_EVERYWHERE[machine]) if machine in SAME_EVERYWHERE else ()),
    )


def seek_options(video: VideoFacts, at_s: Fraction, container: str, entries_s: Sequence[Fraction]) -> dict[str, Any]:
    """Options of an input so that reading begins at the last of these moments that is not after `at_s`, or earlier.

    Moments are on the file's timeline, whose zero is its first frame.
    """
    before = bisect_right(entries_s, at_s)
    if not container.startswith(_INDEXED) or before < 2:  # noqa: PLR2004  # nothing to leave out before the second
        return {}
    entry_s = entries_s[before - 1]
    after_s = entries_s[before] if before < len(entries_s) else entry_s + 2 * _REORDER_S
    target_s = video.start_s + min(entry_s + _REORDER_S, (entry_s + after_s) / 2)
    return {"ss": f"{int(target_s * 10**6)}us", "seek_timestamp": 1, "noaccurate_seek": None} if target_s > 0 else {}


def strictness(*, is_damaged: bool) -> dict[str, Any]:
    """Options of an input that make its decoders refuse what is not as it should be."""
    return {} if is_damaged else {"err_detect": "explode"}


def frame_edge_ticks(video: VideoFacts, frame: int) -> int:
    """Half a frame before the place of a frame of a file, in ticks of its clock: what is shown from there on."""
    at_s = video.start_s + (frame - Fraction(1, 2)) / video.frame_rate
    return ceil(at_s / video.time_base)


def _pictures(
    jobs: Sequence[ClipJob], chapters: Sequence[MediaFacts], limits: Limits, *, seeks: bool, is_damaged: bool
) -> Mapping[tuple[str, int], Any]:
    """The frames of each clip that lie in each file, decoded once."""
    found: dict[tuple[str, int], Any] = {}
    for chapter in sorted({piece.chapter for job in jobs for piece in job.pieces}):
        video, container = chapters[chapter].video, chapters[chapter].container
        wanted = [(job, piece) for job in jobs for piece in job.pieces if piece.chapter == chapter]
        options: dict[str, Any] = strictness(is_damaged=is_damaged)
        first_s = min(piece.start_frame for _, piece in wanted) / video.frame_rate
        at = seek_options(video, first_s, container, video.keyframes_s) if seeks else {}
        on_grid = video.is_variable_rate or is_damaged
        if not on_grid and not (seeks and container.startswith(_INDEXED)):
            options["r"] = ratio(video.frame_rate)  # frames are counted, whatever their moments say
        source = open_source(limits, number=chapter, threads=1, **options, **at)
        stream = source[str(video.stream_index)]
        if on_grid:
            stream = _on_grid(stream, video, is_damaged=is_damaged and not at)
        for (job, piece), frames in zip(wanted, _split(stream, len(wanted)), strict=True):
            if on_grid:
                edges = {"start_pts": piece.start_frame, "end_pts": piece.end_frame}
            elif "r" in options:
                edges = {"start_frame": piece.start_frame, "end_frame": piece.end_frame}
            else:
                edges = {
                    "start_pts": frame_edge_ticks(video, piece.start_frame),
                    "end_pts": frame_edge_ticks(video, piece.end_frame),
                }
            found[job.name, chapter] = frames.filter("trim", **edges)
    return found


def _on_grid(stream: Any, video: VideoFacts, *, is_damaged: bool) -> Any:
    """Each frame at its nearest place, the one before it repeated over a gap; places are those of the whole file."""
    zero = round(video.start_s / video.time_base)
    begun: dict[str, Any] = {"start_time": 0} if is_damaged else {}
    return (
        stream.filter("setpts", f"PTS-({zero})")
        .filter("fps", ratio(video.frame_rate), round="near", **begun)
        .filter("tpad", stop=-1, stop_mode="clone")
    )


def _joined(pictures: Sequence[Any], rate: Fraction) -> Any:
    """Frames of one clip, counted from 0."""
    counted = [picture.filter("settb", ratio(1 / rate)).filter("setpts", "N") for picture in pictures]
    if len(counted) == 1:
        return counted[0]
    # What joins files guesses how long each last frame is shown; counting again leaves nothing to guess.
    joined = ffmpeg.filter(counted, "concat", n=len(counted), v=1, a=0)
    return joined.filter("settb", ratio(1 / rate)).filter("setpts", "N")


def _sounds(job: ClipJob, chapters: Sequence[MediaFacts], limits: Limits, *, is_damaged: bool) -> list[Any]:
    """The sound of a clip for each of its plans; none where there is none."""
    heard = next((chapter.audio for chapter in chapters if chapter.audio is not None), None)
    if heard is None or job.plans[0].audio_sample_rate_hz is None:
        return []
    rate_hz, layout = heard.sample_rate_hz, _layout(min(heard.channels, 2))
    parts = []
    for number, piece in enumerate(job.pieces):
        video, audio = chapters[piece.chapter].video, chapters[piece.chapter].audio
        start_s, end_s = piece.start_frame / video.frame_rate, piece.end_frame / video.frame_rate
        samples = round(end_s * rate_hz) - round(start_s * rate_hz)
        if audio is None:
            part = ffmpeg.input(
                f"anullsrc@{job.name}-{number}=channel_layout={layout}:sample_rate={rate_hz}", format="lavfi"
            )
            parts.append(part["a:0"].filter("atrim", end_sample=samples))
            continue
        at = seek_options(video, start_s - SOUND_RUN_IN_S, chapters[piece.chapter].container, video.keyframes_s)
        source = open_source(limits, number=piece.chapter, threads=1, **strictness(is_damaged=is_damaged), **at)
        zero = round((video.start_s + start_s) * audio.sample_rate_hz)
        end = round((video.start_s + end_s) * audio.sample_rate_hz)
        parts.append(
            source[str(audio.stream_index)]
            .filter("atrim", start_pts=zero, end_pts=end)
            .filter("asetpts", f"PTS-({zero})")
            .filter("aresample", rate_hz, **{"async": 1, "first_pts": 0})
            .filter("aformat", sample_fmts="fltp", channel_layouts=layout)
            .filter("apad")
            .filter("atrim", end_sample=samples)
        )
    whole = parts[0]
    if len(parts) > 1:
        whole = ffmpeg.filter(parts, "concat", n=len(parts), v=0, a=1).filter("asetpts", "N/SR/TB")
    return [
        _sound(stream, plan, rate_hz, chapters[0].video.frame_rate)
        for stream, plan in zip(_split(whole, len(job.plans), "asplit"), job.plans, strict=True)
    ]


def _sound(stream: Any, plan: EncodingPlan, rate_hz: int, frame_rate: Fraction) -> Any:
    if plan.late_frames:
        late = round(plan.late_frames / frame_rate * rate_hz)
        stream = stream.filter("atrim", start_sample=late).filter("asetpts", "N/SR/TB")
    return (
        stream.filter("aresample", plan.audio_sample_rate_hz)
        .filter("aformat", sample_fmts="fltp", channel_layouts=_layout(plan.audio_channels))
        .filter("apad")
        .filter("atrim", end_sample=plan.audio_samples)
        # A track that turns out to be empty is found out after the encoder was asked for its frame size.
        .filter("asetnsamples", nb_out_samples=_CODER_FRAME_SAMPLES, pad=0)
    )


def _video_options(plan: EncodingPlan) -> dict[str, Any]:
    recipe = plan.recipe
    options: dict[str, Any] = {
        "c:v": "libx264",
        "preset": _PRESETS[recipe.effort],
        # One thread: bytes must not depend on the machine's cores, and recordings fill the cores side by side.
        "threads:v": 1,
        "x264-params": "cpu-independent=1",
        "g": max(1, round(recipe.gop_s * plan.frame_rate)),
        "sc_threshold": 0,
        # No reordering: decode time is presentation time, so that nothing needs an edit list.
        "bf": 0,
        "flags:v": "+cgop+bitexact",
        "r": ratio(plan.frame_rate),
        "fps_mode": "cfr",
    }
    if recipe.is_simple:
        options["profile:v"] = "baseline"
    if recipe.bits_per_s is None:
        return {**options, "crf": recipe.quantiser}
    return {**options, "b:v": recipe.bits_per_s, "maxrate": recipe.bits_per_s, "bufsize": recipe.bits_per_s}


def _audio_options(plan: EncodingPlan) -> dict[str, Any]:
    if plan.audio_sample_rate_hz is None:
        return {}
    return {"c:a": "aac", "b:a": plan.recipe.audio_bits_per_s * plan.audio_channels, "flags:a": "+bitexact"}


def _file_options(plan: EncodingPlan) -> dict[str, Any]:
    return {
        **mp4_options(plan.frame_rate, plan.audio_sample_rate_hz or 48_000),
        **NOTHING_ELSE,
        # Sound that begins late or ends early must not fail the run, nor decide in which order packets are written.
        "max_muxing_queue_size": 1_000_000,
        "max_interleave_delta": 0,
    }


def _split(stream: Any, count: int, name: str = "split") -> list[Any]:
    if count == 1:
        return [stream]
    parts = stream.filter_multi_output(name, count)
    return [parts[number] for number in range(count)]


def _layout(channels: int) -> str:
    return {1: "mono", 2: "stereo"}[channels]
