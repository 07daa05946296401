"""What do ffprobe's answers mean?

Two readings: the header as JSON (`Header`), then every packet of the picture (`packets.PacketReader`). The first is
checked against the limits before the second is made. What the container claims about the picture (frame counts,
rates, durations) is not believed: packets are counted and their times read.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.packets import Packets
from pipeline.adapters.ffmpeg.streams import (
    colour_of,
    ratio,
    stream_facts,
    stream_name,
    text,
    timecodes_of,
    whole,
)
from pipeline.domain.digest import Sha256
from pipeline.domain.frame_grid import choose_frame_grid
from pipeline.domain.media import AudioFacts, ClockClaim, CutTag, MediaFacts, VideoFacts
from pipeline.errors import MediaLimitError, NoVideoStreamError, UnreadableMediaError

_CLAIM_LENGTH_MAX = 64
"""Characters kept of a tag: clocks have at most 32. Of longer ones a digest tells whether two are the same."""

_PIXEL_ASPECT_MAX = 4
"""Wider or narrower pixels than this (anamorphic film has 2) are a broken header: taken as square."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header's answer, with the streams that are the picture and its sound picked out."""

    container: Mapping[str, Any]
    video: Mapping[str, Any]
    audio: Mapping[str, Any] | None
    others: tuple[Mapping[str, Any], ...]

    @classmethod
    def parse(cls, answer: bytes, limits: Limits) -> Self:
        """Pick the first real video stream and the first sound stream that has a known codec.

        Raises:
            UnreadableMediaError: there is no container, or no codec that is known.
            NoVideoStreamError: there is no video stream; pictures attached to sound do not count.
            MediaLimitError: too many streams, or too many pixels.
        """
        try:
            data = json.loads(answer)
            container, streams = data["format"], data["streams"]
        except (ValueError, KeyError) as exc:
            raise UnreadableMediaError("expected a container with streams, found neither") from exc
        if len(streams) > limits.streams_max:
            raise MediaLimitError(f"expected at most {limits.streams_max} streams, found {len(streams)}")
        video = next((stream for stream in streams if _is_picture(stream)), None)
        if video is None:
            kinds = sorted({str(stream.get("codec_type", "unknown")) for stream in streams})
            raise NoVideoStreamError(f"expected a video stream, found {', '.join(kinds) or 'no stream at all'}")
        _check_picture(video, limits)
        audio = next((stream for stream in streams if _is_sound(stream)), None)
        others = tuple(stream for stream in streams if stream is not video and stream is not audio)
        return cls(container, video, audio, others)

    def facts(self, packets: Packets, limits: Limits) -> MediaFacts:
        """What header and packets say together.

        Raises:
            MediaLimitError: shown at a constant rate, the picture has more frames than allowed.
        """
        return MediaFacts(
            container=str(self.container["format_name"]),
            duration_s=Fraction(self.container.get("duration", 0)),
            video=_video_facts(self.video, packets, limits),
            audio=None if self.audio is None else _audio_facts(self.audio),
            clock_claims=tuple(ClockClaim(place, said[:_CLAIM_LENGTH_MAX]) for place, said in self._tags()),
            other_streams=tuple(stream_name(stream) for stream in self.others),
            more_audio=tuple(_audio_facts(stream) for stream in self.others if _is_sound(stream)),
            streams=tuple(stream_facts(stream) for stream in self._in_order()),
            timecodes=timecodes_of(self._in_order()),
            bit_rate_bps=whole(self.container.get("bit_rate")),
            cut_tags=tuple(_cut_tag(place, said) for place, said in self._tags() if len(said) > _CLAIM_LENGTH_MAX),
        )

    def _in_order(self) -> list[Mapping[str, Any]]:
        streams = [stream for stream in (self.video, self.audio, *self.others) if stream is not None]
        return sorted(streams, key=lambda stream: int(stream["index"]))

    def _tags(self) -> Iterator[tuple[str, str]]:
        """Everything that container and streams say in words, and where."""
        for place, holder in (
            ("container", self.container),
            *((f"stream {stream['index']}", stream) for stream in self._in_order()),
        ):
            for tag, said in sorted(holder.get("tags", {}).items()):
                yield f"{place}:{tag}", str(said)


