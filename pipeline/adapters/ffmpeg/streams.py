"""What does ffprobe's answer say of each stream? What is no number or word is as if not said."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from pipeline.domain.media_stream import ColourFacts, StreamFacts, TimecodeFacts

_CONTAINER_TAG = re.compile(r"[A-Za-z0-9]{4}")
_TIMECODE = re.compile(r"\d\d:\d\d:\d\d[:;.]\d{2,3}", re.ASCII)
_WORD_LENGTH_MAX = 40
_NUMBER_MAX = 1 << 62
"""No honest count is longer, and the records hold none that is."""
_NOTHING_SAID = frozenset({"", "unknown", "unspecified", "reserved", "N/A"})


def stream_facts(stream: Mapping[str, Any]) -> StreamFacts:
    """One stream."""
    time_base = ratio(stream.get("time_base"))
    return StreamFacts(
        index=int(stream["index"]),
        kind=_kind(stream),
        codec=text(stream.get("codec_name")),
        tag=_tag(stream),
        start_s=_seconds(stream.get("start_pts"), time_base),
        duration_s=_seconds(stream.get("duration_ts"), time_base),
        bit_rate_bps=whole(stream.get("bit_rate")),
    )


def timecodes_of(streams: Sequence[Mapping[str, Any]]) -> tuple[TimecodeFacts, ...]:
    """The timecode tracks; where there is none, what is told of the picture."""
    told = [stream for stream in streams if _TIMECODE.fullmatch(str(stream.get("tags", {}).get("timecode", "")))]
    tracks = [stream for stream in told if _tag(stream) == "tmcd"]
    pictures = [stream for stream in told if _kind(stream) == "video"]
    return tuple(
        TimecodeFacts(
            stream_index=int(stream["index"]),
            first=(first := str(stream["tags"]["timecode"])),
            frame_rate=ratio(stream.get("avg_frame_rate")),
            is_drop_frame=";" in first,
        )
        for stream in tracks or pictures
    )


def colour_of(stream: Mapping[str, Any]) -> ColourFacts:
    """How a picture's numbers are colours."""
    names = ("color_primaries", "color_transfer", "color_space", "color_range")
    return ColourFacts(*(text(stream.get(name)) for name in names))


def stream_name(stream: Mapping[str, Any]) -> str:
    """The kind of a stream and its tag; the tag only where it is four plain letters."""
    tag = _tag(stream)
    return f"{_kind(stream)}:{tag}" if tag else _kind(stream)


def ratio(said: str | None) -> Fraction | None:
    """A positive ratio from `num/den` or `num:den`; `None` where nothing is claimed."""
    numerator, _, denominator = (said or "").replace(":", "/").partition("/")
    if not numerator.isdecimal() or not denominator.isdecimal() or int(denominator) == 0:
        return None
    return Fraction(int(numerator), int(denominator)) or None


def whole(said: object) -> int | None:
    """A whole number that is not negative; `None` where nothing is claimed."""
    digits = str(said)
    if not digits.isascii() or not digits.isdecimal():
        return None
    return number if (number := int(digits[:_WORD_LENGTH_MAX])) < _NUMBER_MAX else None


def text(said: object) -> str | None:
    """A word; `None` where nothing is said."""
    word = "".join(char for char in str(said) if char.isprintable())[:_WORD_LENGTH_MAX]
    return None if said is None or word in _NOTHING_SAID else word


def _kind(stream: Mapping[str, Any]) -> str:
    return str(stream.get("codec_type", "unknown"))


def _tag(stream: Mapping[str, Any]) -> str | None:
    tag = str(stream.get("codec_tag_string", ""))
    return tag if _CONTAINER_TAG.fullmatch(tag) else None


def _seconds(ticks: object, time_base: Fraction | None) -> Fraction | None:
    return ticks * time_base if isinstance(ticks, int) and time_base is not None else None
