"""How well do people agree on a question, more than chance would have it?

Krippendorff's alpha for nominal data (K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011): any number
of people, any answers missing. 1 is perfect agreement, 0 is what chance gives, below 0 is worse than chance.

Where more than one answer may be given to a question, all the answers of a person together are one value: two people
agree when they chose the same.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.labels import ClipLabels

PAIR = 2
"""How many people must have answered for a clip to say anything of agreement."""


@dataclass(frozen=True, slots=True)
class Alpha:
    """Chance-corrected agreement on one question."""

    value: Fraction | None
    """`None` where it is not defined; `because` says why."""
    units: int
    """Clips that at least two people answered."""
    answers: int
    """Answers given to them."""
    because: str


def alpha(units: Iterable[Sequence[Hashable]]) -> Alpha:
    """Krippendorff's alpha, nominal, exact.

    Args:
        units: for each clip, the answers that were given to the question, in any order; people who gave none are left
            out. Clips with fewer than two answers say nothing and are passed over.
    """
    pairable = [Counter(answers) for answers in units if len(answers) >= PAIR]
    answers = sum(counted.total() for counted in pairable)
    if not pairable:
        return Alpha(None, 0, 0, "no clip was answered by two people")
    totals: Counter[Hashable] = Counter()
    for counted in pairable:
        totals.update(counted)
    if len(totals) == 1:
        return Alpha(None, len(pairable), answers, "everybody always gave the same answer: chance cannot be told apart")
    observed = sum((_disagreeing_pairs(counted) / (counted.total() - 1) for counted in pairable), Fraction(0))
    expected = _disagreeing_pairs(totals) / (answers - 1)
    said = f"{answers} answers to {len(pairable)} clips"
    return Alpha(1 - observed / expected, len(pairable), answers, said)


def answers_to(question: str, labels: Iterable[ClipLabels]) -> list[frozenset[str]]:
    """What each of these people answered to a question; who gave no answer is left out."""
    given = [frozenset(choice.answer for choice in said.choices if choice.question == question) for said in labels]
    return [answers for answers in given if answers]


def _disagreeing_pairs(counted: Mapping[Hashable, int]) -> Fraction:
    """Ordered pairs of different values."""
    total = sum(counted.values())
    return Fraction(total * total - sum(count * count for count in counted.values()))
