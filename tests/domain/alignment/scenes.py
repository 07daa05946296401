"""Makes up cameras that film together, and what comparing their sounds would show."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from pipeline.domain.alignment import Candidate, Heard, Hearing, Pair, Stretch, StretchClock, StretchKey, WindowLag
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import CameraSerial, RecordingId
from pipeline.domain.timeline import Span
from tests.builders import NOON

HOUR_S = 3600


def key(number: int, ordinal: int = 0) -> StretchKey:
    return StretchKey(RecordingId(UUID(int=number)), ordinal)


def a_clock(start_s: Fraction | int = 0, uncertainty_s: int = 1, **instead: Any) -> StretchClock:
    at = NOON + timedelta(microseconds=round(start_s * 1_000_000))
    return replace(StretchClock(at, Fraction(uncertainty_s), "gnss", "satellite time"), **instead)


def a_stretch(number: int, *, seconds: int = 60, **instead: Any) -> Stretch:
    whole = Stretch(
        key=key(number),
        span=Span(Fraction(0), Fraction(seconds)),
        camera_serial=CameraSerial(f"CAMERA-{number}"),
        clock=a_clock(),
        sound=Sha256.of(str(number).encode()),
    )
    return replace(whole, **instead)


def some_windows(
    lag_s: Fraction, drift_ppm: Fraction = Fraction(0), *, off_s: Mapping[int, Fraction] | None = None, count: int = 8
) -> tuple[WindowLag, ...]:
    """Every eight seconds a window that shows this lag; some of them off it."""
    moments = [Fraction(4 + 8 * number) for number in range(count)]
    return tuple(
        WindowLag(at_s, lag_s + drift_ppm / 10**6 * at_s + (off_s or {}).get(number, 0), Fraction(20), Fraction(3))
        for number, at_s in enumerate(moments)
    )


def a_hearing(*windows: tuple[WindowLag, ...]) -> Hearing:
    return Hearing(tuple(Candidate(some[0].lag_s, some) for some in windows))


@dataclass(frozen=True)
class Camera:
    """The truth about one: where its moment 0 lies in true seconds, and how long its seconds are."""

    offset_s: Fraction
    drift_ppm: Fraction

    def at(self, moment_s: Fraction) -> Fraction:
        return self.offset_s + (1 + self.drift_ppm / 10**6) * moment_s

    def moment(self, true_s: Fraction) -> Fraction:
        return (true_s - self.offset_s) / (1 + self.drift_ppm / 10**6)


def a_pair(
    first: int, second: int, cameras: Mapping[int, Camera], *, off_s: Fraction = Fraction(0), **instead: Any
) -> Pair:
    """What is heard of two that film for a minute from the beginning of the second on; off by so much."""
    one, other = cameras[first], cameras[second]
    lags = [one.moment(other.at(Fraction(at_s))) - at_s + off_s for at_s in (5, 55)]
    whole = Heard(
        from_s=Fraction(5),
        to_s=Fraction(55),
        lag_from_s=lags[0],
        lag_to_s=lags[1],
        uncertainty_s=Fraction(30, 1000),
        drift_uncertainty_ppm=Fraction(5),
        windows=8,
        agreeing=8,
        confidence=Fraction(7, 10),
    )
    return Pair(key(first), key(second), replace(whole, **instead))
