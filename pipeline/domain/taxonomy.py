"""Which words may annotators use, what do they mean, and where do they lie on the keyboard?

A taxonomy is written as TOML, so that those who label and those who use the labels can read and change it without
Python. Rules kept here:

* Keys are for machines and never change; names, definitions, pictures and colours are for people.
* No key, no colour and no hotkey is used twice; a hotkey is one letter or digit, so that it needs one hand.
* Reading tells all mistakes at once.
* The digest is over what the taxonomy says, not over how the file is laid out.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final, Literal, Self, cast, get_args

from pipeline.domain.digest import Sha256
from pipeline.domain.version import Version
from pipeline.errors import SettingsError, UsageError

Extent = Literal["span", "point"]
"""Whether an event lasts, or happens at a moment (its onset is then what counts)."""

_ID = re.compile(r"[a-z][a-z0-9-]{0,23}")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_COLOUR = re.compile(r"#[0-9A-F]{6}")
_HOTKEY = re.compile(r"[a-z0-9]")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_PICTURE = re.compile(r"[a-z][a-z0-9_-]{0,39}\.(?:svg|png)")
_SUGGESTION = re.compile(r"impulse|speech|bookmark(?::[^A-Z:\s](?:[^A-Z:]{0,62}[^A-Z:\s])?)?")
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event that annotators mark on the timeline of a clip."""

    key: str
    name: str
    extent: Extent
    hotkey: str
    colour: str
    """`#RRGGBB`, upper case."""
    definition: str
    inclusion: str
    exclusion: str
    picture: "Picture | None" = None
    """Shown with the definition."""
    suggested_by: tuple[str, ...] = ()
    """Which hints suggest it: a source such as `impulse`, or `bookmark:` and a category in lower case."""


@dataclass(frozen=True, slots=True)
class BoxKind:
    """A kind of thing that annotators may draw a box around, and follow through a clip."""

    key: str
    name: str
    hotkey: str
    colour: str
    """`#RRGGBB`, upper case."""
    definition: str
    inclusion: str
    exclusion: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing that makes a definition plain. Its digest is part of the taxonomy: what is shown is what was meant."""

    file: str
    """Its name beside the taxonomy."""
    digest: Sha256


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers to a question."""

    key: str
    name: str
    hotkey: str
    definition: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the clip as a whole."""

    key: str
    name: str
    definition: str
    required: bool
    multiple: bool
    """Whether more than one answer may be given."""
    answers: tuple[Answer, ...]

    def answer(self, key: str) -> Answer | None:
        """The answer with this key."""
        return next((answer for answer in self.answers if answer.key == key), None)


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A versioned set of event kinds and questions."""

    taxonomy_id: str
    version: Version
    title: str
    purpose: str
    events: tuple[EventKind, ...]
    questions: tuple[Question, ...]
    boxes: tuple[BoxKind, ...] = ()
    """Empty where no boxes are wanted."""

    @property
    def name(self) -> str:
        """`<id>-<version>`."""
        return f"{self.taxonomy_id}-{self.version}"

    @property
    def canonical(self) -> bytes:
        """Everything that the taxonomy says, as JSON in one form only: what a release carries."""
        content = asdict(self) | {"version": str(self.version)}
        # What an older taxonomy could not say is left out where it says nothing: its digest stays what it was.
        if not self.boxes:
            del content["boxes"]
        for kind in content["events"]:
            picture = kind.pop("picture")
            if picture is not None:
                kind["picture"] = picture["file"], picture["digest"]["hex"]
            if not kind["suggested_by"]:
                del kind["suggested_by"]
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def digest(self) -> Sha256:
        """The digest of everything that the taxonomy says."""
        return Sha256.of(self.canonical)

    def event(self, key: str) -> EventKind | None:
        """The event kind with this key."""
        return next((kind for kind in self.events if kind.key == key), None)

    def is_point(self, key: str) -> bool:
        """Whether the event of this key happens at a moment."""
        kind = self.event(key)
        return kind is not None and kind.extent == "point"

    def box(self, key: str) -> BoxKind | None:
        """The kind of box with this key."""
        return next((kind for kind in self.boxes if kind.key == key), None)

    def question(self, key: str) -> Question | None:
        """The question with this key."""
        return next((question for question in self.questions if question.key == key), None)

    @classmethod
    def parse(cls, text: str, *, source: str = "the taxonomy") -> Self:
        """Read a taxonomy from TOML.

        Args:
            text: the TOML.
            source: what to call it in the message when something is wrong.

        Raises:
            SettingsError: the message tells every mistake.
        """
        mistakes: list[str] = []
        try:
            table = _Table(tomllib.loads(text), source, mistakes)
        except tomllib.TOMLDecodeError as exc:
            raise SettingsError(f"{source}: expected TOML, found {exc}") from exc
        taxonomy = cls(
            taxonomy_id=table.text("id", _ID),
            version=_version(table),
            title=table.text("title"),
            purpose=table.text("purpose"),
            events=tuple(_event(event) for event in table.tables("event")),
            questions=tuple(_question(question) for question in table.tables("question")),
            boxes=tuple(_box(box) for box in table.tables("box")) if table.has("box") else (),
        )
        table.nothing_else()
        mistakes += [f"{source}: {mistake}" for mistake in _clashes(taxonomy)]
        if mistakes:
            raise SettingsError("\n".join(mistakes))
        return taxonomy


