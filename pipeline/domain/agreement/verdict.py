"""Is a clip settled, or must somebody decide?

Rules kept here:

* A clip that fewer people answered than were asked for is open.
* It is settled when every two of them agree on the events (F1 of each label at least a threshold, labels that nobody
  marked left out) and give the same answers to every required question.
* Else it is disputed, and every reason is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from typing import Literal

from pipeline.domain.agreement.choices import answers_to
from pipeline.domain.agreement.events import agree_on_events
from pipeline.domain.agreement.matching import Closeness
from pipeline.domain.labels import ClipLabels
from pipeline.domain.taxonomy import Taxonomy

State = Literal["open", "settled", "disputed"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """From when on people agree."""

    annotators: int = 2
    """How many must have answered."""
    f1_min: Fraction = Fraction(4, 5)
    closeness: Closeness = field(default_factory=Closeness)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it stands with a clip."""

    state: State
    reasons: tuple[str, ...]
    """Why it is open or disputed; none when it is settled."""


def judge(answers: Mapping[str, ClipLabels], *, taxonomy: Taxonomy, threshold: Threshold) -> Verdict:
    """Judge a clip by what each person, by pseudonym, says of it now."""
    if len(answers) < threshold.annotators:
        return Verdict("open", (f"{len(answers)} of {threshold.annotators} people have answered",))
    reasons = [
        reason
        for one, other in combinations(sorted(answers), 2)
        for reason in _event_reasons(answers[one], answers[other], taxonomy, threshold)
    ]
    for question in taxonomy.questions:
        given = set(answers_to(question.key, answers.values()))
        names = [(answer.key, answer.name) for answer in question.answers]
        if question.required and len(given) > 1:
            told = " / ".join(
                ", ".join(name for key, name in names if key in said) for said in sorted(given, key=sorted)
            )
            reasons.append(f"{question.name}: {told}")
    told_once = tuple(dict.fromkeys(reasons))
    return Verdict("disputed" if told_once else "settled", told_once)


def _event_reasons(first: ClipLabels, second: ClipLabels, taxonomy: Taxonomy, threshold: Threshold) -> list[str]:
    names = {kind.key: kind.name for kind in taxonomy.events}
    return [
        f"{names[agreement.kind]}: {agreement.both} events marked by both, "
        f"{agreement.first_only + agreement.second_only} by one only"
        for agreement in agree_on_events(first, second, taxonomy=taxonomy, closeness=threshold.closeness)
        if agreement.f1 is not None and agreement.f1 < threshold.f1_min
    ]
