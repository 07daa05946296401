"""Which clock is a claim from, and which moment does it mean?

A claim is kept word for word, whatever can be made of it: a time of day without a date (a timecode) means no moment.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from pipeline.domain.claim import UploadClaim
from pipeline.domain.clock import ClockReading, ClockSource
from pipeline.domain.media import ClockClaim
from pipeline.domain.track import TrackFacts, thinned

SATELLITE_CLOCKS_MAX = 60
"""Satellite readings kept as clocks of one original; the whole track is among its facts."""

TEXT_LENGTH_MAX = 64

_EXIF = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_KNOWS_ITS_ZONE = ("com.apple.quicktime.creationdate",)
"""Tags whose offset was written by a clock that knew it (media.md 4: phones)."""
_OF_EDITORS = ("ModifyDate",)
"""XMP tags that tell when a photograph was changed, which is not when it was taken."""
_TWO_FIX_DIMENSIONS = 2


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock as it is kept."""

    source: ClockSource
    place: str
    """Where it was found, for example `container:creation_time`, `exif:DateTimeOriginal`, `telemetry`."""
    text: str
    """Word for word, cut at `TEXT_LENGTH_MAX`."""
    reading: ClockReading | None
    """The moment that it means; `None` where it means none."""


def clocks_of(claims: Iterable[ClockClaim]) -> tuple[Clock, ...]:
    """What a container or a photograph claims, each with its source."""
    return tuple(_clock_of(claim) for claim in claims)


def clocks_of_claim(claim: UploadClaim, *, received_at: datetime, named_start: str | None = None) -> tuple[Clock, ...]:
    """What the sender of an upload says, what its file's name says, and our own clock when it was noticed.

    Args:
        claim: what came with the upload; a dock says when recording began.
        received_at: by our own clock.
        named_start: when recording began, as its name says; mostly without an offset.
    """
    said: tuple[tuple[ClockSource, str, datetime | None], ...] = (
        ("dock", "upload:started-at", claim.started_at),
        ("filesystem", "upload:modified-at", claim.modified_at),
        ("sender", "upload:sent-at", claim.sent_at),
        ("receipt", "received", received_at),
    )
    named = () if named_start is None else (_name_clock(named_start),)
    return named + tuple(
        Clock(source, place, at.isoformat(), ClockReading(source, at, is_zone_known=True))
        for source, place, at in said
        if at is not None
    )


def satellite_clocks(track: TrackFacts, *, first_frame_s: Fraction = Fraction(0)) -> tuple[Clock, ...]:
    """The receiver's times inside footage.

    Args:
        track: what the telemetry says.
        first_frame_s: when the first frame is shown, on the timeline of `position_s`.
    """
    timed = [point for point in track.points if point.at is not None and point.position_s is not None]
    clocks = []
    for point in thinned(timed, SATELLITE_CLOCKS_MAX):
        at = moment(point.at or "")
        if at is not None:
            has_fix = (point.fix_dimensions or 0) >= _TWO_FIX_DIMENSIONS
            position_s = (point.position_s or Fraction(0)) - first_frame_s
            reading = ClockReading("gnss", at, position_s, has_fix=has_fix, is_zone_known=True)
            clocks.append(Clock("gnss", "telemetry", point.at or "", reading))
    return tuple(clocks)


def track_clocks(track: TrackFacts) -> tuple[Clock, ...]:
    """The first and the last time of a track beside footage; it says nothing of when footage began."""
    times = [point.at for point in track.points if point.at is not None]
    found = [(text, moment(text)) for text in dict.fromkeys([*times[:1], *times[-1:]])]
    return tuple(
        Clock("track", track.form, text, ClockReading("track", at, is_zone_known=True))
        for text, at in found
        if at is not None
    )


def moment(text: str) -> datetime | None:
    """An ISO 8601 time with an offset, in UTC."""
    try:
        at = datetime.fromisoformat(text.strip())
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _name_clock(text: str) -> Clock:
    return Clock("file_name", "file name", text[:TEXT_LENGTH_MAX], _iso_reading("file_name", text))


def _iso_reading(source: ClockSource, text: str) -> ClockReading | None:
    """ISO 8601; without an offset, as if that were UTC."""
    try:
        said = datetime.fromisoformat(text)
        is_zone_known = said.tzinfo is not None
        at = said.astimezone(UTC) if is_zone_known else said.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return ClockReading(source, at, is_zone_known=is_zone_known)


def _clock_of(claim: ClockClaim) -> Clock:
    text = claim.text[:TEXT_LENGTH_MAX]
    tag = claim.source.rpartition(":")[2]
    if claim.source.startswith("exif:"):
        return Clock("exif", claim.source, text, _exif_reading(text))
    if claim.source.startswith("xmp:"):
        return Clock("exif", claim.source, text, _xmp_reading(tag, text))
    if tag == "timecode":
        return Clock("timecode", claim.source, text, None)
    at = moment(text)
    zone = tag in _KNOWS_ITS_ZONE
    return Clock(
        "container", claim.source, text, None if at is None else ClockReading("container", at, is_zone_known=zone)
    )


def _xmp_reading(tag: str, text: str) -> ClockReading | None:
    """XMP writes `2009-09-14T11:08:06+02:00`; a year or a day alone means no moment."""
    return _iso_reading("exif", text) if "T" in text and tag not in _OF_EDITORS else None


def _exif_reading(text: str) -> ClockReading | None:
    """EXIF writes `2008:10:22 16:28:39`, and in tags of their own the sub-seconds and the offset behind it."""
    found = _EXIF.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    zone = {None: "+00:00", "Z": "+00:00"}.get(offset, offset)
    at = moment(f"{year}-{month}-{day}T{hour}:{minute}:{second}.{(fraction or '0')[:6]:0<6}{zone}")
    return None if at is None else ClockReading("exif", at, is_zone_known=offset is not None)
