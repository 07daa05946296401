"""When did a recording begin, how sure is that, and why do we think so?

Every clock is a claim: it is kept as it was read, with its source. The start that is derived here can be derived again
when more is known; no claim is ever overwritten by it.

Rules kept here:

* The surest clock wins: satellites know the time, a dock sets the clocks of its cameras, everything else was set by
  someone. A satellite reading with a fix wins over all.
* Satellite readings are each right to a second and may be stale by as much: what most of them allow together is taken,
  its middle, and one that stands alone is told as disagreeing.
* `creation_time` in an MP4 should be UTC and often is local time labelled `Z` (a GoPro MAX: eight hours off). It is
  taken as it stands, with an uncertainty that covers every time zone. So is a time without an offset.
* A clock that says a recording began after we had received it, or before such cameras existed, is wrong.
* Retention never runs on anything derived here, but on the time of receipt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Literal, get_args

ClockSource = Literal[
    "gnss", "dock", "container", "exif", "file_name", "filesystem", "timecode", "track", "sender", "receipt"
]
"""In the order in which equally sure ones are believed; from `timecode` on, none tells when a recording began."""

SOURCES: tuple[ClockSource, ...] = get_args(ClockSource)

GNSS_UNCERTAINTY_S = Fraction(1)
"""Cameras write satellite time once a second or so, a little after it was true."""
DOCK_UNCERTAINTY_S = Fraction(60)
"""Camera managers set the clocks of their cameras whenever they are docked."""
SET_UNCERTAINTY_S = Fraction(300)
"""A clock that was set by hand or by a phone, with its zone."""
ZONE_UNCERTAINTY_S = Fraction(14 * 3600)
"""A local time labelled UTC is off by at most this (Kiribati is 14 hours ahead)."""
FILESYSTEM_UNCERTAINTY_S = Fraction(24 * 3600)
"""The time of a file's last change survives some copies and not others."""
RECEIPT_UNCERTAINTY_S = Fraction(31 * 24 * 3600)
"""Cameras are docked within weeks."""
RECEIPT_TOLERANCE = timedelta(minutes=5)
"""How far our own clock and a right one may lie apart."""
EARLIEST = datetime(2001, 1, 1, tzinfo=UTC)
"""Clocks that lost their battery begin again at 1904, 1970, 1980 or the first of January 2000."""
AGREEMENT_S = 60
"""Clocks that differ by more than this are told as disagreeing."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What one clock said, and at which moment of the recording."""

    source: ClockSource
    at: datetime
    """Aware; as the clock claims. Where it told no zone, as if that were UTC."""
    position_s: Fraction = Fraction(0)
    """Seconds from the recording's first frame to the moment of reading."""
    has_fix: bool = True
    """For satellites: whether the receiver had a position, without which its time is only the camera's."""
    is_zone_known: bool = False
    """Whether the offset from UTC was said by a clock that knew it."""
    slack_s: Fraction = Fraction(0)
    """How much further the moment of reading may be off `position_s`: a thumbnail is made some time while filming."""

    @property
    def start_at(self) -> datetime:
        """When the recording began, if this clock is right."""
        return self.at - timedelta(microseconds=round(self.position_s * 1_000_000))

    @property
    def uncertainty_s(self) -> Fraction | None:
        """How far the true start may lie from `start_at`; `None` where this clock tells no start."""
        if self.source == "gnss":
            return GNSS_UNCERTAINTY_S + self.slack_s if self.has_fix else None
        if self.source == "filesystem":
            return FILESYSTEM_UNCERTAINTY_S + self.slack_s
        if self.source == "dock":
            return DOCK_UNCERTAINTY_S + self.slack_s
        if self.source in ("container", "exif", "file_name"):
            return (SET_UNCERTAINTY_S if self.is_zone_known else ZONE_UNCERTAINTY_S) + self.slack_s
        return None


@dataclass(frozen=True, slots=True)
class CorrectedStart:
    """When a recording began, as far as its clocks tell."""

    start_at: datetime
    uncertainty_s: Fraction
    """The true start lies within this many seconds, before or after."""
    source: ClockSource
    because: str
    disagreements: tuple[str, ...]
    """Clocks that say something else, each with how far it is off."""


