"""How long was somebody exposed to footage today, and how many more clips may they get?

Label Studio's browser counts how long an annotation was open, and adds to the count each time it is opened again. Rules
kept here:

* What an answer adds to a day is how much its count grew since its version before, on the day (UTC) of the new version.
* Skipped, refused and taken back answers count too: the clip was seen.
* A browser goes on counting while nobody sits before it. So one answer counts for at most `OPEN_MAX` times the clip's
  length, or `OPEN_MIN_S` where that is more.
* Where the browser told nothing, or less than the clip lasts, the clip's length counts: nobody is told to be less
  exposed than somebody who saw it once.
* A desk holds no more than can be done in what is left of the day at a person's own speed; when the day's limit is
  reached, nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from statistics import median

OPEN_MAX = 20
OPEN_MIN_S = 300.0
"""A clip that is looked at again and again, frame by frame: twenty times its length; five minutes if that is more."""

UNKNOWN_PACE = 3
"""Of somebody of whom nothing is known: three times a clip's length."""
DESK_MAX_CLIPS = 200
"""More would only be harder to give to somebody else."""
PACE_ANSWERS = 50
"""The newest answers from which a person's speed is taken."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One version of an answer: somebody sat before a clip."""

    answer: int
    """What is the same for all versions of an answer."""
    at: datetime
    clip_s: Fraction
    lead_time_s: float | None
    """As the browser counted up to this version; `None` when it did not say."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """How long somebody was exposed on one day."""

    day: date
    seconds: float
    answers: int
    because: str


@dataclass(frozen=True, slots=True)
class Room:
    """How many more clips somebody may get now, and why."""

    clips: int
    limit_reached: bool
    because: str


def exposures(sittings: Iterable[Sitting]) -> tuple[Exposure, ...]:
    """One person's exposure on each day on which there was any, in order of days."""
    versions: dict[int, list[Sitting]] = defaultdict(list)
    for sitting in sorted(sittings, key=lambda sitting: (sitting.at, sitting.answer)):
        versions[sitting.answer].append(sitting)
    days: dict[date, list[tuple[float, str]]] = defaultdict(list)
    for answer in versions.values():
        counted_s = 0.0
        for number, sitting in enumerate(answer):
            added_s, how = _added(sitting, counted_s, is_first=number == 0)
            counted_s = max(counted_s, sitting.lead_time_s or 0.0)
            days[sitting.at.date()].append((added_s, how))
    return tuple(
        Exposure(day, sum(seconds for seconds, _ in days[day]), len(days[day]), _told(how for _, how in days[day]))
        for day in sorted(days)
    )


def pace_s(sittings: Iterable[Sitting]) -> float | None:
    """How long an answer takes this person, in seconds: the middle of the newest; `None` when nothing is known."""
    newest: dict[int, Sitting] = {}
    for sitting in sorted(sittings, key=lambda sitting: sitting.at):
        newest[sitting.answer] = sitting
    recent = sorted(newest.values(), key=lambda sitting: sitting.at)[-PACE_ANSWERS:]
    return median([_added(sitting, 0.0, is_first=True)[0] for sitting in recent]) if recent else None


def room(
    *, exposed_s: float, limit_s: float, on_desk: int, pace: float | None, typical_clip_s: Fraction | None
) -> Room:
    """How many more clips somebody may get now.

    Args:
        exposed_s: their exposure today, in seconds.
        limit_s: what is allowed in a day.
        on_desk: how many clips lie on their desk unanswered.
        pace: how long an answer takes them, in seconds, when that is known.
        typical_clip_s: how long a clip lasts, for somebody whose speed is not known.
    """
    left_s = limit_s - exposed_s
    told = f"{exposed_s / 60:.0f} of {limit_s / 60:.0f} minutes today"
    if left_s <= 0:
        return Room(0, limit_reached=True, because=f"{told}: the day's limit is reached")
    each_s = pace or UNKNOWN_PACE * float(typical_clip_s or 10)
    fit = min(DESK_MAX_CLIPS, int(left_s / max(each_s, 1.0)))
    return Room(max(0, fit - on_desk), limit_reached=False, because=f"{told}; {each_s:.0f} s a clip, {on_desk} on desk")


def _added(sitting: Sitting, counted_s: float, *, is_first: bool) -> tuple[float, str]:
    most_s = max(OPEN_MAX * float(sitting.clip_s), OPEN_MIN_S)
    if sitting.lead_time_s is None:
        return (float(sitting.clip_s), "untold") if is_first else (0.0, "untold")
    grown_s = max(0.0, sitting.lead_time_s - counted_s)
    if is_first and grown_s < sitting.clip_s:
        return float(sitting.clip_s), "shorter"
    return (most_s, "cut") if grown_s > most_s else (grown_s, "counted")


def _told(how: Iterable[str]) -> str:
    ways: Sequence[str] = list(how)
    words = {
        "counted": "as the browser counted",
        "cut": "cut off, the page stood open",
        "shorter": "the clip's length, the browser counted less",
        "untold": "the clip's length, the browser told nothing",
    }
    return "; ".join(f"{ways.count(way)} {said}" for way, said in words.items() if way in ways)
