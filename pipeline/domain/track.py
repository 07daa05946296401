"""Where was a camera, when, and how did it move? What a GPS track or telemetry beside or inside footage says.

Everything here tells where people were: it is kept as evidence, never logged and never released.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from pipeline.domain.still import CameraNames, GeoPoint

POINTS_MAX = 20_000
"""Points kept of one track: five hours at one a second. A longer one is thinned evenly."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """One line of a track; each part but the place is `None` where nothing is said."""

    place: GeoPoint
    at: str | None = None
    """The receiver's time in UTC, ISO 8601."""
    position_s: Fraction | None = None
    """Seconds from the first frame of the footage that the track belongs to, where the track says so."""
    speed_m_s: Fraction | None = None
    fix_dimensions: int | None = None
    """0: the receiver had no position and its time is only the camera's; 2 or 3: it had one."""
    dilution: Fraction | None = None
    """Dilution of precision: below 5 is good."""


@dataclass(frozen=True, slots=True)
class MotionSummary:
    """A motion sensor, in short."""

    sensor: str
    """`accelerometer`, `gyroscope` or `magnetometer`."""
    samples: int
    rate_hz: Fraction


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """A track, and the camera that wrote it."""

    form: str
    """How it was written: `gpmf`, `gpx`, `srt`, `csv` …"""
    camera: CameraNames
    points: tuple[TrackPoint, ...]
    points_found: int
    """How many there were before thinning."""
    motion: tuple[MotionSummary, ...] = ()


def thinned(points: Sequence[T], most: int = POINTS_MAX) -> tuple[T, ...]:
    """At most so many of these, evenly spread, the first and the last among them."""
    if len(points) <= most:
        return tuple(points)
    step = Fraction(len(points) - 1, most - 1)
    return tuple(points[int(index * step)] for index in range(most))
