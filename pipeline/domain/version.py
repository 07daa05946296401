"""Which of two releases is newer, and is this a version number at all?

Semantic versioning with numbers only, `MAJOR.MINOR.PATCH`: a published number is never used again, and a release has no
"almost". PATCH is the same data in another serialisation, MINOR adds, MAJOR changes or removes.
"""

import re
from dataclasses import dataclass
from typing import Self

from pipeline.errors import UsageError

_SHAPE = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A release number; ordered as semantic versioning orders them."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `MAJOR.MINOR.PATCH`, without leading zeros, each number below a million.

        Raises:
            UsageError: the text is not such a number.
        """
        found = _SHAPE.fullmatch(text)
        if not found:
            raise UsageError(f"expected a version such as 1.2.0 (MAJOR.MINOR.PATCH), found {text[:80]!r}")
        return cls(*(int(number) for number in found.groups()))
