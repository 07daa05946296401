"""What was exercised, when, with which cameras, weapons and ammunition?

A declaration is written by whoever ran the exercise. Rules kept here:

* Every mistake is told at once, each with the name of the field.
* People are pseudonyms: a wearer is a short code of capital letters, digits and dashes with at least one digit, so that
  a name does not pass by accident.
* A camera is worn by one person in one exercise. "live" ammunition is said, never assumed from silence.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self, cast, get_args

from pipeline.domain import keys
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.domain.reading import Reader
from pipeline.errors import CustodyError, UsageError

Scenario = Literal["marauding_attack", "hostage", "siege", "vehicle_stop", "room_clearance", "range", "other"]
Ammunition = Literal["live", "blank", "simunition", "dummy", "none"]

_WEARER = re.compile(r"(?=[A-Z0-9-]*[0-9])[A-Z0-9][A-Z0-9-]{1,19}")
_WEAPON = re.compile(r"[a-z][a-z0-9 -]{1,39}")
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")


@dataclass(frozen=True, slots=True, order=True)
class WornCamera:
    """A camera and who wore it."""

    camera_serial: CameraSerial
    wearer: str
    """A pseudonym."""


@dataclass(frozen=True, slots=True, order=True)
class Weapon:
    """A kind of weapon that was used, and what was loaded."""

    kind: str
    ammunition: Ammunition


@dataclass(frozen=True, slots=True)
class ExerciseDeclaration:
    """One exercise as it was declared."""

    exercise_id: ExerciseId
    scenario: Scenario
    held_on: date
    site: str
    """A code of the training site, not an address."""
    cameras: tuple[WornCamera, ...]
    weapons: tuple[Weapon, ...]

    @classmethod
    def parse(cls, said: object) -> Self:
        """Read a declaration from plain values: objects, lists and texts, as YAML and JSON give them.

        Raises:
            UsageError: it is not one; the message tells every mistake.
        """
        reader = Reader(said, "exercise", [])
        found = cls(
            exercise_id=reader.read("exercise", keys.exercise_id),
            scenario=reader.read("scenario", _scenario),
            held_on=reader.read("held_on", date.fromisoformat),
            site=reader.read("site", _site),
            cameras=tuple(
                WornCamera(camera.read("serial", keys.camera_serial), camera.read("wearer", _wearer))
                for camera in reader.inners("cameras")
            ),
            weapons=tuple(
                Weapon(weapon.read("kind", _weapon), weapon.read("ammunition", _ammunition))
                for weapon in reader.inners("weapons")
            ),
        )
        try:
            reader.finish()
        except CustodyError as exc:
            raise UsageError(str(exc)) from exc
        serials = [camera.camera_serial for camera in found.cameras]
        if twice := sorted({serial for serial in serials if serials.count(serial) > 1}):
            raise UsageError(
                f"exercise {found.exercise_id}: expected each camera once, found twice: {', '.join(twice)}"
            )
        return found

    def to_json(self) -> dict[str, object]:
        """Plain JSON types that `parse` reads back exactly."""
        return {
            "exercise": self.exercise_id,
            "scenario": self.scenario,
            "held_on": self.held_on.isoformat(),
            "site": self.site,
            "cameras": [{"serial": camera.camera_serial, "wearer": camera.wearer} for camera in self.cameras],
            "weapons": [{"kind": weapon.kind, "ammunition": weapon.ammunition} for weapon in self.weapons],
        }


def _scenario(text: str) -> Scenario:
    return cast("Scenario", _one_of(text, get_args(Scenario)))


def _ammunition(text: str) -> Ammunition:
    return cast("Ammunition", _one_of(text, get_args(Ammunition)))


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ValueError(f"expected one of {', '.join(known)}, found {text[:80]!r}")
    return text


def _wearer(text: str) -> str:
    if not _WEARER.fullmatch(text):
        raise ValueError(
            f"expected a pseudonym of 2 to 20 capital letters, digits and '-', with a digit in it, found {text[:80]!r}"
        )
    return text


def _weapon(text: str) -> str:
    if not _WEAPON.fullmatch(text):
        raise ValueError(f"expected a kind of weapon in lower-case words, such as carbine, found {text[:80]!r}")
    return text


def _site(text: str) -> str:
    if not _SITE.fullmatch(text):
        raise ValueError(f"expected a site code of at most 64 letters, digits, ' ', '_', '.', '-', found {text[:80]!r}")
    return text
