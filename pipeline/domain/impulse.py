"""Which sudden rises of a recording's sound are hints of a shot?

Rules kept here, of what an adapter measured (`ImpulseCandidate`):

* Loud: its energy in the band stands out of the running median of the second before *and* of the second after. A sound
  that begins and stays (an engine, a microphone that is switched on) stands out of the first alone.
* Sudden: it rises within a few hundredths of a second.
* Bright: it has energy above what a step, a bump against the camera or the wind has.
* What has only just enough of both has not enough.
* At most so many a minute, the clearest first: in clatter nobody is helped by a thousand hints.

Doors, hammers and dropped things pass these rules too: this proposes, and knows nothing of guns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.sound_hint import SCORE_DECIMALS, HintKind, Judged, SoundHint
from pipeline.domain.timeline import Span

_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class ImpulseParameters:
    """Everything that decides which impulses are found. Decibels of level are below full scale, in the band."""

    sample_rate_hz: int = 16_000
    """Of the sound that comes out of rendering."""
    hop_samples: int = 80
    """5 ms: half a frame of the fastest camera is coarser, and a shot's first pressure wave lasts 3 to 5 ms."""
    window_samples: int = 160
    """Twice the hop, tapered: a cut with hard edges would let the rumble below the band leak into it."""
    band_from_hz: int = 500
    band_to_hz: int = 7_500
    """Above wind, engines and the handling of the camera, below what 16 kHz can hold. A band that others used on
    impulses like ours."""
    bright_from_hz: int = 2_000
    """What steps of the wearer have little of: measured on a real walk, 11 to 27 dB below the rest of the band."""
    median_ms: int = 1_000
    """On either side. A burst of ten shots a second fills less than half of it."""
    median_every_ms: int = 50
    """The median moves slowly; asking for it more often costs more than all else."""
    floor_db: int = -60
    """Below the noise of any microphone that is on: what stands out of less than this stands out of this."""
    crest_min_db: int = 8
    """Ten minutes of white and of pink noise have nothing above 5. An impulse whose first 20 ms are 10 dB above the
    noise has 10 to 13."""
    crest_clear_db: int = 30
    """From here on nothing is clearer: the dynamic range of a camera's microphone in a room."""
    rise_min_db: int = 6
    rise_within_ms: int = 30
    """Encoders of sound smear a beginning over up to 20 ms before it."""
    onset_below_peak_db: int = 6
    """The onset is where half the peak's amplitude is first reached."""
    brightness_min_db: int = -15
    """Energy above `bright_from_hz` against that of the whole band. White noise has -1, most steps of a walk less than
    this."""
    apart_ms: int = 50
    """The fastest automatic fire is 1,200 rounds a minute."""
    fallen_db: int = 10
    """Where its energy is so much below its peak, an impulse is over."""
    lasts_max_ms: int = 250
    """Where a room rings longer, the rest is no part of the impulse."""
    score_min: Fraction = Fraction(1, 10)
    """Steps of a real walk that are neither dull nor weak enough by themselves have at most 0.08; bangs 10 dB above
    hiss have 0.3."""
    per_minute_max: int = 120
    """Two a second for a whole minute are clatter."""


@dataclass(frozen=True, slots=True)
class ImpulseCandidate:
    """A peak of energy that stands out of its surroundings, as it was measured."""

    onset_s: Fraction
    end_s: Fraction
    crest_db: float
    """Above the higher of the two medians."""
    rise_db: float
    """Above the quietest moment shortly before."""
    brightness_db: float
    """At most 0."""


def judge_impulses(candidates: Sequence[ImpulseCandidate], parameters: ImpulseParameters, within: Span) -> list[Judged]:
    """Which of these are hints, each with the reason; in the order of their onsets.

    Args:
        candidates: in any order.
        parameters: those that they were measured with.
        within: the whole recording; what begins outside of it is none of its.
    """
    judged = [(one, _judge(one, parameters, within)) for one in sorted(candidates, key=lambda one: one.onset_s)]
    kept: dict[int, list[SoundHint]] = {}
    for _, found in judged:
        if found.hint is not None:
            kept.setdefault(_minute(found.hint), []).append(found.hint)
    clearest = {
        hint
        for hints in kept.values()
        for hint in sorted(hints, key=lambda hint: (-hint.score, hint.span))[: parameters.per_minute_max]
    }
    too_many = Judged(None, f"not among the {parameters.per_minute_max} clearest of its minute")
    return [found if found.hint is None or found.hint in clearest else too_many for _, found in judged]


def score_of(candidate: ImpulseCandidate, parameters: ImpulseParameters) -> float:
    """From 0 to 1: how far it stands out, less the duller it is."""
    clear = min(1.0, max(0.0, candidate.crest_db / parameters.crest_clear_db))
    bright = min(1.0, max(0.0, 1 - candidate.brightness_db / parameters.brightness_min_db))
    return round(clear * bright, SCORE_DECIMALS)


def _judge(one: ImpulseCandidate, parameters: ImpulseParameters, within: Span) -> Judged:
    if not within.start_s <= one.onset_s < within.end_s:
        return Judged(None, "not in the recording")
    if one.crest_db < parameters.crest_min_db:
        return Judged(None, "hardly louder than what surrounds it")
    if one.rise_db < parameters.rise_min_db:
        return Judged(None, "not sudden")
    if one.brightness_db < parameters.brightness_min_db:
        return Judged(None, "dull, as steps and bumps are")
    if (score := score_of(one, parameters)) < parameters.score_min:
        return Judged(None, "weak and dull together")
    span = Span(one.onset_s, min(one.end_s, within.end_s))
    return Judged(SoundHint(span, HintKind.IMPULSE, score), "sudden, loud and bright")


def _minute(hint: SoundHint) -> int:
    return int(hint.span.start_s // _MINUTE_S)
