"""What was exercised, when, with which cameras, weapons and ammunition?

A declaration is written by whoever ran the exercise. Rules kept here:

* Every mistake is told at once, each with the name of the field.
* People are pseudonyms: a wearer is a short code of capital letters, digits and dashes with at least one digit, so that
  a name does not pass by accident.
* A camera is worn by one person in one exercise. "live" ammunition is said, never assumed from silence.
* Days are local to the site. An exercise of one day has no `held_until`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self, cast, get_args

from pipeline.domain import keys
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.domain.reading import Reader
from pipeline.errors import CustodyError, UsageError

Scenario = Literal["marauding_attack", "hostage", "siege", "vehicle_stop", "room_clearance", "range", "other"]
Ammunition = Literal["live", "blank", "simunition", "dummy", "none"]

DAYS_MAX = 31
"""An exercise longer than a month is a year mistyped."""

_WEARER = re.compile(r"(?=[A-Z0-9-]*[0-9])[A-Z0-9][A-Z0-9-]{1,19}")
_WEAPON = re.compile(r"[a-z][a-z0-9 -]{1,39}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(2000, 2100)
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
    """The day, or the first of several."""
    site: str
    """A code of the training site, not an address."""
    cameras: tuple[WornCamera, ...]
    weapons: tuple[Weapon, ...]
    held_until: date | None = None
    """The last day; `None` when there was one day only."""

    @property
    def last_day(self) -> date:
        """The last day, which may be the first."""
        return self.held_until or self.held_on

    @property
    def days(self) -> str:
        """The day or days, for people."""
        return self.held_on.isoformat() + (f" to {self.held_until.isoformat()}" if self.held_until else "")

    @classmethod
    def parse(cls, said: object) -> Self:
        """Read a declaration from plain values: objects, lists and texts, as YAML and JSON give them.

        Raises:
            UsageError: it is not one; the message tells every mistake.
        """
        reader = Reader(said, "exercise", [])
        reader.expect_only("exercise", "scenario", "held_on", "held_until", "site", "cameras", "weapons")
        found = cls(
            exercise_id=reader.read("exercise", keys.exercise_id),
            scenario=reader.read("scenario", _scenario),
            held_on=reader.read("held_on", _day),
            site=reader.read("site", _site),
            cameras=tuple(
                WornCamera(camera.read("serial", keys.camera_serial), camera.read("wearer", _wearer))
                for camera in reader.inners("cameras")
            ),
            weapons=tuple(
                Weapon(weapon.read("kind", _weapon), weapon.read("ammunition", _ammunition))
                for weapon in reader.inners("weapons")
            ),
            held_until=reader.read("held_until", _day) if reader.has("held_until") else None,
        )
        try:
            reader.finish()
        except CustodyError as exc:
            raise UsageError(str(exc)) from exc
        if found.held_until is not None and found.held_until <= found.held_on:
            raise UsageError(
                f"exercise {found.exercise_id}: expected held_until after held_on {found.held_on}, "
                f"found {found.held_until}; leave it out where there was one day"
            )
        if (found.last_day - found.held_on).days > DAYS_MAX:
            raise UsageError(f"exercise {found.exercise_id}: expected at most {DAYS_MAX} days, found {found.days}")
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
            **({"held_until": self.held_until.isoformat()} if self.held_until else {}),
        }


@dataclass(frozen=True, slots=True)
class CameraRoll:
    """Which cameras were declared, and which sent footage."""

    undeclared: tuple[CameraSerial, ...]
    """Sent footage, and nobody declared who wore them."""
    silent: tuple[CameraSerial, ...]
    """Were declared, and sent nothing."""


def call_cameras(declared: ExerciseDeclaration | None, sent: Iterable[CameraSerial]) -> CameraRoll:
    """Compare the cameras that sent footage for an exercise with those that were declared; without a declaration, all
    that sent are undeclared.
    """
    worn = {camera.camera_serial for camera in declared.cameras} if declared is not None else set()
    heard = set(sent)
    return CameraRoll(tuple(sorted(heard - worn)), tuple(sorted(worn - heard)))


def _day(text: str) -> date:
    day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    if day is None or day.year not in _YEARS:
        raise ValueError(f"expected a day such as 2026-03-02, from 2000 to 2099, found {text[:80]!r}")
    return day


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
