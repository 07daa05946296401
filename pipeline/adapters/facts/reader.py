"""What does a file that is no picture, or a part of one that is no picture, say of itself?

Each parser runs within the walls of the sandbox, for one file or for several at once. What comes back is the answer of
a process that read untrusted bytes: it is checked field by field before it is believed. A file that takes its parser
down takes no other with it: the others are then read one by one.
"""

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeVar

from pipeline.adapters.sandbox import Parsers
from pipeline.domain.original_facts import OriginalFacts, OriginalKind
from pipeline.domain.plain import from_plain
from pipeline.domain.still import StillFacts
from pipeline.domain.track import TrackFacts
from pipeline.errors import RejectedInputError, UnreadableFileError

Parser = Literal["stills", "telemetry", "tracks"]
PARSER_OF: dict[OriginalKind, Parser] = {"video": "telemetry", "still": "stills", "track": "tracks"}

FORM = 3
"""What we ask the parsers. Form 1, which said no number, did not read XMP; form 2 kept no series of telemetry."""

SERIES_BYTES_MAX = 1 << 30
"""Of the gzipped samples of one file: an hour at two hundred a second has some thirty megabytes."""

_PROBLEM_LENGTH_MAX = 300
T = TypeVar("T")


class FactReader:
    """Reads stills, telemetry and tracks. Safe to share between threads."""

    def __init__(self, parsers: Parsers) -> None:
        self._parsers = parsers

    def read_with_series(self, path: Path, series: Path) -> OriginalFacts:
        """The facts of one video; every sample of its telemetry goes into the file `series`, where it has any.

        Raises:
            MediaToolError: the parser was stopped from outside, or the file is gone; no series is left.
        """
        try:
            answers = self._parsers.run(
                f"{__package__}.telemetry", {"0": path}, options={"series": "out/series"}, keep={"series": series}
            )
            found = _facts("telemetry", answers.get("0"))
        except (RejectedInputError, AttributeError):  # its facts may be read all the same
            series.unlink(missing_ok=True)
            return self.read("video", [path])[0]
        if series.stat().st_size == 0:
            series.unlink()
        return found

    @cached_property
    def identity(self) -> str:
        """The parsers with their versions: the same text, the same facts."""
        libraries = (f"{name} {version(name)}" for name in ("exifread", "telemetry-parser", "defusedxml"))
        return f"{' '.join(libraries)} form {FORM}"

    def read(self, kind: OriginalKind, paths: Sequence[Path]) -> list[OriginalFacts]:
        """The facts of files of one kind, in their order; what cannot be read is a problem among them.

        Raises:
            MediaToolError: a parser was stopped from outside, or a file is gone.
        """
        parser = PARSER_OF.get(kind)
        if parser is None:
            return [OriginalFacts() for _ in paths]
        try:
            answers = self._parsers.run(f"{__package__}.{parser}", {str(at): path for at, path in enumerate(paths)})
            return [_facts(parser, answers.get(str(at))) for at in range(len(paths))]
        except (RejectedInputError, AttributeError) as exc:  # no facts at all, or an answer that is none
            if len(paths) > 1:
                return [facts for path in paths for facts in self.read(kind, [path])]
            reason = str(exc) if isinstance(exc, RejectedInputError) else "the parser answered something else"
            return [OriginalFacts(problem=reason)]


def _facts(parser: Parser, answer: object) -> OriginalFacts:
    """One answer, believed as far as it has the form of facts.

    Raises:
        UnreadableFileError: it has another form.
    """
    if not isinstance(answer, dict) or not answer or not answer.keys() <= {"facts", "problem"}:
        raise UnreadableFileError("expected facts or a problem, found something else")
    problem = str(answer["problem"])[:_PROBLEM_LENGTH_MAX] if "problem" in answer else None
    if "facts" not in answer:
        return OriginalFacts(problem=problem)
    found = answer["facts"]
    try:
        if parser == "stills":
            return OriginalFacts(still=from_plain(StillFacts, found), problem=problem)
        track = None if found is None else from_plain(TrackFacts, found)
    except ValueError as exc:
        raise UnreadableFileError("expected facts in their form, found something else") from exc
    telemetry, track = (track, None) if parser == "telemetry" else (None, track)
    return OriginalFacts(telemetry=telemetry, track=track, problem=problem)
