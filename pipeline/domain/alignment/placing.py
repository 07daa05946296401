"""Where does every recording of an exercise lie on its common timeline, or why does one lie nowhere?

Rules kept here:

* The largest group that sound joins is the timeline; of several the one whose clocks are surest. Its reference is the
  recording whose clock is surest, of these the longest.
* When the timeline begins is said by the surest clock of any recording in that group: one satellite time serves all.
* A group that sound does not join to it, be it one recording, is placed by its surest clock, or by the part of the same
  recording before it where the time between is known.
* What has no usable sound is placed by its clocks however vague they are, short of having none: up to
  `CLOCKS_SILENT_MAX_S`. What has sound that none of the others heard is believed to be with them only where the clocks
  are sure of it: up to `CLOCKS_UNHEARD_MAX_S`. Else it is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

from pipeline.domain.alignment.hearing import Heard, NotHeard
from pipeline.domain.alignment.placement import (
    Method,
    Pair,
    Placement,
    Timeline,
    Unplaced,
    chain_uncertainty,
)
from pipeline.domain.alignment.solving import Measured, Solution, groups_of, solve
from pipeline.domain.alignment.stretches import Stretch, StretchKey
from pipeline.domain.clock import SOURCES
from pipeline.domain.timeline import Span

RULES = "alignment 1"
"""Their name in records: raised whenever the same measurements could give another timeline."""

CLOCKS_SILENT_MAX_S = Fraction(48 * 3600)
"""Two clocks, each off by up to a day; a time of receipt alone is a month off."""
CLOCKS_UNHEARD_MAX_S = Fraction(600)
"""Two clocks that were set by hand."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Stretches that sound joins, with when moment 0 of their reference was."""

    number: int
    """1 for the one that the timeline is of."""
    reference: Stretch
    members: tuple[Stretch, ...]
    zero_at: datetime
    zero_uncertainty_s: Fraction
    clock_of: Stretch
    """Whose clock says so."""


@dataclass(frozen=True, slots=True)
class _Shift:
    """Where a group's own timeline begins on the common one."""

    by_s: Fraction
    uncertainty_s: Fraction
    because: str
    is_none: bool = False
    """Whether it is the common timeline itself."""


def method_of(detector: str) -> str:
    """What makes an alignment, by name: how sounds are compared, and these rules."""
    return f"{detector}, {RULES}"


def lay_out(stretches: Sequence[Stretch], pairs: Sequence[Pair]) -> Timeline:
    """The common timeline of these stretches.

    Args:
        stretches: all of one exercise, in any order.
        pairs: those whose sounds were compared, in any order.
    """
    ordered = sorted(stretches, key=lambda one: one.key)
    if not ordered:
        return Timeline(None, Fraction(0), (), (), ())
    measured = [Measured(one.first, one.second, one.outcome) for one in pairs if isinstance(one.outcome, Heard)]
    keys = [one.key for one in ordered]
    by_key = {one.key: one for one in ordered}
    joined = groups_of(keys, measured)
    references = [_reference([by_key[key] for key in group]) for group in joined]
    solution = solve([one.key for one in references], measured)
    told = _told(pairs, solution)
    # Dropping what was contradicted never parts a group: only pairs beside others can be contradicted.
    groups = [
        _group(reference, [by_key[key] for key in group], solution, told)
        for reference, group in zip(references, joined, strict=True)
    ]
    groups = [replace(group, number=number) for number, group in enumerate(sorted(groups, key=_standing), start=1)]
    placements: list[Placement] = []
    unplaced: list[Unplaced] = []
    for group in groups:
        shift = _shift(group, groups[0], placements)
        refusal = _refusal(group, shift, told)
        if refusal is not None:
            unplaced += [Unplaced(one.key, one.span, refusal) for one in group.members]
            continue
        placements += [_placed(one, group, shift, solution, told) for one in group.members]
    return Timeline(
        groups[0].zero_at,
        groups[0].zero_uncertainty_s,
        tuple(sorted(placements, key=lambda one: (one.start_s, one.key))),
        tuple(unplaced),
        told,
    )


def _told(pairs: Sequence[Pair], solution: Solution) -> tuple[Pair, ...]:
    """All pairs, those that were dropped with the reason."""
    dropped = {(one.measured.first, one.measured.second): one.off_s for one in solution.dropped}
    found = []
    for pair in sorted(pairs, key=lambda one: (one.first, one.second)):
        off_s = dropped.get((pair.first, pair.second))
        why = (
            None
            if off_s is None
            else NotHeard(f"the others contradict it: together they say {float(off_s):.3f} s else")
        )
        found.append(pair if why is None else Pair(pair.first, pair.second, why))
    return tuple(found)


def _reference(members: Sequence[Stretch]) -> Stretch:
    return min(members, key=lambda one: (one.clock.uncertainty_s, -one.span.duration_s, one.key))


def _group(reference: Stretch, members: Sequence[Stretch], solution: Solution, told: tuple[Pair, ...]) -> _Group:
    apart = chain_uncertainty(told, reference.key)
    surest = min(
        members,
        key=lambda one: (one.clock.uncertainty_s + apart[one.key], SOURCES.index(one.clock.source), one.key),
    )
    offset_s = solution.lines[surest.key].offset_s
    zero_at = surest.clock.start_at - timedelta(microseconds=round(offset_s * 1_000_000))
    return _Group(0, reference, tuple(members), zero_at, surest.clock.uncertainty_s + apart[surest.key], surest)


