"""Who labels which clip?

Rules kept here:

* A clip is for a number of different people. Somebody who retired without an answer does not count, so that another is
  found; whoever answered counts for good.
* Clips are given out in the order in which they come (the most wanted first), each to those who have had least so far,
  so that everybody's share is the same. Of several who have had the same, a hash of clip and person decides: the same
  every time, and so mixed that every two people share clips, without which nobody could tell how well they agree.
* Nobody gets a clip twice, nor more clips than there is room for on their desk.
* One in so many clips that a person gets is one whose answer is known (a gold clip), at a place that a hash decides;
  nothing tells it from the others.
* What was given out stays given out: the answer depends on what was allotted before and adds to it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipeline.domain.ids import ClipId

Purpose = Literal["label", "gold"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How clips are shared out."""

    annotators_per_clip: int = 2
    gold_every: int = 20
    """Of so many clips that a person gets, one is a gold clip; 0 for none."""

    def __post_init__(self) -> None:
        if self.annotators_per_clip < 1 or self.gold_every < 0 or self.gold_every == 1:
            raise ValueError(f"expected at least one annotator a clip, and gold clips every 2 or more or 0: {self}")


@dataclass(frozen=True, slots=True)
class Allotment:
    """One clip for one person."""

    clip_id: ClipId
    annotator: str
    purpose: Purpose
    because: str


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody who can be given clips."""

    annotator: str
    room: int
    """How many more clips there is room for on their desk now."""
    had: Mapping[ClipId, Purpose] = field(default_factory=dict)
    """Every clip that they were ever given."""


def allot(
    wanted: Sequence[ClipId],
    takers: Iterable[Taker],
    *,
    counted: Mapping[ClipId, frozenset[str]],
    gold: Sequence[ClipId] = (),
    policy: Policy,
) -> tuple[Allotment, ...]:
    """What is given out now, in the order in which it should be worked on.

    Args:
        wanted: the clips that are to be labelled, the most wanted first.
        takers: everybody who may be given clips.
        counted: who counts for each clip already: those who answered, and those who have it on their desk.
        gold: clips whose answer is known.
        policy: how clips are shared out.
    """
    sharing = _Sharing([_Hand(taker) for taker in takers], gold, policy)
    for clip_id in wanted:
        missing = policy.annotators_per_clip - len(counted.get(clip_id, frozenset()))
        if missing > 0:
            sharing.give(clip_id, missing)
        if not sharing.anybody_has_room:
            break
    return tuple(sharing.given)


class _Hand:
    """One taker while clips are given out."""

    def __init__(self, taker: Taker) -> None:
        self.annotator = taker.annotator
        self.room = taker.room
        self.had = dict(taker.had)
        self.labels = sum(purpose == "label" for purpose in taker.had.values())
        self.golds = len(taker.had) - self.labels


class _Sharing:
    def __init__(self, hands: list[_Hand], gold: Sequence[ClipId], policy: Policy) -> None:
        self.hands = hands
        self.gold = gold
        self.policy = policy
        self.given: list[Allotment] = []

    @property
    def anybody_has_room(self) -> bool:
        return any(hand.room > 0 for hand in self.hands)

    def give(self, clip_id: ClipId, missing: int) -> None:
        free = [hand for hand in self.hands if hand.room > 0 and clip_id not in hand.had]
        free.sort(key=lambda hand: (hand.labels, _mixed(clip_id, hand.annotator)))
        for hand in free[:missing]:
            told = f"has had {hand.labels} clips, the least of {len(free)} who could take it"
            self._hand(hand, clip_id, "label", told)
            hand.labels += 1
            self._mix_in_gold(hand)

    def _mix_in_gold(self, hand: _Hand) -> None:
        """Gold clips fall due one in every stretch of clips, each at a place of its own within the stretch."""
        every = self.policy.gold_every
        if not every or hand.room <= 0:
            return
        place = _mixed("gold", hand.annotator, hand.golds) % (every - 1) + 1
        if hand.labels < hand.golds * (every - 1) + place:
            return
        unseen = [clip_id for clip_id in self.gold if clip_id not in hand.had]
        if unseen:
            chosen = min(unseen, key=lambda clip_id: _mixed("gold", clip_id, hand.annotator))
            self._hand(hand, chosen, "gold", f"gold clip {hand.golds + 1}, one in every {every} clips")
            hand.golds += 1

    def _hand(self, hand: _Hand, clip_id: ClipId, purpose: Purpose, because: str) -> None:
        self.given.append(Allotment(clip_id, hand.annotator, purpose, because))
        hand.had[clip_id] = purpose
        hand.room -= 1


def _mixed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:8], "big")


def shares(allotments: Iterable[Allotment]) -> Iterator[tuple[str, int]]:
    """How many clips to label each person was given, by pseudonym."""
    counted: dict[str, int] = {}
    for allotment in allotments:
        counted[allotment.annotator] = counted.get(allotment.annotator, 0) + (allotment.purpose == "label")
    yield from sorted(counted.items())
