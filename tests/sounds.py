"""Makes sound of which it is known what is in it, and what detectors might say of it."""

import wave
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Rendition
from pipeline.domain.sound_hint import Detector, HintKind, Listening, SoundHint
from pipeline.domain.timeline import Span
from tests.builders import NOON

RATE_HZ = 16_000
Samples = NDArray[np.float64]
"""From -1 to 1."""


def noise(seconds: float, *, level: float = 0.004, seed: int = 1) -> Samples:
    """Hiss that does not change."""
    return np.random.default_rng(seed).normal(0, level, round(seconds * RATE_HZ))


def bang(*, peak: float = 0.8, decay_s: float = 0.02, seed: int = 2) -> Samples:
    """A burst with all pitches in it, at once there and soon gone."""
    count = round(0.25 * RATE_HZ)
    return peak * np.random.default_rng(seed).normal(0, 0.4, count) * np.exp(-np.arange(count) / (decay_s * RATE_HZ))


def with_bangs(background: Samples, at_samples: Iterable[int], *, peak: float = 0.8) -> Samples:
    """The same with bangs that begin at these samples."""
    found = background.copy()
    for at in at_samples:
        part = found[at : at + RATE_HZ // 4]
        part += bang(peak=peak)[: len(part)]
    return found


def write_wav(path: Path, samples: Samples, *, rate_hz: int = RATE_HZ, channels: int = 1) -> Path:
    """As rendering writes it, unless told otherwise."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def a_detector(kind: HintKind = HintKind.IMPULSE, *, name: str = "ear 1") -> Detector:
    return Detector(kind, name, "numpy 2", '{"crest_min_db":8}')


def a_hint(kind: HintKind, start_s: str, end_s: str, score: float) -> SoundHint:
    return SoundHint(Span(Fraction(start_s), Fraction(end_s)), kind, score)


def an_impulse_listening(rendition: Rendition, **instead: Any) -> Listening:
    """Two bangs, the second across the end of the first clip."""
    given: dict[str, Any] = {
        "recording_id": rendition.recording_id,
        "detector": a_detector(),
        "rendition_id": rendition.rendition_id,
        "sound": Sha256.of(b"sound"),
        "outcome": "2 of 3 noticed; 1 not sudden",
        "listened_at": NOON,
        "hints": (
            a_hint(HintKind.IMPULSE, "1/3", "2/5", 0.91),
            a_hint(HintKind.IMPULSE, "10", "41/4", 0.3),
        ),
    }
    return Listening(**(given | instead))


def a_speech_listening(rendition: Rendition, **instead: Any) -> Listening:
    """One region, in two clips."""
    given: dict[str, Any] = {
        "detector": a_detector(HintKind.SPEECH),
        "outcome": "1 of 1 noticed",
        "hints": (a_hint(HintKind.SPEECH, "9", "12", 0.97),),
    }
    return an_impulse_listening(rendition, **(given | instead))
