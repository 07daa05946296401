"""Are there black bars around a picture? Players and phones add them, and they change every hash."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.media import Bars
from pipeline.domain.small_pictures import BARS_SIDE_PX

_BLACK = 28
"""Luma of a black that was encoded: 16, and some noise."""
_MOSTLY, _NEARLY_ALWAYS = 0.7, 0.2
"""Seven tenths of a row, in four of five pictures (the quantile below which the fifth lies)."""


def find_bars(frames: bytes) -> Bars:
    """The black bars around a picture, from some grey pictures of `BARS_SIDE_PX` squared.

    A row or column belongs to a bar when it is mostly black nearly always: words may be written on it. What leaves less
    than a quarter of a side is a dark scene and no bar.
    """
    side = BARS_SIDE_PX
    black = np.frombuffer(frames[: len(frames) // side**2 * side**2], np.uint8).reshape(-1, side, side) <= _BLACK
    if not len(black):
        return Bars()
    top, bottom = _edges(np.quantile(black.mean(axis=2), _NEARLY_ALWAYS, axis=0))
    left, right = _edges(np.quantile(black.mean(axis=1), _NEARLY_ALWAYS, axis=0))
    return Bars(left, top, right, bottom)


def _edges(black_share: NDArray[np.float64]) -> tuple[Fraction, Fraction]:
    """The parts before and after the picture, as shares of the whole."""
    seen = np.flatnonzero(black_share < _MOSTLY)
    if not len(seen) or seen[-1] - seen[0] < BARS_SIDE_PX // 4:
        return Fraction(0), Fraction(0)
    return Fraction(int(seen[0]), BARS_SIDE_PX), Fraction(BARS_SIDE_PX - 1 - int(seen[-1]), BARS_SIDE_PX)
