"""Where on the common timeline of its exercise does a recording lie, and which moment of another is the same?

Rules kept here:

* The common timeline counts seconds as the clock of the reference recording does, from that recording's first frame on.
  Moment t of a recording is at `offset_s + (1 + drift_ppm / 1,000,000) * t` of it, exactly: with a positive drift the
  recording counts too few seconds.
* What is joined by sound is one group. Within a group a moment goes from one recording to another by what they both
  hear; between groups only by clocks.
* Uncertainties are bounds, and add up: the true moment lies within so many seconds, before or after.
* A drift holds where it was measured. Beyond that the uncertainty grows by what is not known of the drift.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NewType
from uuid import UUID

from pipeline.domain.alignment.hearing import Heard, NotHeard
from pipeline.domain.alignment.stretches import StretchKey
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ExerciseId, RecordingId, derive
from pipeline.domain.timeline import Span

AlignmentId = NewType("AlignmentId", UUID)

_MILLION = 1_000_000


class Method(StrEnum):
    """How a recording was placed."""

    REFERENCE = "reference"
    """The timeline is its own."""
    SOUND = "sound"
    """By what it hears together with others."""
    CLOCKS = "clocks"
    """By what its clocks say."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a stretch of a recording lies on the common timeline."""

    key: StretchKey
    span: Span
    """The stretch, on the recording's own timeline."""
    method: Method
    group: int
    """What is joined by sound has the same number; the group of the reference has 1."""
    offset_s: Fraction
    """Where moment 0 of the recording is; negative when it began before the reference."""
    drift_ppm: Fraction
    uncertainty_s: Fraction
    """Against the reference of the timeline; within a group see `project`, which knows better."""
    heard: Span | None
    """The part in which offset and drift were measured; `None` for what was placed by clocks."""
    drift_uncertainty_ppm: Fraction
    confidence: Fraction | None
    """Of the surest pair that it was placed by, see `Heard.confidence`; `None` for what no sound placed."""
    reason: str

    @property
    def rate(self) -> Fraction:
        """Seconds of the common timeline in one second of the recording."""
        return 1 + self.drift_ppm / _MILLION

    @property
    def start_s(self) -> Fraction:
        """Where it begins on the common timeline."""
        return self.on_timeline(self.span.start_s)

    @property
    def end_s(self) -> Fraction:
        """Where it ends on the common timeline."""
        return self.on_timeline(self.span.end_s)

    def on_timeline(self, moment_s: Fraction) -> Fraction:
        """Where a moment of the recording is on the common timeline."""
        return self.offset_s + self.rate * moment_s

    def from_timeline(self, common_s: Fraction) -> Fraction:
        """Which moment of the recording a moment of the common timeline is; the inverse, exactly."""
        return (common_s - self.offset_s) / self.rate

    def beyond_s(self, moment_s: Fraction) -> Fraction:
        """What the drift may have done to a moment outside of the part that was measured."""
        if self.heard is None:
            return Fraction(0)
        away_s = max(self.heard.start_s - moment_s, moment_s - self.heard.end_s, Fraction(0))
        return away_s * self.drift_uncertainty_ppm / _MILLION


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A stretch that could not be placed, and why."""

    key: StretchKey
    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two stretches whose sounds were compared, and what came of it."""

    first: StretchKey
    second: StretchKey
    outcome: Heard | NotHeard


@dataclass(frozen=True, slots=True)
class Timeline:
    """The common timeline of an exercise, whole."""

    zero_at: datetime | None
    """When it begins, by the surest clock of its first group; `None` when there are no recordings."""
    zero_uncertainty_s: Fraction
    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...]
    pairs: tuple[Pair, ...]

    def placements_of(self, recording_id: RecordingId) -> list[Placement]:
        """The placed stretches of a recording."""
        return [one for one in self.placements if one.key.recording_id == recording_id]


@dataclass(frozen=True, slots=True)
class Alignment:
    """One alignment of an exercise: a numbered whole that is never changed; the newest counts."""

    alignment_id: AlignmentId
    exercise_id: ExerciseId
    number: int
    inputs_digest: Sha256
    """Of the recordings, their sounds, clocks and parts, and the detector: the same, and nothing is to be done."""
    detector: str
    timeline: Timeline
    aligned_at: datetime

    @staticmethod
    def id_for(exercise_id: ExerciseId, number: int, inputs_digest: Sha256) -> AlignmentId:
        """The id of this alignment of an exercise."""
        return AlignmentId(derive("alignment", exercise_id, number, inputs_digest))


@dataclass(frozen=True, slots=True)
class Projection:
    """The same moment in another recording."""

    moment_s: Fraction
    """On the other's own timeline."""
    uncertainty_s: Fraction
    is_by_sound: bool
    """Whether both are joined by sound; else clocks alone say so."""


