"""May this clip enter a release, and if not, why?

Every reason is told, not only the first, so that whoever asks can mend them all. What is not here yet: consent, holds,
redaction and withdrawal; each will be one more reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipeline.domain.ids import ClipId

RefusalReason = Literal["quarantined", "duplicate", "damaged", "too_few_annotators", "invalid_labels", "disputed"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the rule needs to know about a clip."""

    clip_id: ClipId
    annotators: frozenset[str]
    """Who gave an answer that counts: opaque ids, used only to count different people."""
    label_mistakes: tuple[str, ...] = ()
    """What is wrong with the newest answers, one sentence each."""
    quarantine_reason: str | None = None
    """Why what the clip was cut from is in quarantine."""
    damage: str | None = None
    """What is lost of the recording, where the clip shows something else than was filmed."""
    dispute: str | None = None
    """On what its annotators do not agree, as long as nobody has decided."""
    is_duplicate: bool = False
    """What the clip was cut from is another recording over again, whose clips enter in its place."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a clip stays out."""

    clip_id: ClipId
    reason: RefusalReason
    explanation: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The answer for a set of clips: each candidate is chosen, or refused at least once."""

    chosen: tuple[ClipId, ...]
    refusals: tuple[Refusal, ...]


def select_clips(candidates: Iterable[Candidate], *, annotators_min: int) -> Selection:
    """Judge every candidate; both lists come back in the order of the clip ids."""
    chosen: list[ClipId] = []
    refusals: list[Refusal] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.clip_id):
        reasons = refusals_of(candidate, annotators_min=annotators_min)
        refusals.extend(reasons)
        if not reasons:
            chosen.append(candidate.clip_id)
    return Selection(tuple(chosen), tuple(refusals))


def refusals_of(candidate: Candidate, *, annotators_min: int) -> tuple[Refusal, ...]:
    """Every reason why a clip may not enter; none when it may.

    Args:
        candidate: the clip.
        annotators_min: how many different people must have labelled it, at least 1.
    """
    if annotators_min < 1:
        raise ValueError(f"a release asks for at least 1 annotator a clip, found {annotators_min}")
    found: list[tuple[RefusalReason, str]] = []
    if candidate.quarantine_reason is not None:
        found.append(("quarantined", candidate.quarantine_reason))
    if candidate.damage is not None:
        found.append(("damaged", candidate.damage))
    if candidate.is_duplicate:
        found.append(("duplicate", "it was cut from another recording over again: `firsthand duplicates list`"))
    if len(candidate.annotators) < annotators_min:
        found.append(
            ("too_few_annotators", f"labelled by {len(candidate.annotators)} of at least {annotators_min} annotators")
        )
    if candidate.label_mistakes:
        found.append(("invalid_labels", "; ".join(candidate.label_mistakes)))
    if candidate.dispute is not None:
        found.append(("disputed", f"its annotators do not agree and nobody has decided: {candidate.dispute}"))
    return tuple(Refusal(candidate.clip_id, reason, explanation) for reason, explanation in found)
