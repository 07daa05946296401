"""What does a file that is no picture, or a part of one that is no picture, say of itself?

Each parser runs within the walls of the sandbox. What comes back is the answer of a process that read untrusted bytes:
it is checked field by field before it is believed.
"""

from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from pipeline.adapters.sandbox import Parsers
from pipeline.domain.plain import from_plain
from pipeline.domain.still import StillFacts
from pipeline.domain.track import TrackFacts
from pipeline.errors import UnreadableFileError

_HERE = "pipeline.adapters.facts"
T = TypeVar("T")


class FactReader:
    """Reads stills, telemetry and tracks. Safe to share between threads."""

    def __init__(self, parsers: Parsers) -> None:
        self._parsers = parsers

    @cached_property
    def identity(self) -> str:
        """The parsers with their versions: the same text, the same facts."""
        return " ".join(f"{name} {version(name)}" for name in ("exifread", "telemetry-parser", "defusedxml"))

    def still(self, path: Path) -> StillFacts:
        """The EXIF of a photograph or THM.

        Raises:
            RejectedInputError: it cannot be read within the limits.
            MediaToolError: the parser was stopped from outside.
        """
        return _checked(StillFacts, self._parsers.run(f"{_HERE}.exif", {"still": path}))

    def telemetry(self, path: Path) -> TrackFacts | None:
        """The telemetry inside a video file; `None` where there is none that we know.

        Raises:
            RejectedInputError: it cannot be read within the limits.
            MediaToolError: the parser was stopped from outside.
        """
        answer = self._parsers.run(f"{_HERE}.telemetry", {"video": path})
        return None if answer is None else _checked(TrackFacts, answer)

    def track(self, path: Path) -> TrackFacts:
        """The places in a GPX, SRT or CSV sidecar.

        Raises:
            RejectedInputError: it is none of them, or cannot be read within the limits.
            MediaToolError: the parser was stopped from outside.
        """
        return _checked(TrackFacts, self._parsers.run(f"{_HERE}.tracks", {"track": path}))


def _checked(kind: type[T], answer: object) -> T:
    try:
        return from_plain(kind, answer)
    except ValueError as exc:
        raise UnreadableFileError(f"expected facts in the form of {kind.__name__}, found something else") from exc