class _Table:
    """One TOML table, read name by name; what is missing or wrong is noted, and something harmless given instead."""

    def __init__(self, content: dict[str, object], where: str, mistakes: list[str]) -> None:
        self._content = content
        self._where = where
        self._mistakes = mistakes
        self._read: set[str] = set()

    def text(self, name: str, shape: re.Pattern[str] | None = None) -> str:
        value = self._value(name)
        if isinstance(value, str) and value.strip() and (shape is None or shape.fullmatch(value)):
            return value.strip()
        if value is not _MISSING:
            expected = f"text like {shape.pattern}" if shape else "text"
            self.wrong(name, f"expected {expected}, found {value!r:.80}")
        return ""

    def has(self, name: str) -> bool:
        return name in self._content

    def texts(self, name: str, shape: re.Pattern[str]) -> tuple[str, ...]:
        value = self._value(name)
        if isinstance(value, list) and all(isinstance(text, str) and shape.fullmatch(text) for text in value):
            return tuple(value)
        self.wrong(name, f"expected a list of texts like {shape.pattern}, found {value!r:.80}")
        return ()

    def yes_or_no(self, name: str) -> bool:
        value = self._value(name)
        if not isinstance(value, bool) and value is not _MISSING:
            self.wrong(name, f"expected true or false, found {value!r:.80}")
        return value is True

    def tables(self, name: str) -> "list[_Table]":
        value = self._value(name)
        if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
            return [_Table(entry, f"{self._where}: {name} {at}", self._mistakes) for at, entry in enumerate(value, 1)]
        if value is not _MISSING:
            self.wrong(name, f"expected one or more tables, found {value!r:.80}")
        return []

    def nothing_else(self) -> None:
        """Note every name that nobody asked for: a misspelt name would otherwise be lost in silence."""
        for name in sorted(set(self._content) - self._read):
            self.wrong(name, "nothing of this name is known")

    def wrong(self, name: str, what: str) -> None:
        self._mistakes.append(f"{self._where}: {name}: {what}")

    def _value(self, name: str) -> object:
        self._read.add(name)
        if name not in self._content:
            self.wrong(name, "is missing")
        return self._content.get(name, _MISSING)


def _version(table: _Table) -> Version:
    text = table.text("version")
    try:
        return Version.parse(text)
    except UsageError as exc:
        if text:
            table.wrong("version", str(exc))
        return Version(0, 0, 0)


def _event(table: _Table) -> EventKind:
    extent = table.text("extent")
    if extent and extent not in get_args(Extent):
        table.wrong("extent", f"expected one of {', '.join(get_args(Extent))}, found {extent!r:.80}")
    kind = EventKind(
        key=table.text("key", _KEY),
        name=table.text("name"),
        extent=cast("Extent", extent),
        hotkey=table.text("hotkey", _HOTKEY),
        colour=table.text("colour", _COLOUR),
        definition=table.text("definition"),
        inclusion=table.text("inclusion"),
        exclusion=table.text("exclusion"),
        picture=_picture(table) if table.has("picture") else None,
        suggested_by=table.texts("suggested_by", _SUGGESTION) if table.has("suggested_by") else (),
    )
    table.nothing_else()
    return kind


def _picture(table: _Table) -> Picture | None:
    file, digest = table.text("picture", _PICTURE), table.text("picture_sha256", _HEX64)
    return Picture(file, Sha256(digest)) if file and digest else None


def _box(table: _Table) -> BoxKind:
    kind = BoxKind(
        key=table.text("key", _KEY),
        name=table.text("name"),
        hotkey=table.text("hotkey", _HOTKEY),
        colour=table.text("colour", _COLOUR),
        definition=table.text("definition"),
        inclusion=table.text("inclusion"),
        exclusion=table.text("exclusion"),
    )
    table.nothing_else()
    return kind


def _question(table: _Table) -> Question:
    question = Question(
        key=table.text("key", _KEY),
        name=table.text("name"),
        definition=table.text("definition"),
        required=table.yes_or_no("required"),
        multiple=table.yes_or_no("multiple"),
        answers=tuple(_answer(answer) for answer in table.tables("answers")),
    )
    table.nothing_else()
    return question


def _answer(table: _Table) -> Answer:
    answer = Answer(
        key=table.text("key", _KEY),
        name=table.text("name"),
        hotkey=table.text("hotkey", _HOTKEY),
        definition=table.text("definition"),
    )
    table.nothing_else()
    return answer


def _clashes(taxonomy: Taxonomy) -> list[str]:
    """Whatever is used twice where it may be used once."""
    events, questions, boxes = taxonomy.events, taxonomy.questions, taxonomy.boxes
    answers = [answer for question in questions for answer in question.answers]
    clashes = [
        *_twice("event key", (kind.key for kind in events)),
        *_twice("event name", (kind.name for kind in events)),
        *_twice("box key", (kind.key for kind in boxes)),
        *_twice("box name", (kind.name for kind in boxes)),
        *_twice("colour", [*(kind.colour for kind in events), *(kind.colour for kind in boxes)]),
        *_twice("suggestion", (hint for kind in events for hint in kind.suggested_by)),
        *_twice("question key", (question.key for question in questions)),
        *_twice("question name", (question.name for question in questions)),
        *_twice("hotkey", [key for things in (events, boxes, answers) for key in _hotkeys(things)]),
    ]
    for question in questions:
        clashes += _twice(f"answer key of {question.key}", (answer.key for answer in question.answers))
        clashes += _twice(f"answer name of {question.key}", (answer.name for answer in question.answers))
    return clashes


def _hotkeys(things: Iterable[EventKind | BoxKind | Answer]) -> list[str]:
    return [thing.hotkey for thing in things]


def _twice(what: str, values: Iterable[str]) -> list[str]:
    counts = Counter(value for value in values if value)
    return [f"{what} {value!r} is used {times} times" for value, times in counts.items() if times > 1]
