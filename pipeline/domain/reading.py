"""What is wrong with this JSON, all of it, when it should hold these values?

A reader notes each mistake and goes on, so that one reading tells them all. What it gives for a value that is missing
or wrong is a stand-in: values are good only after `finish()`, which raises if there was any mistake.
"""

import json
from collections.abc import Callable
from typing import NoReturn, Self, TypeVar, cast

from pipeline.errors import CustodyError, UsageError

T = TypeVar("T")


class Reader:
    """Reads one JSON object and remembers what was wrong with it."""

    def __init__(self, content: object, where: str, mistakes: list[str]) -> None:
        self._where = where
        self._mistakes = mistakes
        self._content: dict[str, object] = content if isinstance(content, dict) else {}
        if not isinstance(content, dict):
            mistakes.append(f"{where}: expected an object, found {type(content).__name__}")

    @classmethod
    def of_json(cls, text: bytes, *, what: str) -> Self:
        """Begin to read the JSON object in `text`.

        Raises:
            CustodyError: it is not JSON, or one of its objects holds a name twice.
        """
        try:
            content: object = json.loads(text, object_pairs_hook=_once_each, parse_constant=_refuse)
        except (ValueError, RecursionError) as exc:
            raise CustodyError(f"{what} is not JSON as we write it: {exc}") from exc
        return cls(content, what, [])

    def finish(self) -> None:
        """Say that everything was read.

        Raises:
            CustodyError: something was wrong; the message tells every mistake.
        """
        if self._mistakes:
            raise CustodyError("; ".join(self._mistakes))

    def has(self, name: str) -> bool:
        """Whether there is anything called `name`; what may be left out is asked for only then."""
        return name in self._content

    def expect_only(self, *names: str) -> None:
        """Note as a mistake whatever is called otherwise: a name mistyped is not a value left out."""
        for name in self._content:
            if name not in names:
                self._mistakes.append(f"{self._where}: expected only {', '.join(names)}; found {str(name)[:80]!r}")

    def read(self, name: str, parse: Callable[[str], T]) -> T:
        """The text called `name`, made into a value."""
        text = self._typed(name, str)
        if text is not None:
            try:
                return parse(text)
            except (ValueError, UsageError) as exc:
                self._mistakes.append(f"{self._where}.{name}: {exc}")
        return cast("T", None)

    def text(self, name: str) -> str:
        """The text called `name`, as it is."""
        return self._typed(name, str) or ""

    def integer(self, name: str, *, least: int) -> int:
        """The whole number called `name`, not below `least`."""
        number = self._typed(name, int)
        if number is not None and number < least:
            self._mistakes.append(f"{self._where}.{name}: expected {least} or more, found {number}")
        return number or 0

    def inner(self, name: str) -> "Reader":
        """A reader of the object called `name`; its mistakes are told with ours."""
        return Reader(self._content.get(name), f"{self._where}.{name}", self._mistakes)

    def inners(self, name: str) -> "list[Reader]":
        """Readers of the objects in the list called `name`."""
        entries: list[object] = self._typed(name, list) or []
        return [Reader(entry, f"{self._where}.{name}[{at}]", self._mistakes) for at, entry in enumerate(entries)]

    def _typed(self, name: str, kind: type[T]) -> T | None:
        found = self._content.get(name)
        # JSON's true is a Python int; nothing of ours takes it for one.
        if isinstance(found, kind) and not isinstance(found, bool):
            return found
        found_type = "nothing" if found is None else type(found).__name__
        self._mistakes.append(f"{self._where}.{name}: expected {kind.__name__}, found {found_type}")
        return None


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return content


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")