def corrected_start(readings: Sequence[ClockReading], *, received_at: datetime) -> CorrectedStart:
    """Derive the start of a recording from what its clocks say.

    Args:
        readings: what was read, in any order; several of one source are fine.
        received_at: when the upload was noticed, by our own clock; nothing began after it.
    """
    telling = [reading for reading in readings if reading.source not in ("receipt", "sender", "timecode", "track")]
    possible = [reading for reading in telling if _is_possible(reading, received_at)]
    told = [_impossibility(reading) for reading in telling if reading not in possible]
    satellites = [reading for reading in possible if reading.source == "gnss" and reading.uncertainty_s is not None]
    if satellites:
        chosen, agreeing = _middle(satellites)
        because = f"satellite time with a fix: {len(agreeing)} of {len(satellites)} readings agree to the second"
        others = [reading for reading in possible if reading not in agreeing]
        return _start(chosen, because, others, told)
    sure = [reading for reading in possible if reading.uncertainty_s is not None]
    if not sure:
        receipt = ClockReading("receipt", received_at)
        return _start(receipt, "no clock can be believed: some time before it was received", possible, told)
    best = min(sure, key=lambda reading: (reading.uncertainty_s, SOURCES.index(reading.source), reading.start_at))
    return _start(best, _reason(best), [other for other in possible if other.source != best.source], told)


def _is_possible(reading: ClockReading, received_at: datetime) -> bool:
    return EARLIEST <= reading.start_at <= received_at + RECEIPT_TOLERANCE


def _impossibility(reading: ClockReading) -> str:
    if reading.start_at < EARLIEST:
        return f"{reading.source} says {reading.start_at.isoformat()}: a clock that was not set"
    return f"{reading.source} says {reading.start_at.isoformat()}, after the upload was received"


def _middle(readings: Sequence[ClockReading]) -> tuple[ClockReading, list[ClockReading]]:
    """The middle of what most readings allow together, and those readings (Marzullo's algorithm, as NTP uses it)."""
    best: list[ClockReading] = []
    for first in sorted(readings, key=lambda reading: (reading.start_at, reading.position_s)):
        # All that allow a moment that `first` still allows just so: its latest.
        latest = first.start_at + _seconds(first)
        allowing = [
            other
            for other in readings
            if other.start_at - _seconds(other) <= latest <= other.start_at + _seconds(other)
        ]
        if len(allowing) > len(best):
            best = allowing
    earliest = max(reading.start_at - _seconds(reading) for reading in best)
    latest = min(reading.start_at + _seconds(reading) for reading in best)
    return ClockReading("gnss", earliest + (latest - earliest) / 2), best


def _seconds(reading: ClockReading) -> timedelta:
    return timedelta(seconds=float(reading.uncertainty_s or 0))


def _reason(reading: ClockReading) -> str:
    zone = "with its zone" if reading.is_zone_known else "which may be local time labelled as UTC"
    return {
        "dock": "the camera's clock, as its dock told it",
        "container": f"the container's creation time, {zone}",
        "exif": f"a photograph that belongs to it, {zone}",
        "file_name": f"its file's name, {zone}",
        "filesystem": "when the file was last changed, as the sender's machine said",
    }[reading.source]


def _start(reading: ClockReading, because: str, others: Sequence[ClockReading], told: Sequence[str]) -> CorrectedStart:
    off = [
        f"{other.source} is off by {(other.start_at - reading.start_at).total_seconds():+.0f} s"
        for other in sorted(others, key=lambda other: (SOURCES.index(other.source), other.start_at))
        if abs((other.start_at - reading.start_at).total_seconds()) > AGREEMENT_S
    ]
    uncertainty_s = RECEIPT_UNCERTAINTY_S if reading.source == "receipt" else reading.uncertainty_s or Fraction(0)
    return CorrectedStart(
        reading.start_at, uncertainty_s, reading.source, because, tuple(dict.fromkeys([*off, *sorted(told)]))
    )
