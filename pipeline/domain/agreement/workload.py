"""How much work is left, for whom, and what was assumed?

Rules kept here:

* What lies on somebody's desk is theirs to answer. The answers that clips need beyond that are shared equally among
  those who label now, as clips are given out.
* Each takes for an answer what the middle one of their newest took; somebody of whom nothing is known takes what the
  others take at the middle, and where nothing is known of any adjudicator, what annotators take.
* A day of theirs is what they were exposed on the days on which they worked at all, the newest ten; never more than is
  allowed.
* Disputes will come as they came: that share of the answers left goes to adjudicators too, at their own speed.
"""

from collections.abc import Iterable, Mapping, Sequence
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
    on_desk: int = 0
    """Clips that they were given and have not answered."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How much work one person has left."""

    annotator: str
    answers: int
    hours: float | None
    """`None` where nobody's speed is known yet."""
    days: float | None
    """Working days of theirs; `None` where they have not worked a day."""


def usual_pace_s(workers: Iterable[Worker]) -> float | None:
    """The middle of the paces that are known."""
    known = [worker.pace_s for worker in workers if worker.pace_s is not None]
    return median(known) if known else None


def forecast(
    workers: Sequence[Worker], answers_left: int, *, limit_s: float, else_s: float | None = None
) -> tuple[Forecast, ...]:
    """What is left for each of these people, in their order; the first get one more where it does not divide evenly.

    Args:
        workers: who works now.
        answers_left: how many answers are still needed, those on desks included.
        limit_s: how long somebody may be exposed in a day.
        else_s: how long an answer takes where nothing is known of any of them.
    """
    known_s = usual_pace_s(workers)
    usual_s = else_s if known_s is None else known_s
    to_share = max(0, answers_left - sum(worker.on_desk for worker in workers))
    found = []
    for number, worker in enumerate(workers):
        answers = worker.on_desk + to_share // len(workers) + (number < to_share % len(workers))
        pace_s = worker.pace_s if worker.pace_s is not None else usual_s
        work_s = None if pace_s is None else answers * pace_s
        day_s = min(median(worker.days_s[-RECENT_DAYS:]), limit_s) if worker.days_s else None
        found.append(
            Forecast(
                annotator=worker.annotator,
                answers=answers,
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
        "what lies on a desk is answered there, and what is given out later is shared equally",
        "everybody goes on at the middle speed of their newest answers",
        f"nobody works more than {limit_s / 60:.0f} minutes a day, nor more than on the days on which they worked",
        "clips are disputed as often as so far",
    ]
    if unknown:
        told.append(f"of {', '.join(unknown)} no speed is known: that of the others is taken")
    return tuple(told)
