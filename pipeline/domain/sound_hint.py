"""What in a recording's sound may be worth looking at first, and which detector says so?

Rules kept here:

* A hint is a machine's guess about a span, never a label: nothing is accepted, refused or released because of one.
* Its score orders hints of one kind; it is no probability, and scores of two detectors cannot be compared.
* A detector is named by everything that decides what it finds: its parameters, its network, its libraries. Another
  detector is another name, and its hints stand beside the older ones.
* An impulse belongs to where it begins. Speech belongs wherever it is heard.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import RecordingId, RenditionId
from pipeline.domain.timeline import Span

SCORE_DECIMALS = 2
"""More would tell two machines apart, not two sounds."""


class HintKind(StrEnum):
    """What a detector listens for."""

    IMPULSE = "impulse"
    """A short bang: a shot, a door, something dropped."""
    SPEECH = "speech"


@dataclass(frozen=True, slots=True, order=True)
class SoundHint:
    """One guess, on the recording's timeline; hints sort by time."""

    span: Span
    kind: HintKind
    score: float
    """From 0 to 1, rounded to `SCORE_DECIMALS`."""

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise ValueError(f"a score is from 0 to 1, found {self.score}")

    def within(self, span: Span) -> "SoundHint | None":
        """The part of this hint that belongs to a span, such as that of a clip; `None` when none does."""
        part = self.span.clamped(span)
        is_only_the_end = self.kind is HintKind.IMPULSE and self.span.start_s < span.start_s
        return None if part is None or is_only_the_end else SoundHint(part, self.kind, self.score)


@dataclass(frozen=True, slots=True)
class Detector:
    """What found hints."""

    kind: HintKind
    name: str
    """For people: what it is and of which version."""
    tools: str
    """The libraries and networks that its numbers come from, with versions or digests."""
    parameters: str
    """As canonical JSON."""

    @property
    def digest(self) -> Sha256:
        """The identity of what it finds: any other parameter or tool is another detector."""
        told = {"kind": self.kind.value, "name": self.name, "tools": self.tools, "parameters": self.parameters}
        return Sha256.of(json.dumps(told, sort_keys=True, separators=(",", ":")).encode())


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one thing that a detector noticed."""

    hint: SoundHint | None
    """`None` when it is none."""
    reason: str
    """Why; the same words for all that are refused for the same reason, so that they can be counted."""


@dataclass(frozen=True, slots=True)
class Listening:
    """That one detector listened to one recording, and what it says."""

    recording_id: RecordingId
    detector: Detector
    rendition_id: RenditionId
    """The rendition beside which the sound was made."""
    sound: Sha256 | None
    """The digest of the sound; `None` where the recording has none."""
    outcome: str
    """In words: how many hints of how many things noticed, and why the others are none."""
    listened_at: datetime
    hints: tuple[SoundHint, ...]
    """In the order of time."""


def told(judged: Sequence[Judged]) -> str:
    """What became of everything noticed, in words: how many are hints, and why the others are none."""
    hints = sum(1 for one in judged if one.hint is not None)
    refused = Counter(one.reason for one in judged if one.hint is None)
    return "; ".join(
        [f"{hints} of {len(judged)} noticed", *(f"{count} {reason}" for reason, count in sorted(refused.items()))]
    )


def seconds_at(sample: int, rate_hz: int) -> Fraction:
    """When a sample, counted from 0, is."""
    return Fraction(sample, rate_hz)
