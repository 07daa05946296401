"""How is a WAV that rendering made read, piece by piece?"""

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MediaToolError

Samples = NDArray[np.float32]
"""From -1 to 1."""

_SAMPLE_BYTES = 2
_FULL_SCALE = np.float32(1 << 15)


def read_blocks(path: Path, *, rate_hz: int, block_samples: int) -> Iterator[Samples]:
    """The samples of a WAV in blocks of this many; the last may have fewer.

    Raises:
        MediaToolError: it is no WAV of one channel of 16-bit samples at this rate: whoever made it did not finish.
    """
    try:
        with wave.open(str(path), "rb") as sound:
            found = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
            if found != (1, _SAMPLE_BYTES, rate_hz):
                raise MediaToolError(f"sound of a recording: expected {(1, _SAMPLE_BYTES, rate_hz)}, found {found}")
            while data := sound.readframes(block_samples):
                yield np.frombuffer(data, "<i2").astype(np.float32) / _FULL_SCALE
    except (OSError, EOFError, ValueError, wave.Error) as exc:
        raise MediaToolError(f"sound of a recording: expected a whole WAV, found none: {exc}") from exc
