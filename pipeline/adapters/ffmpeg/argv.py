"""Which ffmpeg command carries out an intent?

Pure: facts and a recipe in, an argv out; nothing runs here. The graph is built by ffmpeg-python, so that filters and
their escaping are not strings of ours. Paths are those inside a working folder (`sandbox`). What every command keeps:

* Input is opened through the `file:` protocol only, by an allow-list of demuxers: a playlist named .mp4 opens nothing.
* Timestamps are never adjusted by ffmpeg's own guessing (`-copyts`); the picture's clock is set by us.
* Output has no words, dates or versions of its own (`bitexact`, no metadata), so the same input gives the same bytes.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import ffmpeg

from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.domain.clip import PlannedClip
from pipeline.domain.media import AudioFacts, MediaFacts, VideoFacts
from pipeline.domain.recipe import Effort, Recipe

SOURCE = "source"
"""Our name for whatever a command reads."""
RENDITION = "rendition.mp4"
CLIP_PATTERN = "%06d.mp4"
CLIP_LIST = "clips.csv"

_PROTOCOLS = "file"
_DEMUXERS = "mov,matroska,avi,mpegts,mpeg,asf,wav"
_PRESETS = {Effort.LOW: "superfast", Effort.MEDIUM: "medium"}
_QUIET = ("-nostdin", "-hide_banner", "-nostats")

_TRACK_CLOCK_HZ_MIN = 10_000
"""Players round times to the track's clock; one tick a frame is coarser than they expect."""

_MOVIE_CLOCK_HZ_MAX = 10_000_000
"""Above this, durations of ordinary length no longer fit the 32 bits that most players read first."""


def probe_container_argv(limits: Limits) -> list[str]:
    """Ffprobe: what the container's header says, as JSON. Only what we ask for: tags can be megabytes."""
    stream = "index,codec_type,codec_name,codec_tag_string,width,height,pix_fmt,sample_aspect_ratio,r_frame_rate"
    stream += ",avg_frame_rate,time_base,start_pts,duration_ts,sample_rate,channels"
    sections = (
        "format=format_name,duration",
        "format_tags=creation_time,date,com.apple.quicktime.creationdate",
        f"stream={stream}",
        "stream_tags=creation_time,timecode",
        "stream_disposition=attached_pic",
        "stream_side_data=rotation",
    )
    return [
        *_ffprobe(limits),
        *("-print_format", "json=compact=1", "-show_entries", ":".join(sections)),
        f"file:in/{SOURCE}",
    ]


def probe_packets_argv(stream_index: int, limits: Limits) -> list[str]:
    """Ffprobe: one line `pts,dts,duration,flags` for each packet of a stream, in the order of the file."""
    return [
        *_ffprobe(limits),
        *("-select_streams", str(stream_index), "-show_entries", "packet=pts,dts,duration,flags", "-of", "csv=p=0"),
        f"file:in/{SOURCE}",
    ]


def frame_hashes_argv(limits: Limits) -> list[str]:
    """Ffmpeg: a line for each decoded frame of the first video stream, its hash last, on stdout."""
    frames = _open(limits)["v:0"]
    return _compile(frames.output("pipe:1", format="framemd5", fps_mode="passthrough"), "level+error")


def render_argv(facts: MediaFacts, recipe: Recipe, cut_frames: Sequence[int], limits: Limits) -> list[str]:
    """Ffmpeg: one decode, one encode, a keyframe at each cut; any damage ends it (`-xerror`)."""
    video = facts.video
    timing: dict[str, Any] = {} if video.is_variable_rate else {"r": _ratio(video.frame_rate)}
    source = _open(limits, err_detect="explode", threads=1, **timing)
    picture = _picture(source[str(video.stream_index)], video, recipe)
    sound = _sound(source, facts, recipe)
    return _compile(
        ffmpeg.output(
            picture,
            sound,
            f"file:out/{RENDITION}",
            **_video_options(video, recipe, cut_frames),
            **_audio_options(facts.audio, recipe),
            **_mp4_options(video.frame_rate, recipe.audio_sample_rate_hz),
            # Sound that begins late or ends early must not fail the run: the picture waits for it.
            max_muxing_queue_size=1_000_000,
        ),
        "level+verbose",  # the only level that tells how many frames were decoded
        *("-xerror", "-progress", "pipe:1"),
    )


