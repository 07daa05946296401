"""When did a recording begin, how sure is that, and why do we think so?

Every clock is a claim: it is kept as it was read, with its source. The start that is derived here can be derived again
when more is known; no claim is ever overwritten by it.

Rules kept here:

* Satellites know the time; a camera's own clock was set by someone. A satellite reading with a fix wins.
* `creation_time` in an MP4 should be UTC and often is local time labelled `Z` (a GoPro MAX: eight hours off). Without a
  satellite reading it is taken as it stands, with an uncertainty that covers every time zone.
* A clock that says a recording began after we had received it is wrong.
* Retention never runs on anything derived here, but on the time of receipt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Literal

from pipeline.domain.media import ClockClaim

ClockSource = Literal["gnss", "container", "filesystem", "receipt"]

GNSS_UNCERTAINTY_S = Fraction(1)
"""Cameras write satellite time once a second or so, a little after it was true."""
ZONE_UNCERTAINTY_S = Fraction(14 * 3600)
"""A local time labelled UTC is off by at most this (Kiribati is 14 hours ahead)."""
FILESYSTEM_UNCERTAINTY_S = Fraction(24 * 3600)
"""The time of a file's last change survives some copies and not others."""
RECEIPT_TOLERANCE = timedelta(minutes=5)
"""How far our own clock and a right one may lie apart."""
AGREEMENT_S = 60
"""Clocks that differ by more than this are told as disagreeing."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What one clock said, and at which moment of the recording."""

    source: ClockSource
    at: datetime
    """Aware; as the clock claims."""
    position_s: Fraction = Fraction(0)
    """Seconds from the recording's first frame to the moment of reading."""
    has_fix: bool = True
    """For satellites: whether the receiver had a position, without which its time is only the camera's."""

    @property
    def start_at(self) -> datetime:
        """When the recording began, if this clock is right."""
        return self.at - timedelta(microseconds=round(self.position_s * 1_000_000))


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


def readings_of(claims: Sequence[ClockClaim]) -> list[ClockReading]:
    """The container's clocks that can be read as a moment; a time of day without a date, or without a zone, cannot."""
    readings = []
    for claim in claims:
        try:
            at = datetime.fromisoformat(claim.text.strip())
        except ValueError:
            continue
        if at.tzinfo is not None:
            readings.append(ClockReading("container", at.astimezone(UTC)))
    return readings


def corrected_start(readings: Sequence[ClockReading], *, received_at: datetime) -> CorrectedStart:
    """Derive the start of a recording from what its clocks say.

    Args:
        readings: what was read, in any order; several of one source are fine.
        received_at: when the upload was noticed, by our own clock; nothing began after it.
    """
    possible = [reading for reading in readings if reading.start_at <= received_at + RECEIPT_TOLERANCE]
    impossible = [reading for reading in readings if reading not in possible]
    told = tuple(
        f"{reading.source} says {reading.start_at.isoformat()}, after the upload was received" for reading in impossible
    )
    satellite = min(
        (reading for reading in possible if reading.source == "gnss" and reading.has_fix),
        key=lambda reading: reading.position_s,
        default=None,
    )
    if satellite is not None:
        because = f"satellite time with a fix, {float(satellite.position_s):.3f} s into the recording"
        return _start(satellite, GNSS_UNCERTAINTY_S, because, possible, told)
    for source, uncertainty_s, because in (
        ("container", ZONE_UNCERTAINTY_S, "the container's creation time, which may be local time labelled as UTC"),
        ("filesystem", FILESYSTEM_UNCERTAINTY_S, "when the file was last changed, as the sender's machine said"),
    ):
        found = next((reading for reading in possible if reading.source == source), None)
        if found is not None:
            return _start(found, uncertainty_s, because, possible, told)
    receipt = ClockReading("receipt", received_at)
    longest_s = Fraction(31 * 24 * 3600)
    return _start(receipt, longest_s, "no clock can be believed: some time before it was received", possible, told)


def _start(
    reading: ClockReading,
    uncertainty_s: Fraction,
    because: str,
    possible: Sequence[ClockReading],
    told: tuple[str, ...],
) -> CorrectedStart:
    others = [other for other in possible if other.source != reading.source]
    off = tuple(
        f"{other.source} is off by {(other.start_at - reading.start_at).total_seconds():+.0f} s"
        for other in others
        if abs((other.start_at - reading.start_at).total_seconds()) > AGREEMENT_S
    )
    return CorrectedStart(reading.start_at, uncertainty_s, reading.source, because, off + told)
