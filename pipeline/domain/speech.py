"""In which spans of a recording is somebody speaking, as far as a voice activity network can tell?

Rules kept here, of the probability that the network gave each frame of sound:

* Speech begins with a frame that is likely speech, and goes on until frames have been unlikely for as long as a pause.
  Two thresholds, so that a voice that wavers around one is not cut to pieces.
* What is shorter than a syllable or two is none.
* A region begins and ends a little outside of its frames: the first and last sounds of words are quiet.

What is said is not looked at, and nobody is told apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.sound_hint import SCORE_DECIMALS, HintKind, Judged, SoundHint, seconds_at
from pipeline.domain.timeline import Span


@dataclass(frozen=True, slots=True)
class SpeechParameters:
    """Everything beside the network that decides which speech is found.

    Those without another source are what silero-vad 6.2.3 takes by default (`get_speech_timestamps`).
    """

    sample_rate_hz: int = 16_000
    frame_samples: int = 512
    """32 ms; the network takes no other."""
    context_samples: int = 64
    """Of the frame before, which the network wants to hear again."""
    block_frames: int = 128
    """Frames in one call: 4 s. More cost memory and save no time (measured: 64 to 2,048)."""
    likely: Fraction = Fraction(1, 2)
    unlikely: Fraction = Fraction(35, 100)
    pause_ms: int = 500
    """Ours; by default 100. An annotator wants to know where people speak, not where they breathe."""
    shortest_ms: int = 250
    margin_ms: int = 30
    silence_db: int = -60
    """Ours: a block with no sample above this is not listened to. It is below the noise of any microphone that is on,
    and cameras keep up to two minutes without sound from before they were started."""


def judge_speech(probabilities: Sequence[float], parameters: SpeechParameters, within: Span) -> list[Judged]:
    """Which regions are speech, each with the reason; in order, none touching another.

    Args:
        probabilities: of the frames, from the recording's time zero on.
        parameters: those that they were found with.
        within: the whole recording; sound outside of it is none of its.
    """
    return [_judge(start, end, probabilities, parameters, within) for start, end in _regions(probabilities, parameters)]


def _judge(start: int, end: int, probabilities: Sequence[float], parameters: SpeechParameters, within: Span) -> Judged:
    """What frames `[start, end)` are."""
    begins_s, ends_s = (seconds_at(at * parameters.frame_samples, parameters.sample_rate_hz) for at in (start, end))
    if ends_s - begins_s < Fraction(parameters.shortest_ms, 1000):
        return Judged(None, "too short for a word")
    margin_s = Fraction(parameters.margin_ms, 1000)
    span = Span(max(Fraction(0), begins_s - margin_s), ends_s + margin_s).clamped(within)
    if span is None:
        return Judged(None, "not in the recording")
    score = round(sum(probabilities[start:end]) / (end - start), SCORE_DECIMALS)
    return Judged(SoundHint(span, HintKind.SPEECH, min(1.0, max(0.0, score))), "likely speech")


def _regions(probabilities: Sequence[float], parameters: SpeechParameters) -> Iterator[tuple[int, int]]:
    """Frames `[start, end)` from likely speech to a pause."""
    likely, unlikely = float(parameters.likely), float(parameters.unlikely)
    pause_frames = -(-parameters.pause_ms * parameters.sample_rate_hz // (1000 * parameters.frame_samples))
    start: int | None = None
    quiet_from: int | None = None
    for frame, probability in enumerate(probabilities):
        if probability >= likely:
            start, quiet_from = frame if start is None else start, None
        elif start is not None and (probability < unlikely or quiet_from is not None):
            quiet_from = frame if quiet_from is None else quiet_from
            if frame + 1 - quiet_from >= pause_frames:
                yield start, quiet_from
                start, quiet_from = None, None
    if start is not None:
        yield start, len(probabilities) if quiet_from is None else quiet_from