def cut_argv(
    planned: Sequence[PlannedClip], frame_rate: Fraction, audio_sample_rate_hz: int, limits: Limits
) -> list[str]:
    """Ffmpeg: the clips of a rendition of ours, by stream copy, in one read.

    Cuts are counted in frames: ten seconds are 299.7 frames at 30000/1001. The last edge is given too, though nothing
    follows it: without any, the muxer would cut every two seconds.
    """
    source = _open(limits)
    ends = [clip.end_frame for clip in planned]
    edges = [round(end / frame_rate * audio_sample_rate_hz) for end in ends]
    options = _mp4_options(frame_rate, audio_sample_rate_hz)
    return _compile(
        ffmpeg.output(
            source["v:0"],
            source["a:0"],
            f"file:out/{CLIP_PATTERN}",
            c="copy",
            format="segment",
            segment_frames=",".join(map(str, ends)),
            segment_list=f"out/{CLIP_LIST}",
            segment_format=options.pop("format"),
            segment_format_options=":".join(f"{name}={value}" for name, value in sorted(options.items())),
            reset_timestamps=1,
            # Else the first clip's picture would begin 21 ms late, to make room for the sound encoder's run-in.
            avoid_negative_ts="disabled",
            fflags="+bitexact",
            map_metadata=-1,
            # A sound packet that reaches past the cut ends at it, so that no clip lasts longer than its picture.
            **{"bsf:a": f"setts=duration=min(DURATION\\,{_next_edge(edges)}-PTS)"},
        ),
        "level+error",
    )


def track_clock_hz(frame_rate: Fraction) -> int:
    """Ticks a second of a picture track's clock: a frame is a whole number of them."""
    return frame_rate.numerator * -(-_TRACK_CLOCK_HZ_MIN // frame_rate.numerator)


def _ffprobe(limits: Limits) -> list[str]:
    options = [f"-{name}={value}".split("=", 1) for name, value in _guards(limits).items()]
    return ["-hide_banner", "-v", "level+error", *(word for option in options for word in option)]


def _guards(limits: Limits) -> dict[str, Any]:
    return {
        "protocol_whitelist": _PROTOCOLS,
        "format_whitelist": _DEMUXERS,
        "max_streams": limits.streams_max,
        "max_pixels": limits.pixels_max,
    }


def _open(limits: Limits, **options: Any) -> Any:
    return ffmpeg.input(f"file:in/{SOURCE}", **_guards(limits), **options)


def _compile(output: Any, level: str, *more: str) -> list[str]:
    """The arguments; `-copyts` because timestamps are ours to set."""
    argv: list[str] = ffmpeg.compile(output, cmd=[*_QUIET, "-v", level, "-copyts", *more])
    return argv


def _picture(stream: Any, video: VideoFacts, recipe: Recipe) -> Any:
    """Decoded frames, on the grid, upright (ffmpeg turns them when it opens the file), at the recipe's size.

    For a constant rate the clock is a count of frames (`-r` before the input): every frame once. For a variable one,
    each frame goes to its nearest place, and the end is set, because the `fps` filter's own end varies by a frame.
    """
    if video.is_variable_rate:
        stream = (
            stream.filter("setpts", "PTS-STARTPTS")
            .filter("fps", _ratio(video.frame_rate), round="near")
            .filter("tpad", stop=-1, stop_mode="clone")
            .filter("trim", end_frame=video.frame_count)
        )
    width_px, height_px = recipe.size_px(video)
    return (
        stream.filter("scale", width_px, height_px, flags="bilinear", out_range="tv")
        .filter("setsar", 1)
        .filter("format", "yuv420p")
    )


def _sound(source: Any, facts: MediaFacts, recipe: Recipe) -> Any:
    """Sound from the first frame's moment to the last frame's end, to the sample: padded or trimmed; else silence."""
    video, audio = facts.video, facts.audio
    rate_hz = recipe.audio_sample_rate_hz
    layout = {1: "mono", 2: "stereo"}[recipe.audio_channels(audio.channels if audio else None)]
    end_sample = round(video.duration_s * rate_hz)
    if audio is None:
        silence = ffmpeg.input(f"anullsrc=channel_layout={layout}:sample_rate={rate_hz}", format="lavfi")
        return silence["a:0"].filter("atrim", end_sample=end_sample)
    zero = round(video.start_s * audio.sample_rate_hz)
    return (
        source[str(audio.stream_index)]
        .filter("asetpts", f"PTS-({zero})")
        .filter("aresample", rate_hz, **{"async": 1, "first_pts": 0})
        .filter("aformat", sample_fmts="fltp", channel_layouts=layout)
        .filter("apad")
        .filter("atrim", end_sample=end_sample)
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
        "r": _ratio(video.frame_rate),
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


def _mp4_options(frame_rate: Fraction, audio_sample_rate_hz: int) -> dict[str, Any]:
    """Clocks on which frames and samples are whole numbers, the index first, and nothing about us."""
    track_hz = track_clock_hz(frame_rate)
    movie_hz = lcm(track_hz, audio_sample_rate_hz)
    return {
        "format": "mp4",
        "movflags": "+faststart",
        "video_track_timescale": track_hz,
        "movie_timescale": movie_hz if movie_hz <= _MOVIE_CLOCK_HZ_MAX else track_hz,
        "write_tmcd": 0,
    }


def _next_edge(edges: Sequence[int]) -> str:
    """An expression for the first edge after PTS: a balanced tree, so that thousands of cuts cost a dozen questions."""
    if len(edges) == 1:
        return str(edges[0])
    middle = len(edges) // 2
    return f"if(lt(PTS\\,{edges[middle - 1]})\\,{_next_edge(edges[:middle])}\\,{_next_edge(edges[middle:])})"


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
