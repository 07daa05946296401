"""Which ffmpeg commands take a clip's own packets out of an original, and how is it shown that they are its own?

Packets are chosen by the moment at which they are shown, not by where reading began: so nothing from before the clip
is hidden in it, wherever ffmpeg went to find its keyframe. What cameras write into the stream beside the picture (SEI:
words, places, serial numbers may be in it) stays behind, as with any tag.

Packets of sound have edges of their own. One belongs to the clip in which its middle lies: so sound begins and ends
within half a packet of the picture, and of clips that follow one another each packet is in one. The picture is at 0,
and sound where it was beside it, to the sample: late sound waits (an empty edit), and of a first packet that begins
early, less than half is before 0 (an edit that begins inside it). Whoever ignores edit lists sees the same frames, and
has the sound off by half a packet at most.
"""

from fractions import Fraction
from math import lcm
from typing import Any

import ffmpeg

from pipeline.adapters.ffmpeg.argv import NOTHING_ELSE, ONE_FORM, compile_command, open_source, ratio
from pipeline.adapters.ffmpeg.encoding import frame_edge_ticks, seek_options
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.domain.encoding import Piece
from pipeline.domain.media import MediaFacts

EXCERPT = "excerpt.mp4"

_BESIDE_THE_PICTURE = {"h264": "filter_units=remove_types=6|12", "hevc": "filter_units=remove_types=38-40"}
"""SEI and filler, by NAL unit type (H.264 table 7-1, H.265 table 7-1)."""
_READ_ON_S = 1
"""How far around a piece is read: packets lie in the order of decoding, and sound may lie before its picture."""
_MP4_TICKS_MAX = 10_000_000


def excerpt_argv(facts: MediaFacts, piece: Piece, limits: Limits, *, seeks: bool) -> list[str]:
    """Ffmpeg: the packets of frames `[piece.start_frame, piece.end_frame)` and the sound beside them, from 0 on."""
    video, audio = facts.video, facts.audio
    source = _window(facts, piece, limits, seeks=seeks)
    streams = [source[str(video.stream_index)]]
    start_s, end_s = (
        video.start_s + piece.start_frame / video.frame_rate,
        video.start_s + piece.end_frame / video.frame_rate,
    )
    first_tick, end_tick = (
        frame_edge_ticks(video, frame) * video.time_base for frame in (piece.start_frame, piece.end_frame)
    )
    beside = _BESIDE_THE_PICTURE.get(video.codec)
    filters = [_only(f"lt(pts*tb,{_number(first_tick)})+gte(pts*tb,{_number(end_tick)})")]
    filters += [beside] if beside else []
    options: dict[str, Any] = {"bsf:v": ",".join([*filters, _moved(f"round({_number(start_s)}/TB)")])}
    if audio is not None:
        streams.append(source[str(audio.stream_index)])
        # Sound that is copied is told in samples, whatever `tb` says: that is still the source's.
        first, end = (_number(at_s * audio.sample_rate_hz) for at_s in (start_s, end_s))
        middle = "pts+duration/2"
        form = ["aac_adtstoasc"] if audio.codec == "aac" else []
        moved = _moved(str(round(start_s * audio.sample_rate_hz)))
        options["bsf:a"] = ",".join([_only(f"lt({middle},{first})+gte({middle},{end})"), *form, moved])
    options |= _clocks(facts)
    return compile_command(
        ffmpeg.output(
            *streams,
            f"file:out/{EXCERPT}",
            c="copy",
            copytb=1,
            format="mp4",
            movflags="+faststart",
            write_tmcd=0,
            avoid_negative_ts="disabled",
            max_interleave_delta=0,
            **options,
            **NOTHING_ELSE,
        ),
        "level+warning",
    )


def packet_hashes_argv(
    facts: MediaFacts, limits: Limits, *, piece: Piece | None = None, seeks: bool = False
) -> list[str]:
    """Ffmpeg: a line `stream,dts,pts,duration,size,sha256` for each packet of picture (0) and sound (1), on stdout.

    Packets are brought to one form, as `stream_digests_argv` does. With a piece, those around it at least; else all.
    """
    source = _window(facts, piece, limits, seeks=seeks) if piece else open_source(limits)
    streams = [source[str(facts.video.stream_index)]]
    filters: dict[str, str] = {}
    if form := ONE_FORM.get(facts.video.codec):
        filters["bsf:v"] = form
    if facts.audio is not None:
        streams.append(source[str(facts.audio.stream_index)])
        if form := ONE_FORM.get(facts.audio.codec):
            filters["bsf:a"] = form
    told = ffmpeg.output(
        *streams, "pipe:1", format="framehash", hash="sha256", c="copy", copytb=1, copyinkf=None, **filters
    )
    return compile_command(told, "level+error")


def shown_hashes_argv(facts: MediaFacts, piece: Piece, limits: Limits, *, seeks: bool) -> list[str]:
    """Ffmpeg: a line for each decoded frame of a piece, its MD5 last, on stdout."""
    video = facts.video
    at = seek_options(video, piece.start_frame / video.frame_rate, facts.container, video.keyframes_s) if seeks else {}
    frames = open_source(limits, threads=1, err_detect="explode", **at)[str(video.stream_index)].filter(
        "trim",
        start_pts=frame_edge_ticks(video, piece.start_frame),
        end_pts=frame_edge_ticks(video, piece.end_frame),
    )
    return compile_command(frames.output("pipe:1", format="framemd5", fps_mode="passthrough"), "level+error", "-xerror")


def _clocks(facts: MediaFacts) -> dict[str, Any]:
    """The picture's clock is the source's; that of edit lists has the sound's ticks, and the picture's if it can."""
    video, audio = facts.video, facts.audio
    options: dict[str, Any] = {}
    ticks = [audio.sample_rate_hz] if audio else []
    if video.time_base.numerator == 1 and video.time_base.denominator <= _MP4_TICKS_MAX:
        options["video_track_timescale"] = video.time_base.denominator
        if lcm(*ticks, video.time_base.denominator) <= _MP4_TICKS_MAX:
            ticks.append(video.time_base.denominator)
    return {**options, "movie_timescale": lcm(*ticks)} if ticks else options


def _window(facts: MediaFacts, piece: Piece, limits: Limits, *, seeks: bool) -> Any:
    """An input from a keyframe a little before a piece, or from the beginning, to a little past its end."""
    video = facts.video
    before_s = piece.start_frame / video.frame_rate - _READ_ON_S
    at = seek_options(video, before_s, facts.container, video.keyframes_s) if seeks else {}
    begun_s = Fraction(int(at["ss"].removesuffix("us")), 10**6) if at else Fraction(0)
    ends_s = video.start_s + piece.end_frame / video.frame_rate + _READ_ON_S
    until: dict[str, Any] = {"t": f"{max(1, round((ends_s - begun_s) * 10**6))}us"}
    return open_source(limits, **at, **until)


def _only(outside: str) -> str:
    return f"noise=drop='{outside}'"


def _moved(by_ticks: str) -> str:
    return "setts=" + ":".join(f"{name.lower()}='{name}-{by_ticks}'" for name in ("PTS", "DTS"))


def _number(value: Fraction) -> str:
    return f"({ratio(value)})"
