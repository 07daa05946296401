"""Which detectors listen to recordings here, and what is each called?"""

import json
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from pipeline.adapters.listening.impulses import find_impulses
from pipeline.adapters.listening.speech import network_digest, speech_probabilities
from pipeline.domain.impulse import ImpulseCandidate, ImpulseParameters
from pipeline.domain.plain import to_plain
from pipeline.domain.sound_hint import Detector, HintKind
from pipeline.domain.speech import SpeechParameters

FORM = 1
"""How things are measured; another way of it is another detector."""


class Listener:
    """Measures what detectors decide on. Safe to share between threads."""

    def __init__(self, impulses: ImpulseParameters | None = None, speech: SpeechParameters | None = None) -> None:
        self.impulse_parameters = impulses or ImpulseParameters()
        self.speech_parameters = speech or SpeechParameters()

    @cached_property
    def detectors(self) -> dict[HintKind, Detector]:
        """What listens for each kind of hint.

        Raises:
            SettingsError: the network is not installed.
        """
        network = f"onnxruntime {version('onnxruntime')} silero-vad {version('silero-vad')} sha256:{network_digest()}"
        return {
            HintKind.IMPULSE: Detector(
                HintKind.IMPULSE,
                f"rise of energy in a band, form {FORM}",
                f"numpy {version('numpy')}",
                _told(self.impulse_parameters),
            ),
            HintKind.SPEECH: Detector(
                HintKind.SPEECH,
                f"silero-vad {version('silero-vad')}, form {FORM}",
                network,
                _told(self.speech_parameters),
            ),
        }

    def find_impulses(self, sound: Path) -> list[ImpulseCandidate]:
        """Every peak of energy that stands out of its surroundings, in order.

        Raises:
            MediaToolError: it is not a WAV of the form that rendering makes.
        """
        return find_impulses(sound, self.impulse_parameters)

    def speech_probabilities(self, sound: Path) -> list[float]:
        """How likely each frame is speech, from the beginning on.

        Raises:
            MediaToolError: it is not a WAV of the form that rendering makes.
            SettingsError: the network is not installed.
        """
        return speech_probabilities(sound, self.speech_parameters)


def _told(parameters: ImpulseParameters | SpeechParameters) -> str:
    return json.dumps(to_plain(parameters), sort_keys=True, separators=(",", ":"))