def _cut_tag(place: str, said: str) -> CutTag:
    # What ffprobe tells can hold halves of surrogate pairs, which strict UTF-8 has no bytes for.
    return CutTag(place, len(said), Sha256.of(said.encode(errors="surrogatepass")).hex)


def _is_picture(stream: Mapping[str, Any]) -> bool:
    attached = stream.get("disposition", {}).get("attached_pic", 0)
    return stream.get("codec_type") == "video" and not attached


def _is_sound(stream: Mapping[str, Any]) -> bool:
    known = stream.get("codec_name") and int(stream.get("sample_rate", 0)) > 0 and stream.get("channels", 0) > 0
    return stream.get("codec_type") == "audio" and bool(known)


def _check_picture(video: Mapping[str, Any], limits: Limits) -> None:
    width_px, height_px = video.get("width", 0), video.get("height", 0)
    if "codec_name" not in video or "pix_fmt" not in video or width_px * height_px == 0:
        raise UnreadableMediaError(f"expected pictures we can decode, found codec {video.get('codec_name', 'unknown')}")
    if width_px * height_px > limits.pixels_max or max(width_px, height_px) > limits.side_px_max:
        allowed = f"{limits.pixels_max} pixels and sides of {limits.side_px_max}"
        raise MediaLimitError(f"expected at most {allowed}, found {width_px} x {height_px}")


def _video_facts(stream: Mapping[str, Any], packets: Packets, limits: Limits) -> VideoFacts:
    time_base = Fraction(stream["time_base"])
    grid = choose_frame_grid(
        packets.shown_ticks,
        time_base=time_base,
        last_duration_ticks=packets.last_duration_ticks,
        claimed_rate=ratio(stream.get("r_frame_rate")),
    )
    if grid.frame_count > limits.frames_max:
        raise MediaLimitError(f"expected at most {limits.frames_max} frames, found {grid.frame_count}")
    start_ticks = packets.shown_ticks[0]
    aspect = ratio(stream.get("sample_aspect_ratio"))
    return VideoFacts(
        stream_index=int(stream["index"]),
        codec=str(stream["codec_name"]),
        width_px=int(stream["width"]),
        height_px=int(stream["height"]),
        rotation_deg=_rotation_deg(stream),
        pixel_aspect=aspect if aspect and 1 <= max(aspect, 1 / aspect) <= _PIXEL_ASPECT_MAX else Fraction(1),
        pixel_format=str(stream["pix_fmt"]),
        frame_rate=grid.frame_rate,
        frame_count=grid.frame_count,
        is_variable_rate=grid.is_variable_rate,
        time_base=time_base,
        start_s=start_ticks * time_base,
        packet_count=len(packets.shown_ticks),
        keyframes_s=tuple((ticks - start_ticks) * time_base for ticks in packets.entry_ticks),
        codec_profile=text(stream.get("profile")),
        codec_level=whole(stream.get("level")),
        bit_rate_bps=whole(stream.get("bit_rate")),
        average_rate=ratio(stream.get("avg_frame_rate")),
        field_order=text(stream.get("field_order")),
        colour=colour_of(stream),
        hidden_packet_count=packets.hidden_count,
        hidden_s=packets.hidden_ticks * time_base,
    )


def _audio_facts(stream: Mapping[str, Any]) -> AudioFacts:
    time_base = Fraction(stream["time_base"])
    return AudioFacts(
        stream_index=int(stream["index"]),
        codec=str(stream["codec_name"]),
        sample_rate_hz=int(stream["sample_rate"]),
        channels=int(stream["channels"]),
        start_s=int(stream.get("start_pts", 0)) * time_base,
        duration_s=int(stream.get("duration_ts", 0)) * time_base,
        codec_profile=text(stream.get("profile")),
        channel_layout=text(stream.get("channel_layout")),
        bit_rate_bps=whole(stream.get("bit_rate")),
    )


def _rotation_deg(stream: Mapping[str, Any]) -> int:
    """Clockwise quarter turns: the display matrix counts the other way; odd angles are left to the eye."""
    for side_data in stream.get("side_data_list", []):
        if "rotation" in side_data:
            return round(-float(side_data["rotation"]) / 90) * 90 % 360
    return 0
