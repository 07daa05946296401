"""Where may two sounds fit, at any offset up to hours? Found by how the strength of twelve bands rises and falls.

A band's strength, less its mean over a second around, is the same through another microphone, another gain and an
automatic one. It is small: an hour is ten megabytes. Pieces of one sound are looked for in the whole other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.adapters.correlation.sound import RATE_HZ, Sound

HOP = 256
HOP_S = HOP / RATE_HZ
_WINDOW = 512
_BANDS = 12
_LOWEST_HZ, _HIGHEST_HZ = 150.0, 6000.0
_FLOOR = 1e-9
"""-90 dB: below it there is no sound, and its ups and downs are rounding."""
_MEAN_HOPS = 63
"""One second."""
_LOUD, _QUIETEST = 3.0, 0.02
"""How far a rise counts, in spreads of its band; less spread than this is no sound (a pure tone, digital silence)."""

PIECE_S = 40
"""Long enough to be told from strangers, short enough that a drift of the clocks is not seen in it."""
_PIECES_MAX = 24
_CANDIDATES_MAX = 6
_NOISE_Z = 3.0
"""Of a piece's correlation what is below so many spreads counts for nothing."""
_MEDIAN_OF_NORMAL = 0.6745
"""Half of all normal values lie within so many spreads."""
_SCORE_MIN = 1.5
"""A candidate is where pieces stand out together by so many spreads above that."""
_APART_S = 0.25

Bands = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The bands of a sound, one row a band, a column every `HOP_S`."""

    bands: Bands

    @property
    def hops(self) -> int:
        """How many columns."""
        return int(self.bands.shape[1])

    def activity(self) -> NDArray[np.float32]:
        """How much happens at each moment: the mean of all bands, without sign."""
        found: NDArray[np.float32] = np.abs(self.bands).mean(axis=0)
        return found


def envelope_of(sound: Sound) -> Envelope:
    """Listen to all of a sound once."""
    if not sound.sample_count:
        return Envelope(np.zeros((_BANDS, 0), np.float32))
    edges = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _BANDS + 1) * _WINDOW / RATE_HZ
    columns = np.arange(_WINDOW // 2 + 1)
    within = [(columns >= low) & (columns < high) for low, high in pairwise(edges)]
    sums = np.array([one / max(one.sum(), 1) for one in within], np.float32)
    taper = np.hanning(_WINDOW).astype(np.float32)
    parts = []
    for block in sound.blocks(overlap=_WINDOW - HOP):
        frames = np.lib.stride_tricks.sliding_window_view(block, _WINDOW)[::HOP]
        power = np.abs(np.fft.rfft(frames * taper, axis=1)) ** 2
        parts.append(np.log((sums @ power.T.astype(np.float32)) + _FLOOR))
    strength = np.concatenate(parts, axis=1)
    bands = strength - _running_mean(strength)
    spread = np.maximum(bands.std(axis=1, keepdims=True), _QUIETEST)
    return Envelope(np.clip(bands / spread, -_LOUD, _LOUD).astype(np.float32))


def _running_mean(strength: Bands) -> Bands:
    half = _MEAN_HOPS // 2
    padded = np.pad(strength.astype(np.float64), ((0, 0), (half + 1, half)), mode="edge")
    total = np.cumsum(padded, axis=1)
    return ((total[:, _MEAN_HOPS:] - total[:, :-_MEAN_HOPS]) / _MEAN_HOPS).astype(np.float32)


def likely_lags(
    first: Envelope, second: Envelope, *, within_s: tuple[float, float], drift_max: float
) -> Sequence[float]:
    """Lags in seconds at which the two may fit, the likeliest first: moment t of the second is t + lag of the first.

    Args:
        first: the one that is searched; better the longer.
        second: the one whose pieces are looked for.
        within_s: the smallest and the largest lag that is looked for.
        drift_max: how much the clocks may run apart, as a share.
    """
    low, high = (round(bound / HOP_S) for bound in within_s)
    lags = np.arange(low, high + 1)
    pieces = _pieces(second)
    if not pieces or not len(lags):
        return []
    size = 1 << int(first.hops + round(PIECE_S / HOP_S)).bit_length()
    whole = np.fft.rfft(first.bands, size, axis=1)
    middle = sum((start + end) / 2 for start, end in pieces) / len(pieces)
    total = np.zeros(len(lags))
    for start, end in pieces:
        piece = np.fft.rfft(second.bands[:, start:end], size, axis=1)
        fits = np.fft.irfft((whole * np.conj(piece)).sum(axis=0), size)
        spread = _spread(fits[np.arange(start - end + 1, first.hops)])
        if spread <= 0:
            continue
        # Where the piece lies before the beginning or behind the end of the first, there is nothing to fit.
        places = lags + start
        inside = (places > start - end) & (places < first.hops)
        values = np.where(inside, fits[places % size], 0.0)
        slack = 1 + int(np.ceil(drift_max * abs((start + end) / 2 - middle)))
        total += _highest_near(np.maximum(values / spread - _NOISE_Z, 0.0), slack)
    return _peaks(total, lags)


def _pieces(envelope: Envelope) -> list[tuple[int, int]]:
    """Parts in which something happens, evenly spread, as hops."""
    length = min(round(PIECE_S / HOP_S), envelope.hops)
    if length == 0:
        return []
    count = min(_PIECES_MAX, max(1, round(1.5 * envelope.hops / length)))
    starts = sorted({round(at) for at in np.linspace(0, envelope.hops - length, count)})
    activity = envelope.activity()
    return [(start, start + length) for start in starts if float(activity[start : start + length].mean()) > 0]


def _spread(fits: NDArray[np.float64]) -> float:
    """Of the correlation everywhere, by its median: the place that fits, and its neighbours, must not count."""
    return float(np.median(np.abs(fits))) / _MEDIAN_OF_NORMAL


def _highest_near(values: NDArray[np.float64], slack: int) -> NDArray[np.float64]:
    padded = np.pad(values, slack)
    found: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(padded, 2 * slack + 1).max(axis=1)
    return found


def _peaks(total: NDArray[np.float64], lags: NDArray[np.int64]) -> list[float]:
    apart = round(_APART_S / HOP_S)
    found: list[float] = []
    left = total.copy()
    while len(found) < _CANDIDATES_MAX:
        at = int(left.argmax())
        if left[at] < _SCORE_MIN:
            break
        # The middle of a plateau that the slack made.
        end = at
        while end + 1 < len(left) and left[end + 1] == left[at]:
            end += 1
        found.append(float(lags[(at + end) // 2]) * HOP_S)
        left[max(0, at - apart) : end + apart + 1] = 0.0
    return found
