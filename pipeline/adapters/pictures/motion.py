"""How far does the picture move from one moment to the next, and where is nothing to be seen?

The movement of a whole picture is the place of the peak of its phase correlation with the one before (Kuglin and Hines
1975), to a fraction of a point by a parabola through the peak and its neighbours. A point is a sixty-fourth of the
picture: enough to tell a camera that is carried from one that runs, which is what it is for.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.measures import MotionMeasures
from pipeline.domain.small_pictures import GREY_PER_S, GREY_SIDE_PX

_FIELD_PX = 8
_FLAT_LUMA = 3.0
"""Standard deviation of luma within a field, of 255, below which there is nothing in it but noise."""
_AT_ONCE = 512
"""Pictures in memory at once: half an hour of footage takes no more than a minute of it does."""
_WINDOW = np.outer(np.hanning(GREY_SIDE_PX), np.hanning(GREY_SIDE_PX)).astype(np.float32)
"""A picture's edges are no part of what moved."""
_TINY = 1e-9


def measure_motion(grey: Path) -> MotionMeasures:
    """Measure grey pictures of `GREY_SIDE_PX` squared, `GREY_PER_S`, that lie one after the other in a file."""
    shift: list[int] = []
    flat: list[int] = []
    last: NDArray[np.complex64] | None = None
    for pictures in _batches(grey):
        spectra = np.fft.rfft2((pictures - pictures.mean(axis=(1, 2), keepdims=True)) * _WINDOW).astype(np.complex64)
        before = np.concatenate([spectra[:1] if last is None else last[None], spectra[:-1]])
        shift += np.rint(_shift(before, spectra) / GREY_SIDE_PX * 1000).astype(int).tolist()
        flat += np.rint(_flat_share(pictures) * 1000).astype(int).tolist()
        last = spectra[-1]
    return MotionMeasures(Fraction(GREY_PER_S), tuple(shift), tuple(flat))


def _shift(before: NDArray[np.complex64], after: NDArray[np.complex64]) -> NDArray[np.float64]:
    """How far each picture moved, in points."""
    cross = after * np.conj(before)
    surface = np.fft.irfft2(cross / (np.abs(cross) + _TINY), s=(GREY_SIDE_PX, GREY_SIDE_PX))
    at = surface.reshape(len(surface), -1).argmax(axis=1)
    rows, columns = np.divmod(at, GREY_SIDE_PX)
    each = np.arange(len(surface))

    def along(axis_at: NDArray[np.intp], pick: str) -> NDArray[np.float64]:
        near = [(axis_at + step) % GREY_SIDE_PX for step in (-1, 0, 1)]
        low, peak, high = (surface[each, n, columns] if pick == "rows" else surface[each, rows, n] for n in near)
        bend = low - 2 * peak + high
        part = np.where(np.abs(bend) > _TINY, 0.5 * (low - high) / np.where(np.abs(bend) > _TINY, bend, 1), 0)
        moved_by: NDArray[np.float64] = (axis_at + GREY_SIDE_PX // 2) % GREY_SIDE_PX - GREY_SIDE_PX // 2 + part
        return moved_by

    moved: NDArray[np.float64] = np.hypot(along(rows, "rows"), along(columns, "columns"))
    return moved


def _flat_share(pictures: NDArray[np.float32]) -> NDArray[np.float64]:
    fields = GREY_SIDE_PX // _FIELD_PX
    by_field = pictures.reshape(-1, fields, _FIELD_PX, fields, _FIELD_PX)
    found: NDArray[np.float64] = (by_field.std(axis=(2, 4)) < _FLAT_LUMA).mean(axis=(1, 2))
    return found


def _batches(grey: Path) -> Iterator[NDArray[np.float32]]:
    size = GREY_SIDE_PX * GREY_SIDE_PX
    with grey.open("rb") as stream:
        while rows := list(islice(iter(lambda: stream.read(size), b""), _AT_ONCE)):
            whole = [
                np.frombuffer(row, np.uint8).reshape(GREY_SIDE_PX, GREY_SIDE_PX) for row in rows if len(row) == size
            ]
            if whole:
                yield np.stack(whole).astype(np.float32)
