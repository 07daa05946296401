"""How is any ffmpeg command of ours built, and how is footage read?

Pure: facts in, an argv out; nothing runs here. Graphs are built by ffmpeg-python, so that filters and their escaping
are not strings of ours. Paths are those inside a working folder (`sandbox`). What every command keeps:

* Input is opened through the `file:` protocol only, by an allow-list of demuxers: a playlist named .mp4 opens nothing.
* Timestamps are never adjusted by ffmpeg's own guessing (`-copyts`); the picture's clock is set by us.
* Output has no words, dates or versions of its own (`bitexact`, no metadata), so the same input gives the same bytes.

Encoding is in `rendering`, cutting in `cutting`.
"""

from fractions import Fraction
from math import lcm
from typing import Any

import ffmpeg

from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.domain.media import Bars, VideoFacts

SOURCE = "source"
"""Our name for whatever a command reads."""

PICTURES = "pictures"
"""Our name for pictures that a command writes one after the other."""

NOTHING_ELSE = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}
"""No title, place, date or chapter of the source, and no version of ours."""

_PROTOCOLS = "file"
_DEMUXERS = "mov,matroska,avi,mpegts,mpeg,asf,wav"
ONE_FORM = {
    "h264": "h264_mp4toannexb,filter_units=remove_types=6-12",
    "hevc": "hevc_mp4toannexb,filter_units=remove_types=32-40",
    "aac": "aac_adtstoasc",
}
"""Bitstream filters; the numbers are NAL unit types (H.264 table 7-1, H.265 table 7-1)."""

_DECODERS = (
    "h264,hevc,mpeg4,mjpeg,mpeg2video,mpeg1video,h263,h263p,vp8,vp9,av1,libdav1d,prores,dnxhd,vc1,wmv2,wmv3,msmpeg4,png,"
    "ffv1,aac,mp3float,mp3,mp2float,mp2,ac3,eac3,opus,vorbis,flac,alac,amrnb,amrwb,pcm_s16le,pcm_s16be,pcm_s24le,"
    "pcm_s24be,pcm_s32le,pcm_f32le,pcm_u8,pcm_s8,pcm_alaw,pcm_mulaw,pcm_bluray,adpcm_ima_wav,adpcm_ima_qt,adpcm_ms,"
    "wmav1,wmav2,mov_text,subrip,text,webvtt"
)
"""Those that cameras write. Each decoder that is not here is one less to be attacked."""

_PROBE_BYTES = 10_000_000
_PROBE_US = 10_000_000
"""How much of a file, in bytes and in microseconds of media, is read to find its streams: twice what is usual."""
_QUIET = ("-nostdin", "-hide_banner", "-nostats")
_SPARE = ("-max_alloc", str(1 << 29))
"""The largest piece of memory at once, in bytes: a frame of the most pixels in the richest format takes half of it."""

_TRACK_CLOCK_HZ_MIN = 10_000
"""Players round times to the track's clock; one tick a frame is coarser than they expect."""

_MOVIE_CLOCK_HZ_MAX = 10_000_000
"""Above this, durations of ordinary length no longer fit the 32 bits that most players read first."""


def probe_container_argv(limits: Limits) -> list[str]:
    """Ffprobe: what the container's header says, as JSON. Only what we ask for: tags can be megabytes."""
    stream = "index,codec_type,codec_name,codec_tag_string,width,height,pix_fmt,sample_aspect_ratio,r_frame_rate"
    stream += ",time_base,start_pts,duration_ts,sample_rate,channels,channel_layout,profile,level,bit_rate"
    stream += ",avg_frame_rate,field_order,color_range,color_space,color_transfer,color_primaries"
    sections = (
        "format=format_name,duration,bit_rate",
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
    frames = open_source(limits, err_detect="explode")["v:0"]
    return compile_command(frames.output("pipe:1", format="framemd5", fps_mode="passthrough"), "level+error", "-xerror")


def survey_argv(video: VideoFacts, limits: Limits) -> list[str]:
    """Ffmpeg: a line `stream,dts,pts,…` for each frame that decodes strictly, in ticks of the stream's clock."""
    frames = open_source(limits, err_detect="explode", threads=1)[str(video.stream_index)]
    told = frames.output("pipe:1", format="framecrc", fps_mode="passthrough", enc_time_base=ratio(video.time_base))
    return compile_command(told, "level+warning", "-max_error_rate", "1")


def keyframe_pictures_argv(side_px: int, first_s: int, limits: Limits) -> list[str]:
    """Ffmpeg: grey keyframes of the first seconds of a rendition, not smoothed, into `out/pictures`."""
    frames = open_source(limits, skip_frame="nokey", threads=1, t=first_s)["v:0"]
    return _grey(frames, side_px, "neighbor", fps_mode="passthrough")


def pictures_argv(side_px: int, per_s: int, bars: Bars, limits: Limits) -> list[str]:
    """Ffmpeg: small grey pictures of a rendition without its bars, so many a second, into `out/pictures`.

    What the loop filter smooths is not seen at this size, and a sixth of the work.
    """
    source = open_source(limits, threads=1, skip_loop_filter="all")
    frames = source["v:0"].filter("fps", per_s, round="near", start_time=0)
    if bars != Bars():
        wide, high = 1 - bars.left - bars.right, 1 - bars.top - bars.bottom
        frames = frames.filter(
            "crop", f"iw*{ratio(wide)}", f"ih*{ratio(high)}", f"iw*{ratio(bars.left)}", f"ih*{ratio(bars.top)}"
        )
    return _grey(frames, side_px, "area")


def _grey(frames: Any, side_px: int, flags: str, **options: Any) -> list[str]:
    small = frames.filter("scale", side_px, side_px, flags=flags).filter("format", "gray")
    return compile_command(small.output(f"file:out/{PICTURES}", format="rawvideo", **options), "level+error")


def open_source(limits: Limits, *, number: int = 0, **options: Any) -> Any:
    """An input of a command, to choose streams from: the only one, or one of several, counted from 0."""
    return ffmpeg.input(f"file:in/{source_name(number)}", **_guards(limits), **options)


def source_name(number: int) -> str:
    """Our name for the input of this number, counted from 0."""
    return f"{SOURCE}{number}" if number else SOURCE


def compile_command(output: Any, level: str, *more: str) -> list[str]:
    """The arguments of a command, with `level` of words on stderr."""
    argv: list[str] = ffmpeg.compile(output, cmd=[*_QUIET, *_SPARE, "-v", level, "-copyts", *more])
    return argv


def mp4_options(frame_rate: Fraction, audio_sample_rate_hz: int) -> dict[str, Any]:
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


def track_clock_hz(frame_rate: Fraction) -> int:
    """Ticks a second of a picture track's clock: a frame is a whole number of them."""
    return frame_rate.numerator * -(-_TRACK_CLOCK_HZ_MIN // frame_rate.numerator)


def ratio(value: Fraction) -> str:
    """A fraction as ffmpeg writes it."""
    return f"{value.numerator}/{value.denominator}"


def _ffprobe(limits: Limits) -> list[str]:
    options = [f"-{name}={value}".split("=", 1) for name, value in _guards(limits).items()]
    return ["-hide_banner", "-v", "level+error", *_SPARE, *(word for option in options for word in option)]


def _guards(limits: Limits) -> dict[str, Any]:
    return {
        "protocol_whitelist": _PROTOCOLS,
        "format_whitelist": _DEMUXERS,
        "codec_whitelist": _DECODERS,
        "probesize": _PROBE_BYTES,
        "analyzeduration": _PROBE_US,
        "max_streams": limits.streams_max,
        "max_pixels": limits.pixels_max,
    }
