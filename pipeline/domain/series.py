"""Which files of a series are one recording, in which order, and why?

A series is what a camera counts as one press of the record button. Rules kept here:

* Chapters are in the order of their numbers. A counter that is at its end begins again (99, 00): where low and high
  numbers stand far apart, the high ones came first.
* A number that occurs twice means that the camera counted anew (a card was formatted). Where every file has a clock,
  time tells the rounds apart; else the file that came first keeps the number, and the other is a recording of its own.
* Consecutive chapters that fit are one recording. A number that is missing leaves a gap that is recorded, and does not
  end it. A file that does not fit, or that began long after the one before ended, begins another.
* A recording never changes. A chapter that comes when the recording was made is a recording of its own that says which
  one it continues, and which one goes on where it ends.

The same files in any order give the same answer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import groupby, pairwise

from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.digest import Sha256
from pipeline.domain.joining import Join, created_at, measure_join, why_not_alike
from pipeline.domain.media import MediaFacts

GAP_MAX_S = Fraction(600)
"""Chapters further apart than this, where missing ones cannot explain it, are not one press of a button."""

_Edge = tuple[str, Sha256 | None]
"""Why a recording begins or ends here, and the original on the other side."""
_OPEN: _Edge = ("", None)
"""Nothing is known on the other side."""


@dataclass(frozen=True, slots=True)
class ChapterFile:
    """An original that says which chapter it is."""

    digest: Sha256
    place: ChapterPlace
    facts: MediaFacts
    received_at: datetime
    satellite_start_at: datetime | None = None
    """When it began by satellite time, where it tells."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """Chapters that are one recording."""

    chapters: tuple[ChapterFile, ...]
    joins: tuple[Join, ...]
    """Between each chapter and the next."""
    because: str
    continues: Sha256 | None
    """The original right before the first of these, in a recording that was made before or that it does not fit."""
    precedes: Sha256 | None = None
    """The original right after the last of these, in a recording that was made before."""


def assemble(files: Sequence[ChapterFile], *, taken: Collection[Sha256] = ()) -> tuple[Assembly, ...]:
    """The recordings that the files of one series are.

    Args:
        files: every readable file of the series, each original once.
        taken: those that are in a recording already; they are in no assembly.
    """
    ordered = sorted(files, key=lambda file: (file.place.number, file.received_at, file.digest.hex))
    return tuple(assembly for run, why in _runs(ordered) for assembly in _split(run, why, taken))


def _runs(files: list[ChapterFile]) -> list[tuple[list[ChapterFile], str]]:
    """Rounds of the counter, each in the order of recording, and why it begins with its first."""
    numbers = [file.place.number for file in files]
    if len(set(numbers)) == len(numbers):
        return [(_in_order(files), _beginning(_in_order(files)[0]))] if files else []
    begun = [created_at(file.facts) for file in files]
    if None in begun:
        first_of_each = [next(group) for _, group in groupby(files, key=lambda file: file.place.number)]
        again = [file for file in files if file not in first_of_each]
        run = _in_order(first_of_each)
        return [
            (run, _beginning(run[0])),
            *(([file], f"another file came first as chapter {file.place.number}") for file in again),
        ]
    in_time = [file for _, file in sorted(zip(begun, files, strict=True), key=lambda pair: (pair[0], pair[1].place))]
    runs = [[in_time[0]]]
    for before, after in pairwise(in_time):
        if after.place.number <= before.place.number:
            runs.append([])
        runs[-1].append(after)
    return [(run, f"{_beginning(run[0])}; the camera counted {len(runs)} times") for run in runs]


def _in_order(files: list[ChapterFile]) -> list[ChapterFile]:
    """Files of different numbers, ascending, turned where the counter began again."""
    numbers = [file.place.number for file in files]
    top = numbers[-1]
    if len(files) < 2 or numbers[0] > 1 or set(str(top)) != {"9"} or top == 9:  # noqa: PLR2004  # 0 and 1 are where counters begin
        return files
    turn, hole = max(enumerate(after - before for before, after in pairwise(numbers)), key=lambda found: found[1])
    return [*files[turn + 1 :], *files[: turn + 1]] if 2 * hole > top else files


def _split(run: list[ChapterFile], why_first: str, taken: Collection[Sha256]) -> list[Assembly]:
    """The assemblies of one run, without those that are taken."""
    assemblies: list[Assembly] = []
    chapters, joins = [run[0]], list[Join]()
    began: _Edge = (why_first, None)
    for before, after in pairwise(run):
        join = _join(before, after)
        why = _why_apart(before, after, join, taken)
        if why is None:
            joins.append(join)
        else:
            is_far = _is_far(before, join)
            ended = _ending(after, join) if after.digest in taken and not is_far else _OPEN
            assemblies += _whole(chapters, joins, began, taken, ended=ended)
            chapters, joins, began = [], [], (why, None if is_far else before.digest)
        chapters.append(after)
    return [*assemblies, *_whole(chapters, joins, began, taken)]


def _whole(
    chapters: list[ChapterFile], joins: list[Join], began: _Edge, taken: Collection[Sha256], *, ended: _Edge = _OPEN
) -> list[Assembly]:
    if chapters[0].digest in taken:
        return []
    numbers = ", ".join(str(chapter.place.number) for chapter in chapters)
    because = "; ".join(filter(None, (f"chapter {numbers} of series {chapters[0].place.series}", began[0], ended[0])))
    return [Assembly(tuple(chapters), tuple(joins), because, continues=began[1], precedes=ended[1])]


def _ending(after: ChapterFile, join: Join) -> _Edge:
    """Where late chapters end because what follows is in a recording already."""
    why = f"came when the recording with chapter {after.place.number} was made, which goes on after it: {join.because}"
    return why, after.digest


def _beginning(first: ChapterFile) -> str:
    if first.place.number <= 1:
        return "begins with the first"
    return f"begins with chapter {first.place.number}: no earlier one came"


def _join(before: ChapterFile, after: ChapterFile) -> Join:
    return measure_join(
        before.facts,
        after.facts,
        missing=max(0, after.place.number - before.place.number - 1),
        satellites=(before.satellite_start_at, after.satellite_start_at),
    )


def _why_apart(before: ChapterFile, after: ChapterFile, join: Join, taken: Collection[Sha256]) -> str | None:
    """Why a chapter does not go on in the recording of the one before; `None` when it does."""
    earlier = f"chapter {before.place.number}"
    if (unlike := why_not_alike(before.facts, after.facts)) is not None:
        return f"does not fit {earlier}: {unlike}"
    if _is_far(before, join):
        return f"began long after {earlier} ended: {join.because}"
    if (before.digest in taken) != (after.digest in taken):
        return f"came when the recording with {earlier} was made; it continues that: {join.because}"
    if before.digest in taken:
        return f"follows {earlier}"
    return None


def _is_far(before: ChapterFile, join: Join) -> bool:
    """Whether more time lies between than a pause and the chapters that never came can explain."""
    explained_s = GAP_MAX_S + 2 * join.missing * before.facts.video.duration_s
    return join.gap_s is not None and join.gap_s > explained_s
