"""How does a parser tell what it found in each of several files? A start of Python costs more than most files do."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.domain.plain import to_plain
from pipeline.errors import RejectedInputError


def said_of(files: Mapping[str, str], find: Callable[[str], object]) -> dict[str, dict[str, Any]]:
    """For each file, by the name that it was given, what `said` says."""
    return {name: said(find, path) for name, path in files.items()}


def said(find: Callable[[str], object], path: str) -> dict[str, Any]:
    """`{"facts": …}`, or `{"problem": "…"}` when it refuses the file."""
    try:
        return {"facts": to_plain(find(path))}
    except RejectedInputError as refused:
        return {"problem": str(refused)}


def beginning(path: str, size_max_bytes: int) -> bytes:
    """What a file begins with, at most so much of it."""
    with Path(path).open("rb") as stream:
        return stream.read(size_max_bytes)
