"""Sentences of which it is known when they are spoken. A machine speaks them: it is even, near and in a quiet room."""

import shutil
import subprocess
import sys
import wave
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.sounds import RATE_HZ, noise

SPEAKER = "espeak-ng"
SENTENCES = (
    ("en-gb", "Armed police, show me your hands."),
    ("en-gb+f3", "Contact front, two suspects, moving left."),
    ("en-us+m5", "Get down on the floor, now."),
    ("en-gb-scotland", "Room clear. I am coming out."),
    ("de+f2", "Achtung, Waffe fallen lassen."),
    ("en-us+f4", "We need a medic in the corridor, one casualty, breathing."),
    ("en-gb-x-rp+m3", "Stop. Stay where you are."),
    ("fr+m2", "Police, ne bougez plus."),
)
"""Voices of espeak-ng, and what they say."""
PAUSE_S = 3
LEVEL = 0.1
"""Of the loudest moment: a voice a few steps away."""
QUIET = 0.0005
"""Of the hiss between: a good microphone's."""
_AUDIBLE = 0.01
"""Of the loudest moment: what is quieter at both ends is no speech."""


def is_there() -> bool:
    """Whether there is anybody to speak."""
    if shutil.which(SPEAKER):
        return True
    sys.stderr.write(f"no sentences: {SPEAKER} is not installed (apt-get install {SPEAKER})\n")
    return False


@cache
def sentences(folder: Path) -> tuple[NDArray[np.float64], list[tuple[int, int]]]:
    """All of them one after the other with pauses between; and the samples from where to where each is audible."""
    parts, spoken, at = [np.zeros(PAUSE_S * RATE_HZ)], [], PAUSE_S * RATE_HZ
    for voice, sentence in SENTENCES:
        said = _say(folder, voice, sentence)
        audible = np.flatnonzero(np.abs(said) > _AUDIBLE * np.abs(said).max())
        spoken.append((at + int(audible[0]), at + int(audible[-1]) + 1))
        parts += [said * LEVEL / np.abs(said).max(), np.zeros(PAUSE_S * RATE_HZ)]
        at += len(said) + PAUSE_S * RATE_HZ
    sound = np.concatenate(parts)
    return sound + noise(len(sound) / RATE_HZ, level=QUIET), spoken


def _say(folder: Path, voice: str, sentence: str) -> NDArray[np.float64]:
    spoken, target = folder / "spoken.wav", folder / "resampled.wav"
    subprocess.run([SPEAKER, "-v", voice, "-w", str(spoken), sentence], check=True, capture_output=True)
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(spoken), "-ac", "1", "-ar", str(RATE_HZ), str(target)]
    subprocess.run(argv, check=True)
    with wave.open(str(target)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / (1 << 15)
