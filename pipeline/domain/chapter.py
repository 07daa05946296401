"""Which part of a long recording is this file, as far as its sender's naming tells?

Cameras close a file at a size or time limit and go on in the next without losing a frame, or losing a few. What binds
the files is a series (what the camera counts as one press of the record button) and a number within it.

A place is a claim like any other: it says which files to compare, not that they fit.
"""

import re
from dataclasses import dataclass

_SERIES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_NUMBER_MAX = 10**9


@dataclass(frozen=True, slots=True, order=True)
class ChapterPlace:
    """This file is number `number` of the series `series` of its camera."""

    series: str
    """1 to 128 letters, digits, `.`, `_` or `-`: a counter or an id that a camera made, never a person's words."""
    number: int
    """Ascends in the order of recording; cameras begin at 0 or 1."""

    def __post_init__(self) -> None:
        if not _SERIES.fullmatch(self.series):
            raise ValueError(f"series: expected 1 to 128 letters, digits, '.', '_' or '-', found {self.series[:80]!r}")
        if not 0 <= self.number <= _NUMBER_MAX:
            raise ValueError(f"number: expected 0 to {_NUMBER_MAX}, found {self.number}")
