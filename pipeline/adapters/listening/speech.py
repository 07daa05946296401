"""How likely is each moment of sound speech?

The network is silero-vad's (MIT), in the form that takes many frames in one call: the same numbers as frame by frame,
at a third of the cost. Its package is not imported, because that imports torch; it is a place for the file.
"""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.adapters.listening.samples import Samples, read_blocks
from pipeline.domain.digest import Sha256
from pipeline.domain.speech import SpeechParameters
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_PACKAGE = "silero-vad"
_FILE = "silero_vad/data/silero_vad_16k_sequence.onnx"
"""Inputs `input` (frames, 576), `h` and `c` (1, 1, 128); outputs `speech_probs` (frames), `hn` and `cn`: as in the
package's `sequence_vad.py`."""
_STATE_SHAPE = (1, 1, 128)


def network_path() -> Path:
    """Where the network lies.

    Raises:
        SettingsError: the package is not installed, or is another version without it.
    """
    try:
        path = Path(str(distribution(_PACKAGE).locate_file(_FILE)))
    except PackageNotFoundError as exc:
        raise SettingsError(f"expected the package {_PACKAGE}: install what requirements.lock names") from exc
    if not path.is_file():
        raise SettingsError(f"expected {_FILE} in the package {_PACKAGE}, found none")
    return path


@cache
def network_digest() -> Sha256:
    """Of the network's file."""
    with network_path().open("rb") as stream:
        return Sha256.of_stream(stream)


def speech_probabilities(path: Path, parameters: SpeechParameters) -> list[float]:
    """How likely each frame is speech, from the beginning on; the last may reach beyond the end.

    Raises:
        MediaToolError: it is not a WAV of the form that rendering makes.
        SettingsError: the network is not installed.
    """
    found: list[NDArray[np.float32]] = []
    state = (np.zeros(_STATE_SHAPE, np.float32), np.zeros(_STATE_SHAPE, np.float32))
    loudest_silence = 10 ** (parameters.silence_db / 20)
    for frames in _frames(path, parameters):
        if np.abs(frames).max() <= loudest_silence:
            found.append(np.zeros(len(frames), np.float32))
            continue
        likely, *state = _network().run(["speech_probs", "hn", "cn"], {"input": frames, "h": state[0], "c": state[1]})
        found.append(likely.reshape(-1))
    return [float(likely) for block in found for likely in block]


def _frames(path: Path, parameters: SpeechParameters) -> Iterator[Samples]:
    """Blocks of frames, one a row, each after the last samples of the frame before it."""
    size, context = parameters.frame_samples, parameters.context_samples
    block_samples = size * parameters.block_frames
    before = np.zeros(context, np.float32)
    for block in read_blocks(path, rate_hz=parameters.sample_rate_hz, block_samples=block_samples):
        frames = np.pad(block, (0, -len(block) % size)).reshape(-1, size)
        ends = np.concatenate([before[None], frames[:, -context:]])
        before = ends[-1]
        yield np.concatenate([ends[:-1], frames], axis=1)


@cache
def _network() -> "InferenceSession":
    """The network, opened once in a process; threads share it."""
    # It takes a third of a second to import; most commands never listen.
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # recordings are what runs side by side
    options.log_severity_level = 3  # it warns of constants in the network that nothing uses
    return InferenceSession(str(network_path()), options, providers=["CPUExecutionProvider"])