def _standing(group: _Group) -> tuple[int, Fraction, Fraction, StretchKey]:
    filmed_s = sum((one.span.duration_s for one in group.members), Fraction(0))
    return -len(group.members), group.zero_uncertainty_s, -filmed_s, group.reference.key


def _shift(group: _Group, main: _Group, placed: Sequence[Placement]) -> _Shift:
    """The surer of two: what the clocks say, and what is known of the time since the part before."""
    if group is main:
        return _Shift(Fraction(0), Fraction(0), "", is_none=True)
    apart_s = Fraction(round((group.zero_at - main.zero_at) / timedelta(microseconds=1)), 1_000_000)
    clock, other = group.clock_of.clock, main.clock_of.clock
    ways = [
        _Shift(
            apart_s,
            group.zero_uncertainty_s + main.zero_uncertainty_s,
            f"its clocks ({clock.because}) and those of the timeline ({other.because})",
        )
    ]
    before = StretchKey(group.reference.key.recording_id, group.reference.key.ordinal - 1)
    same = next((one for one in placed if one.key == before), None)
    gap_s = group.reference.gap_s
    if same is not None and gap_s is not None:
        begins_s = same.on_timeline(group.reference.span.start_s) + gap_s
        doubt_s = same.uncertainty_s + group.reference.gap_uncertainty_s
        ways.append(
            _Shift(
                begins_s - group.reference.span.start_s,
                doubt_s,
                f"the time since the part of the same recording before it ({float(gap_s):.3f} s)",
            )
        )
    return min(ways, key=lambda way: way.uncertainty_s)


def _refusal(group: _Group, shift: _Shift, told: tuple[Pair, ...]) -> str | None:
    """Why a group cannot be placed by its clocks; `None` when it can."""
    vague = f"{shift.because} tell where it was only to {_rough(shift.uncertainty_s)}"
    unheard = _unheard(group, told)
    if unheard is not None and shift.uncertainty_s > CLOCKS_UNHEARD_MAX_S:
        return f"{unheard}; {vague}"
    if shift.uncertainty_s > CLOCKS_SILENT_MAX_S:
        return f"{_why_no_sound(group.reference, told)}; {vague}"
    return None


def _unheard(group: _Group, told: tuple[Pair, ...]) -> str | None:
    """What came of comparing its sound with that of others; `None` when it could not be compared."""
    inside = {one.key for one in group.members}
    reasons = [
        pair.outcome.reason
        for pair in told
        if (pair.first in inside) != (pair.second in inside)
        and isinstance(pair.outcome, NotHeard)
        and pair.outcome.is_compared
    ]
    if not reasons:
        return None
    others = "that of another" if len(reasons) == 1 else f"any of {len(reasons)} others"
    return f"its sound does not fit {others} ({reasons[0]})"


def _why_no_sound(stretch: Stretch, told: tuple[Pair, ...]) -> str:
    """Why a stretch was compared with nothing."""
    if stretch.sound is None:
        return "it has no sound"
    is_silent = any(
        isinstance(pair.outcome, NotHeard)
        and (
            (pair.first == stretch.key and pair.outcome.first_is_silent)
            or (pair.second == stretch.key and pair.outcome.second_is_silent)
        )
        for pair in told
    )
    return "nothing happens in its sound" if is_silent else "no other with sound could have heard the same"


def _placed(stretch: Stretch, group: _Group, shift: _Shift, solution: Solution, told: tuple[Pair, ...]) -> Placement:
    line = solution.lines[stretch.key]
    own = [
        (pair, pair.outcome)
        for pair in told
        if isinstance(pair.outcome, Heard) and stretch.key in (pair.first, pair.second)
    ]
    best = max((heard for _, heard in own), key=lambda heard: heard.confidence, default=None)
    if best is not None and stretch is not group.reference:
        method = Method.SOUND
        said = f"it hears the same as {_others(len(own))}: {best.agreeing} of {best.windows} windows agree"
    elif shift.is_none:
        method = Method.REFERENCE
        said = "the timeline is that of its own clock"
    else:
        method = Method.CLOCKS
        said = _unheard(group, told) or _why_no_sound(stretch, told)
    return Placement(
        key=stretch.key,
        span=stretch.span,
        method=method,
        group=group.number,
        offset_s=line.offset_s + shift.by_s,
        drift_ppm=(line.rate - 1) * 1_000_000,
        uncertainty_s=chain_uncertainty(told, group.reference.key)[stretch.key] + shift.uncertainty_s,
        heard=_heard(stretch, own),
        drift_uncertainty_ppm=min((heard.drift_uncertainty_ppm for _, heard in own), default=Fraction(0)),
        confidence=best.confidence if best is not None else None,
        reason=said if shift.is_none else f"{said}; placed by {shift.because}",
    )


def _heard(stretch: Stretch, own: Sequence[tuple[Pair, Heard]]) -> Span | None:
    """The part of a stretch that was measured, on its own timeline."""
    moments = []
    for pair, heard in own:
        is_second = pair.second == stretch.key
        moments += [
            at_s + (0 if is_second else lag_s)
            for at_s, lag_s in ((heard.from_s, heard.lag_from_s), (heard.to_s, heard.lag_to_s))
        ]
    start_s, end_s = max(min(moments, default=Fraction(0)), Fraction(0)), max(moments, default=Fraction(0))
    return Span(start_s, end_s) if start_s < end_s else None


def _others(count: int) -> str:
    return "one other" if count == 1 else f"{count} others"


def _rough(seconds: Fraction) -> str:
    hours = 3600
    return f"{round(seconds / hours)} h" if seconds >= hours else f"{float(seconds):g} s"
