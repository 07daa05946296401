"""What does a file's name say about it, by the naming conventions of cameras and exports?

Conventions are a table of patterns, written in TOML (`pipeline/domain/naming/patterns.toml`; a site adds its own). A
pattern is a regular expression for the whole name with named groups:

    base         what the file's companions are called as well; without it: the name without its last suffix
    series       what the camera counts as one recording
    words        the same, where people may have typed it: only its digest is kept
    number       which part of the series
    started_at   when recording began, read with the pattern's `started_at` format
    camera       the serial of the camera

Rules kept here:

* The first pattern that matches says what the name says. Upper and lower case are the same, as they are to FAT.
* A name is a claim. It decides what a file is compared with and how it is treated, never what its bytes are.
* A pattern cannot take long, whatever the name: no group is repeated without end, at most two parts of a pattern are,
  and names are cut at 255 characters.
* Every pattern has examples, which are checked whenever the table is read; reading tells all mistakes at once.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final, Literal, Self, cast

from pipeline.domain import keys
from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.companion import COMPANION_KINDS, CompanionKind, companion_kind
from pipeline.errors import SettingsError, UsageError

NAME_LENGTH_MAX: Final = 255
NameKind = CompanionKind | Literal["footage", "ignored"]

_KINDS: Final = ("footage", "ignored", *COMPANION_KINDS)
_GROUPS: Final = frozenset({"base", "series", "words", "number", "started_at", "camera"})
_FIELDS: Final = frozenset({"id", "says", "source", "match", "kind", "family", "number", "started_at", "examples"})
_EXPECTED: Final = frozenset({"base", "series", "number", "started_at", "camera"})
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
_UNBOUNDED: Final = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\})")
_UNBOUNDED_MAX: Final = 2
_UNBOUNDED_GROUP: Final = re.compile(r"(?<!\\)\)(?:[*+]|\{\d*,\})")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """What a name says."""

    kind: NameKind
    base: str
    """In capitals."""
    pattern_id: str | None = None
    """Which pattern told; `None` when none matched."""
    chapter: ChapterPlace | None = None
    started_at: str | None = None
    """ISO 8601; without an offset when the name has none, as most."""
    camera: str | None = None

    @property
    def started_about(self) -> datetime | None:
        """When recording began, taking what has no offset for UTC: wrong by a time zone at most."""
        if self.started_at is None:
            return None
        at = datetime.fromisoformat(self.started_at)
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    @property
    def companion_kind(self) -> CompanionKind | None:
        """The kind of companion that this is; `None` for footage."""
        return companion_kind(self.kind)


@dataclass(frozen=True, slots=True)
class NamePattern:
    """One naming convention."""

    pattern_id: str
    says: str
    source: str
    """Where the convention is written down."""
    match: re.Pattern[str]
    kind: NameKind
    family: str
    number: int | None
    started_at: str | None
    examples: tuple[Mapping[str, object], ...]

    def read(self, name: str) -> NamedFile | None:
        """What a name says by this convention; `None` when it does not follow it."""
        found = self.match.fullmatch(name)
        if found is None:
            return None
        groups = found.groupdict()
        return NamedFile(
            kind=self.kind,
            base=(groups.get("base") or PurePosixPath(name).stem).upper(),
            pattern_id=self.pattern_id,
            chapter=self._chapter(groups),
            started_at=self._started_at(groups.get("started_at")),
            camera=_serial(groups.get("camera")),
        )

    def _chapter(self, groups: Mapping[str, str | None]) -> ChapterPlace | None:
        series, words, number = groups.get("series"), groups.get("words"), groups.get("number")
        if words is not None:
            series = hashlib.sha256(words.upper().encode()).hexdigest()[:16]
        if series is None or (number is None and self.number is None):
            return None
        return ChapterPlace(f"{self.family}-{series.upper()}", int(number) if number is not None else self.number or 0)

    def _started_at(self, text: str | None) -> str | None:
        if text is None or self.started_at is None:
            return None
        try:
            return datetime.strptime(text, self.started_at).isoformat()  # noqa: DTZ007  # most names have no offset
        except ValueError:
            return None  # digits in the right places that are no moment


@dataclass(frozen=True, slots=True)
class NamingTable:
    """Naming conventions, the first that matches first."""

    patterns: tuple[NamePattern, ...]

    @classmethod
    def parse(cls, text: str, *, source: str) -> Self:
        """Read a table from TOML.

        Raises:
            SettingsError: it is not TOML, or not a table of patterns; the message tells every mistake.
        """
        try:
            found = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as exc:
            raise SettingsError(f"{source}: expected TOML, found {exc}") from exc
        return cls.of(found.get("pattern"), source=source)

    @classmethod
    def of(cls, said: object, *, source: str) -> Self:
        """Make a table of what TOML or JSON said.

        Raises:
            SettingsError: it is not a table of patterns; the message tells every mistake.
        """
        if not isinstance(said, list) or not said:
            raise SettingsError(f"{source}: expected a list of patterns called `pattern`, found {type(said).__name__}")
        mistakes: list[str] = []
        patterns = [_pattern(entry, f"pattern {at}", mistakes) for at, entry in enumerate(said, start=1)]
        table = cls(tuple(pattern for pattern in patterns if pattern is not None))
        ids = [pattern.pattern_id for pattern in table.patterns]
        mistakes += [
            f"{twice}: expected an id once, found twice" for twice in sorted({i for i in ids if ids.count(i) > 1})
        ]
        mistakes += [mistake for pattern in table.patterns for mistake in table.faults_of_examples(pattern)]
        if mistakes:
            raise SettingsError(f"{source}: " + "; ".join(mistakes))
        return table

    def before(self, other: "NamingTable") -> "NamingTable":
        """These conventions, then those of another table."""
        return NamingTable(self.patterns + other.patterns)

    def read(self, name: str) -> NamedFile:
        """What a name says; a name that follows no convention is footage."""
        shown = "".join(character for character in name if character.isprintable())[:NAME_LENGTH_MAX]
        for pattern in self.patterns:
            found = pattern.read(shown)
            if found is not None:
                return found
        return NamedFile("footage", PurePosixPath(shown).stem.upper())

    def faults_of_examples(self, pattern: NamePattern) -> list[str]:
        """Where the examples of a pattern do not say what they should, or another pattern takes them first."""
        faults = []
        for example in pattern.examples:
            name = str(example["name"])
            found = self.read(name)
            if found.pattern_id != pattern.pattern_id:
                faults.append(f"{pattern.pattern_id}: example {name!r} is read by {found.pattern_id or 'no pattern'}")
                continue
            said: dict[str, object] = {
                "base": found.base,
                "series": found.chapter.series if found.chapter else None,
                "number": found.chapter.number if found.chapter else None,
                "started_at": found.started_at,
                "camera": found.camera,
            }
            faults += [
                f"{pattern.pattern_id}: example {name!r}: expected {key} {example[key]!r}, found {said[key]!r}"
                for key in sorted(_EXPECTED & set(example))
                if said[key] != example[key]
            ]
        return faults


def _serial(text: str | None) -> str | None:
    try:
        return keys.camera_serial(text) if text is not None else None
    except UsageError:
        return None


def _pattern(said: object, where: str, mistakes: list[str]) -> NamePattern | None:
    """The pattern that an entry of the table is; its mistakes are noted."""
    if not isinstance(said, dict):
        mistakes.append(f"{where}: expected a table, found {type(said).__name__}")
        return None
    told = len(mistakes)
    where = str(said.get("id", where))[:40]
    mistakes += [f"{where}: unknown field {name[:40]}" for name in sorted(set(said) - _FIELDS)]
    for name in ("id", "says", "source", "match", "kind"):
        if not isinstance(said.get(name), str) or not said[name]:
            mistakes.append(f"{where}: expected text for {name}")
    if len(mistakes) > told:
        return None
    if not _ID.fullmatch(said["id"]):
        mistakes.append(f"{where}: expected an id of lower-case letters, digits and '-'")
    if said["kind"] not in _KINDS:
        mistakes.append(f"{where}: expected a kind of {', '.join(_KINDS)}, found {said['kind'][:40]!r}")
    number, examples = said.get("number"), said.get("examples")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
        mistakes.append(f"{where}: expected a number of 0 or more, found {number!r}")
    if not _are_examples(examples):
        mistakes.append(f"{where}: expected one or more examples, each with a name and what it says")
    match = compiled(said["match"], where, mistakes)
    if match is None or len(mistakes) > told:
        return None
    return NamePattern(
        pattern_id=said["id"],
        says=said["says"],
        source=said["source"],
        match=match,
        kind=cast("NameKind", said["kind"]),
        family=str(said.get("family", said["id"])),
        number=number,
        started_at=said.get("started_at"),
        examples=tuple(cast("Sequence[Mapping[str, object]]", examples)),
    )


def _are_examples(examples: object) -> bool:
    return (
        isinstance(examples, list)
        and bool(examples)
        and all(
            isinstance(example, dict) and isinstance(example.get("name"), str) and set(example) <= _EXPECTED | {"name"}
            for example in examples
        )
    )


def compiled(text: str, where: str, mistakes: list[str]) -> re.Pattern[str] | None:
    """A regular expression for names that cannot take long; `None` when it is not one, which is noted."""
    if _UNBOUNDED_GROUP.search(text) or len(_UNBOUNDED.findall(text)) > _UNBOUNDED_MAX:
        mistakes.append(
            f"{where}: expected no group repeated without end and at most {_UNBOUNDED_MAX} of *, + and {{n,}}"
        )
        return None
    try:
        match = re.compile(text, re.IGNORECASE | re.ASCII)
    except (re.error, RecursionError, OverflowError) as exc:
        mistakes.append(f"{where}: expected a regular expression, found {exc}")
        return None
    if unknown := sorted(set(match.groupindex) - _GROUPS):
        mistakes.append(f"{where}: expected groups of {', '.join(sorted(_GROUPS))}, found {', '.join(unknown)}")
        return None
    return match