@dataclass(frozen=True, slots=True)
class NotProjected:
    """A moment that is in no stretch of the other recording, or cannot be told to be."""

    reason: str


@dataclass(frozen=True, slots=True)
class Chains:
    """How uncertain stretches of a timeline are against one another, each chain of pairs followed once.

    For whoever projects many moments: following a chain costs far more than all else that projecting one does.
    """

    timeline: Timeline
    _known: dict[StretchKey, Mapping[StretchKey, Fraction]] = field(default_factory=dict, repr=False, compare=False)

    def between_s(self, here: Placement, there: Placement) -> Fraction:
        """How far apart what was projected from one onto the other may be from where it is."""
        if here.key == there.key:
            return Fraction(0)
        if here.group != there.group:
            return here.uncertainty_s + there.uncertainty_s
        if here.key not in self._known:
            self._known[here.key] = chain_uncertainty(self.timeline.pairs, here.key)
        return self._known[here.key].get(there.key, here.uncertainty_s + there.uncertainty_s)


def project(
    timeline: Timeline, moment_s: Fraction, *, of: RecordingId, onto: RecordingId, chains: Chains | None = None
) -> Projection | NotProjected:
    """Which moment of another recording is this one? Exact: there and back gives the same moment.

    The uncertainty is that of the shortest chain of pairs that heard each other, not of both to the reference.

    Args:
        timeline: the common timeline.
        moment_s: on the timeline of `of`.
        of: the recording that it is a moment of.
        onto: the other.
        chains: those of the timeline, where many moments are projected.
    """
    here = next((one for one in timeline.placements_of(of) if _holds(one.span, moment_s)), None)
    if here is None:
        return NotProjected(f"recording {of} is not placed at {float(moment_s):.3f} s")
    others = timeline.placements_of(onto)
    if not others:
        return NotProjected(f"recording {onto} is not placed")
    common_s = here.on_timeline(moment_s)
    for there in others:
        landed_s = there.from_timeline(common_s)
        if _holds(there.span, landed_s):
            is_by_sound = here.group == there.group
            between_s = (chains or Chains(timeline)).between_s(here, there)
            beyond_s = here.beyond_s(moment_s) + there.beyond_s(landed_s)
            return Projection(landed_s, between_s + beyond_s, is_by_sound)
    return NotProjected(f"recording {onto} does not show that moment: {float(common_s):.3f} s of the common timeline")


def project_span(
    timeline: Timeline, span: Span, *, of: RecordingId, onto: RecordingId, chains: Chains | None = None
) -> tuple[Span, Projection] | NotProjected:
    """The part of another recording that shows the same as a span of this one, and how its beginning was projected.

    What of it lies before the other began or after it ended is cut off.
    """
    for here in timeline.placements_of(of):
        inside = span.clamped(here.span)
        if inside is None:
            continue
        for there in timeline.placements_of(onto):
            start_s = there.from_timeline(here.on_timeline(inside.start_s))
            end_s = there.from_timeline(here.on_timeline(inside.end_s))
            start_s, end_s = max(start_s, there.span.start_s), min(end_s, there.span.end_s)
            if start_s < end_s:
                back_s = here.from_timeline(there.on_timeline(start_s))
                begins_s = min(max(back_s, here.span.start_s), here.span.end_s)
                found = project(timeline, begins_s, of=of, onto=onto, chains=chains)
                return found if isinstance(found, NotProjected) else (Span(start_s, end_s), found)
    return NotProjected(f"recording {onto} shows nothing of [{float(span.start_s):.3f}, {float(span.end_s):.3f}) s")


def _holds(span: Span, moment_s: Fraction) -> bool:
    """Both ends count: the end of a span is a moment that is asked for."""
    return span.start_s <= moment_s <= span.end_s


def chain_uncertainty(pairs: tuple[Pair, ...], start: StretchKey) -> dict[StretchKey, Fraction]:
    """How uncertain each stretch is against one of them, along the best chain of pairs (Dijkstra)."""
    beside: dict[StretchKey, list[tuple[StretchKey, Fraction]]] = defaultdict(list)
    for pair in pairs:
        if isinstance(pair.outcome, Heard):
            beside[pair.first].append((pair.second, pair.outcome.uncertainty_s))
            beside[pair.second].append((pair.first, pair.outcome.uncertainty_s))
    found: dict[StretchKey, Fraction] = {}
    waiting = [(Fraction(0), start)]
    while waiting:
        so_far_s, key = heapq.heappop(waiting)
        if key not in found:
            found[key] = so_far_s
            for other, by_s in beside[key]:
                heapq.heappush(waiting, (so_far_s + by_s, other))
    return found
