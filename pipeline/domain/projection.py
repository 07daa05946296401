"""What do labels on one camera suggest about the same moments on the others of its exercise?

Rules kept here:

* What counts is what a release would count (`agreement.decided`): what an adjudicator decided, else what more than half
  of those who answered marked. What is disputed suggests nothing until somebody has decided.
* One person alone is believed less (`ONE_PERSON`). The score is how far people are believed, less what the alignment
  may be off: half of it is left at `UNCERTAINTY_MAX_S`.
* Only onto what sound joins, and only where the alignment is sure to `UNCERTAINTY_MAX_S`: what is drawn farther off has
  to be moved anyway, and looks as if somebody had seen it there.
* What was drawn on a clip because another camera showed it, and was answered as it was drawn, goes no further. The one
  who saw it suggests it; who accepted it unread is no witness, and two cameras must not keep up each other's mistake.
* A point is somewhere in its frame: its middle is projected.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pipeline.domain.agreement.decided import Decided
from pipeline.domain.alignment import Chains, NotProjected, Timeline, project_span
from pipeline.domain.hint import DrawnBefore, Hint, HintSource
from pipeline.domain.ids import RecordingId
from pipeline.domain.taxonomy import Taxonomy
from pipeline.domain.timeline import Span

ONE_PERSON: Final = Fraction(3, 4)
"""How far one person is believed whom nobody has contradicted; what an old answer in other words is, too."""
UNCERTAINTY_MAX_S: Final = Fraction(1, 10)
"""Three pairs of cameras that heard each other, in a chain: each adds some 30 ms (decision 0016)."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """An event that counts, on the timeline of the recording that shows it."""

    recording_id: RecordingId
    kind: str
    span: Span
    belief: Fraction
    """How far it is believed, from 0 to 1."""


def witnessed(
    decided: Decided, *, answered: int, drawn: Iterable[DrawnBefore], recording_id: RecordingId, clip: Span
) -> list[Witnessed]:
    """What the answers to a clip tell that other cameras may have seen, too.

    Args:
        decided: what counts for the clip.
        answered: how many people answered it.
        drawn: what was drawn on it beforehand for those people.
        recording_id: its recording.
        clip: its span on that.
    """
    echoes = {one.event for each in drawn for one in each.events if one.source is HintSource.PROJECTION}
    known = {(echo.kind, echo.span) for echo in echoes}
    return [
        Witnessed(
            recording_id,
            event.kind,
            event.span.shifted(clip.start_s),
            Fraction(1) if event.adjudicated else ONE_PERSON if answered == 1 else event.agreement,
        )
        for event in decided.events
        if (event.kind, event.span) not in known
    ]


def project_event(
    event: Witnessed, timeline: Timeline, *, onto: RecordingId, taxonomy: Taxonomy, chains: Chains | None = None
) -> Hint | NotProjected:
    """What an event on one recording suggests about another, or why nothing.

    Args:
        event: the event.
        timeline: the common timeline of the exercise.
        onto: the other recording.
        taxonomy: the words that the event is told in.
        chains: those of the timeline, where many events are projected.
    """
    span = event.span
    if taxonomy.is_point(event.kind):
        span = Span(span.start_s + span.duration_s / 2, span.end_s)
    found = project_span(timeline, span, of=event.recording_id, onto=onto, chains=chains)
    if isinstance(found, NotProjected):
        return found
    landed, how = found
    if not how.is_by_sound:
        return NotProjected(f"only clocks join recording {onto} to {event.recording_id}")
    if how.uncertainty_s > UNCERTAINTY_MAX_S:
        return NotProjected(
            f"where it is on recording {onto} is sure only to {float(how.uncertainty_s):.3f} s, expected "
            f"{float(UNCERTAINTY_MAX_S):.3f} s at most"
        )
    score = event.belief * (1 - how.uncertainty_s / (2 * UNCERTAINTY_MAX_S))
    return Hint(HintSource.PROJECTION, landed, score, event=event.kind, seen_on=event.recording_id)
