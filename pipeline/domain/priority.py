"""Which clip should people label first, and why?

Rules kept here, in this order:

* Clips with a sure hint come first, the surest before the others: a pressed button, a loud sound, a label on another
  camera. There an attack is most likely.
* Then clips of which a machine could not tell: there a person's answer teaches most.
* Then coverage: whichever scenario has had the fewest clips sent out, and of its cameras the one with the fewest; so
  that no scenario and no camera waits for another to be done. It also breaks ties above.
* Among equals, the oldest first. The same clips always come in the same order.

Whether a clip may be sent out at all is not asked here.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pipeline.domain.hint import Hint
from pipeline.domain.ids import ClipId

SURE: Final = Fraction(1, 2)
"""From this score on a hint is rather right than wrong."""
UNCERTAIN: Final = Fraction(1, 5)
"""From this on, of at most 1, a clip counts as uncertain: a hint with a score of 0.1, or a model as far from sure."""

Source = tuple[str, str]
"""A scenario, and a camera in it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip that waits to be sent out."""

    clip_id: ClipId
    scenario: str
    camera: str
    hints: tuple[Hint, ...] = ()
    """About any moment of the clip."""
    uncertainty: Fraction = Fraction(0)
    """How far from sure a model was of it, from 0 to 1; 0 where none has looked."""

    @property
    def source(self) -> Source:
        """Where it comes from."""
        return self.scenario, self.camera


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip in its place, and why it is there."""

    clip_id: ClipId
    because: str


def in_order(candidates: Iterable[Candidate], sent: Mapping[Source, int]) -> list[Placed]:
    """Clips in the order in which they should be labelled.

    Args:
        candidates: the clips, the oldest first.
        sent: how many clips of each scenario and camera were sent out before.
    """
    tiers: dict[tuple[int, Fraction], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        tiers[_tier(candidate)].append(candidate)
    coverage = _Coverage(sent)
    return [
        Placed(candidate.clip_id, _because(tier, candidate, had))
        for tier in sorted(tiers)
        for candidate, had in coverage.spread(tiers[tier])
    ]


def _tier(candidate: Candidate) -> tuple[int, Fraction]:
    """The lower the sooner."""
    surest = max((hint.score for hint in candidate.hints), default=Fraction(0))
    if surest >= SURE:
        return 0, -surest
    uncertainty = max([candidate.uncertainty, *(1 - abs(2 * hint.score - 1) for hint in candidate.hints)])
    return (1, -uncertainty) if uncertainty >= UNCERTAIN else (2, Fraction(0))


def _because(tier: tuple[int, Fraction], candidate: Candidate, had: int) -> str:
    if tier[0] == 0:
        surest = max(candidate.hints, key=lambda hint: hint.score)
        sources = Counter(hint.source for hint in candidate.hints if hint.score >= SURE)
        told = ", ".join(f"{times} {source}" for source, times in sorted(sources.items()))
        return f"hinted: {told}; the surest at {float(surest.score):.2f}"
    if tier[0] == 1:
        return f"uncertain: {float(-tier[1]):.2f}"
    return f"coverage: {had} clips of its camera went before it"


class _Coverage:
    """How much of each scenario and camera was sent out, those that were just placed included."""

    def __init__(self, sent: Mapping[Source, int]) -> None:
        self._cameras = Counter(dict(sent))
        self._scenarios: Counter[str] = Counter()
        for (scenario, _), clips in sent.items():
            self._scenarios[scenario] += clips

    def spread(self, candidates: Iterable[Candidate]) -> Iterable[tuple[Candidate, int]]:
        """These clips, always one of the source that has had the fewest; with how many that source has had."""
        waiting: dict[str, dict[str, deque[Candidate]]] = defaultdict(lambda: defaultdict(deque))
        for candidate in candidates:
            waiting[candidate.scenario][candidate.camera].append(candidate)
        while waiting:
            scenario = min(waiting, key=lambda name: (self._scenarios[name], name))
            cameras = waiting[scenario]
            camera = min(cameras, key=lambda name: (self._cameras[scenario, name], name))
            yield cameras[camera].popleft(), self._cameras[scenario, camera]
            self._scenarios[scenario] += 1
            self._cameras[scenario, camera] += 1
            if not cameras[camera]:
                del cameras[camera]
            if not cameras:
                del waiting[scenario]
