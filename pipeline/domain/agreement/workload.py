"""How much work is left, for whom, and what was assumed?

Rules kept here:

* The answers that clips still need are shared equally among those who label now, as clips are given out.
* Each takes for an answer what the middle one of their newest took; somebody of whom nothing is known takes what the
  others take at the middle.
* A day of theirs is what they were exposed on the days on which they worked at all, the newest ten; never more than is
  allowed.
* Disputes will come as they came: that share of the answers left goes to adjudicators too, at their own speed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

RECENT_DAYS = 10


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who labels or adjudicates now, with what was measured of them."""

    annotator: str
    pace_s: float | None
    """How long an answer takes them."""
    days_s: tuple[float, ...]
    """How long they were exposed on each day on which they worked, the oldest first."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How much work one person has left."""

    annotator: str
    answers: int
    hours: float | None
    """`None` where nobody's speed is known yet."""
    days: float | None
    """Working days of theirs; `None` where they have not worked a day."""


def forecast(workers: Sequence[Worker], answers_left: int, *, limit_s: float) -> tuple[Forecast, ...]:
    """What is left for each of these people, in their order; the first get one more where it does not divide evenly."""
    known = [worker.pace_s for worker in workers if worker.pace_s is not None]
    usual_s = median(known) if known else None
    found = []
    for number, worker in enumerate(workers):
        share = answers_left // len(workers) + (number < answers_left % len(workers))
        pace_s = worker.pace_s if worker.pace_s is not None else usual_s
        work_s = None if pace_s is None else share * pace_s
        day_s = min(median(worker.days_s[-RECENT_DAYS:]), limit_s) if worker.days_s else None
        found.append(
            Forecast(
                annotator=worker.annotator,
                answers=share,
                hours=None if work_s is None else round(work_s / 3600, 2),
                days=None if work_s is None or not day_s else round(work_s / day_s, 1),
            )
        )
    return tuple(found)


def disputes_ahead(clips_open: int, *, settled: int, disputed: int) -> int:
    """How many of the clips that are still open will be disputed, if they are so as often as those before them."""
    judged = settled + disputed
    return ceil(clips_open * disputed / judged) if judged else 0


def assumptions(paces_s: Mapping[str, float | None], *, limit_s: float) -> tuple[str, ...]:
    """What a forecast takes for granted, in sentences."""
    unknown = sorted(annotator for annotator, pace_s in paces_s.items() if pace_s is None)
    told = [
        "answers that are left are shared equally among those who label now",
        "everybody goes on at the middle speed of their newest answers",
        f"nobody works more than {limit_s / 60:.0f} minutes a day, nor more than on the days on which they worked",
        "clips are disputed as often as so far",
    ]
    if unknown:
        told.append(f"of {', '.join(unknown)} no speed is known: that of the others is taken")
    return tuple(told)
