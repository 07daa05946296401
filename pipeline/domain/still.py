"""What do a photograph, a camera and a place say of themselves?

Everything here may name a person or a place: it is kept as evidence, never logged and never released.
"""

from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.media import ClockClaim

LATITUDE_MAX_DEG, LONGITUDE_MAX_DEG = 90, 180


@dataclass(frozen=True, slots=True)
class CameraNames:
    """What a camera calls itself; each part is `None` where nothing is said."""

    make: str | None = None
    model: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A place on WGS 84, as a receiver or a person said."""

    latitude_deg: Fraction
    """North is positive."""
    longitude_deg: Fraction
    """East is positive."""
    altitude_m: Fraction | None = None
    """Above the sea, or above the ellipsoid: receivers rarely say which."""

    def __post_init__(self) -> None:
        if abs(self.latitude_deg) > LATITUDE_MAX_DEG or abs(self.longitude_deg) > LONGITUDE_MAX_DEG:
            raise ValueError("expected a place on Earth, found more degrees than there are")


@dataclass(frozen=True, slots=True)
class Orientation:
    """How to make a stored picture stand upright: mirror it left to right where it is mirrored, then turn it."""

    turn_deg: int
    """Clockwise: 0, 90, 180 or 270."""
    is_mirrored: bool


_ORIENTATIONS = {
    1: Orientation(0, is_mirrored=False),
    2: Orientation(0, is_mirrored=True),
    3: Orientation(180, is_mirrored=False),
    4: Orientation(180, is_mirrored=True),
    5: Orientation(270, is_mirrored=True),
    6: Orientation(90, is_mirrored=False),
    7: Orientation(90, is_mirrored=True),
    8: Orientation(270, is_mirrored=False),
}
"""CIPA DC-008 (EXIF 2.32), tag 0x0112."""


def orientation(number: int) -> Orientation | None:
    """What an EXIF orientation number means; `None` for a number that means nothing."""
    return _ORIENTATIONS.get(number)


@dataclass(frozen=True, slots=True)
class StillFacts:
    """What the EXIF and XMP of a photograph say; a photograph without either says nothing."""

    camera: CameraNames
    orientation: Orientation | None
    place: GeoPoint | None
    clocks: tuple[ClockClaim, ...]
    """Word for word, sub-seconds and offset behind the time where they are said: `exif:DateTimeOriginal`."""

    def completed_by(self, *others: "StillFacts") -> "StillFacts":
        """These facts, with what others say where they say nothing; the clocks of all."""
        parts = (self, *others)
        return StillFacts(
            camera=CameraNames(
                next((part.camera.make for part in parts if part.camera.make), None),
                next((part.camera.model for part in parts if part.camera.model), None),
                next((part.camera.serial for part in parts if part.camera.serial), None),
            ),
            orientation=next((part.orientation for part in parts if part.orientation), None),
            place=next((part.place for part in parts if part.place), None),
            clocks=tuple(claim for part in parts for claim in part.clocks),
        )
