"""What is in the WAV of a recording, read a window at a time?

It is a by-product of ours (16 kHz, mono, 16 bit), as long as its recording: hours of it are never in memory at once.
"""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.timeline import Span
from pipeline.errors import UnreadableFileError

RATE_HZ = 16_000
_SAMPLE_BYTES = 2
_FULL_SCALE = 32_768
_BLOCK_SAMPLES = 30 * RATE_HZ

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sound:
    """A stretch of an opened WAV: where its samples lie in the file."""

    path: Path
    data_at: int
    sample_count: int
    start_s: Fraction
    """Where the stretch begins, on the timeline of its recording; samples count from there."""

    @property
    def duration_s(self) -> Fraction:
        """Its length."""
        return Fraction(self.sample_count, RATE_HZ)

    def read(self, start: int, count: int) -> Samples:
        """Samples `[start, start + count)` between -1 and 1; silence where the file has none."""
        found = np.zeros(count, np.float32)
        first, last = max(start, 0), min(start + count, self.sample_count)
        if first < last:
            with self.path.open("rb") as stream:
                stream.seek(self.data_at + first * _SAMPLE_BYTES)
                data = stream.read((last - first) * _SAMPLE_BYTES)
            values = np.frombuffer(data[: len(data) // _SAMPLE_BYTES * _SAMPLE_BYTES], np.dtype("<i2"))
            found[first - start : first - start + len(values)] = values / np.float32(_FULL_SCALE)
        return found

    def blocks(self, *, overlap: int) -> Iterator[Samples]:
        """All samples in blocks, each with the first `overlap` samples of the next at its end."""
        for start in range(0, self.sample_count, _BLOCK_SAMPLES):
            yield self.read(start, _BLOCK_SAMPLES + overlap)


def open_sound(path: Path, span: Span | None = None) -> Sound:
    """Look at the head of a WAV.

    Args:
        path: the file.
        span: a stretch of it; all of it when not given.

    Raises:
        UnreadableFileError: it is not 16 kHz, mono, 16 bit.
    """
    try:
        with path.open("rb") as stream, wave.open(stream) as head:
            form = (head.getframerate(), head.getnchannels(), head.getsampwidth())
            head.readframes(0)
            data_at = stream.tell()
            said = head.getnframes()
    except (OSError, EOFError, wave.Error) as exc:
        raise UnreadableFileError(f"expected a WAV of ours, found {path.name}: {exc}") from exc
    if form != (RATE_HZ, 1, _SAMPLE_BYTES):
        raise UnreadableFileError(f"expected 16000 Hz, 1 channel, 2 bytes in {path.name}, found {form}")
    # A writer that could not go back says a length that is not so.
    there = (path.stat().st_size - data_at) // _SAMPLE_BYTES
    start, end = 0, min(said, there)
    if span is not None:
        start, end = (min(round(edge_s * RATE_HZ), end) for edge_s in (span.start_s, span.end_s))
    return Sound(path, data_at + start * _SAMPLE_BYTES, end - start, Fraction(start, RATE_HZ))
