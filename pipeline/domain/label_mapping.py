"""How do labels that were given under one taxonomy count under another?

Only where somebody declares it, word for word, in a mapping file; nothing is carried over because two keys look alike.

    from = "firearms-attack-1.0.0"
    from_sha256 = "…"                  # what the words were: a taxonomy that says something else is refused
    to = "firearms-attack-1.1.0"
    to_sha256 = "…"
    because = "…"                      # why these words mean those
    complete = true                    # whether a carried answer says all that the new taxonomy asks

    [events]
    reload = "reload"
    smoke = { dropped = "no longer asked for" }

    [answers.light]                    # the old question
    day = "light.day"                  # the new question and answer
    dusk = { dropped = "day and night were told apart anew" }

    [boxes]
    firearm = "firearm"

Rules kept here:

* Every word of the old taxonomy is mapped or dropped with a reason: one that is forgotten is a mistake, and so is one
  that is not there.
* A span may become a point only by its onset, and a point never a span: how long something lasted cannot be made up.
* Where nothing is left of a question that the new taxonomy requires, the answer is not carried.
* Reading tells all mistakes at once.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from pipeline.domain.digest import Sha256
from pipeline.domain.labels import BoxTrack, ChoiceAnswer, ClipLabels, EventLabel
from pipeline.domain.taxonomy import Taxonomy
from pipeline.domain.timeline import Span
from pipeline.errors import InvalidLabelsError, SettingsError

Word = tuple[str, ...]
"""`("event", key)`, `("box", key)` or `("answer", question, answer)`."""

_NAMES = frozenset({"from", "from_sha256", "to", "to_sha256", "because", "complete", "events", "answers", "boxes"})


@dataclass(frozen=True, slots=True)
class LabelMapping:
    """What each word of one taxonomy means in another."""

    source: Taxonomy
    target: Taxonomy
    because: str
    complete: bool
    """Whether a carried answer says all that the new taxonomy asks; else clips are sent out again, and what is carried
    is drawn there beforehand."""
    words: Mapping[Word, Word | None]
    """`None` where a word was dropped."""
    digest: Sha256
    """Of the file."""

    @classmethod
    def parse(cls, text: str, taxonomies: Mapping[str, Taxonomy], *, source: str = "the mapping") -> Self:
        """Read a mapping from TOML.

        Args:
            text: the TOML.
            taxonomies: those that it may be about, by `<id>-<version>`.
            source: what to call it in the message when something is wrong.

        Raises:
            SettingsError: the message tells every mistake.
        """
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as exc:
            raise SettingsError(f"{source}: expected TOML, found {exc}") from exc
        mistakes = [f"{name}: nothing of this name is known" for name in sorted(set(content) - _NAMES)]
        old = _taxonomy("from", content, taxonomies, mistakes)
        new = _taxonomy("to", content, taxonomies, mistakes)
        because, complete = content.get("because"), content.get("complete")
        if not isinstance(because, str) or not because.strip():
            mistakes.append(f"because: expected why, found {because!r:.80}")
        if not isinstance(complete, bool):
            mistakes.append(f"complete: expected true or false, found {complete!r:.80}")
        words: dict[Word, Word | None] = {}
        if old and new:
            words = dict(_words(content, mistakes))
            mistakes += _misfits(words, old, new)
        if mistakes or old is None or new is None:
            raise SettingsError("\n".join(f"{source}: {mistake}" for mistake in mistakes))
        return cls(old, new, str(because).strip(), bool(complete), words, Sha256.of(text.encode()))

    def carry(self, labels: ClipLabels, *, frame_s: Fraction, duration_s: Fraction) -> ClipLabels:
        """The same labels in the words of the new taxonomy.

        Args:
            labels: what an annotator said under the old one.
            frame_s: how long a frame of the clip is shown.
            duration_s: length of the clip.

        Raises:
            InvalidLabelsError: a word is not of the old taxonomy, or a required question is left without an answer.
        """
        events = self.carry_events(labels, frame_s=frame_s)
        choices = [
            ChoiceAnswer(new[1], new[2])
            for choice in labels.choices
            if (new := self._new("answer", choice.question, choice.answer))
        ]
        boxes = [BoxTrack(new[1], box.points) for box in labels.boxes if (new := self._new("box", box.kind))]
        return ClipLabels.of(events, choices, boxes).fitting(self.target, duration_s)

    def carry_events(self, labels: ClipLabels, *, frame_s: Fraction) -> list[EventLabel]:
        """The events alone; as `carry`, but whether the answer is whole is not asked.

        Raises:
            InvalidLabelsError: a word is not of the old taxonomy.
        """
        return [
            EventLabel(new[1], self._extent(event, new[1], frame_s))
            for event in labels.events
            if (new := self._new("event", event.kind))
        ]

    def _extent(self, event: EventLabel, kind: str, frame_s: Fraction) -> Span:
        onset_only = self.target.is_point(kind) and not self.source.is_point(event.kind)
        return Span(event.span.start_s, event.span.start_s + frame_s) if onset_only else event.span

    def _new(self, *word: str) -> Word | None:
        if word not in self.words:
            raise InvalidLabelsError(f"{' '.join(word)} is not in {self.source.name}")
        return self.words[word]


def _taxonomy(
    name: str, content: Mapping[str, Any], taxonomies: Mapping[str, Taxonomy], mistakes: list[str]
) -> Taxonomy | None:
    found = taxonomies.get(str(content.get(name)))
    if found is None:
        mistakes.append(f"{name}: expected one of {', '.join(sorted(taxonomies))}, found {content.get(name)!r:.80}")
    elif content.get(f"{name}_sha256") != found.digest.hex:
        mistakes.append(
            f"{name}_sha256: expected that of {found.name}, {found.digest}, found {content.get(f'{name}_sha256')!r:.80}"
        )
    return found


def _words(content: Mapping[str, Any], mistakes: list[str]) -> Iterator[tuple[Word, Word | None]]:
    for section, kind in (("events", "event"), ("boxes", "box")):
        for key, said in _table(content.get(section, {}), section, mistakes):
            yield (kind, key), _meaning((kind,), said, f"{section}.{key}", mistakes)
    for question, answers in _table(content.get("answers", {}), "answers", mistakes):
        for key, said in _table(answers, f"answers.{question}", mistakes):
            yield ("answer", question, key), _meaning(("answer",), said, f"answers.{question}.{key}", mistakes)


def _table(found: object, where: str, mistakes: list[str]) -> list[tuple[str, Any]]:
    if isinstance(found, dict):
        return list(found.items())
    mistakes.append(f"{where}: expected a table, found {found!r:.80}")
    return []


def _meaning(kind: Word, said: object, where: str, mistakes: list[str]) -> Word | None:
    reason = said["dropped"] if isinstance(said, dict) and set(said) == {"dropped"} else None
    if isinstance(reason, str) and reason.strip():
        return None
    if isinstance(said, str):
        return (*kind, *said.split(".")) if kind == ("answer",) else (*kind, said)
    mistakes.append(f'{where}: expected a key, or {{ dropped = "why" }}, found {said!r:.80}')
    return None


def _misfits(words: Mapping[Word, Word | None], old: Taxonomy, new: Taxonomy) -> list[str]:
    before, after = set(_all_words(old)), set(_all_words(new))
    forgotten, unknown = before - set(words), set(words) - before
    mistakes = [f"{'.'.join(word)}: {old.name} has it, and it is neither mapped nor dropped" for word in forgotten]
    mistakes += [f"{'.'.join(word)}: {old.name} does not have it" for word in unknown]
    for word, meaning in words.items():
        if meaning is None or word not in before:
            continue
        if meaning not in after:
            mistakes.append(f"{'.'.join(word)}: {new.name} does not have {'.'.join(meaning)}")
        elif word[0] == "event" and old.is_point(word[1]) and not new.is_point(meaning[1]):
            mistakes.append(f"{'.'.join(word)}: a point cannot become a span")
    return sorted(mistakes)


def _all_words(taxonomy: Taxonomy) -> Iterator[Word]:
    yield from (("event", kind.key) for kind in taxonomy.events)
    yield from (("box", kind.key) for kind in taxonomy.boxes)
    yield from (("answer", question.key, answer.key) for question in taxonomy.questions for answer in question.answers)
