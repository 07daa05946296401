"""Where does the energy of sound rise out of what surrounds it, and how?

The energy of each 5 ms in a band is compared with its running median. All numbers are those of `ImpulseParameters`.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.adapters.listening.samples import read_blocks
from pipeline.domain.impulse import ImpulseCandidate, ImpulseParameters
from pipeline.domain.sound_hint import seconds_at

Levels = NDArray[np.floating[Any]]
"""Decibels, one for each hop."""

_BLOCK_SAMPLES = 32_000
"""What is worked on at once stays in a core's cache."""
_MEDIAN_ROWS = 1024
"""Windows of which the median is taken at once, to bound memory."""


def find_impulses(path: Path, parameters: ImpulseParameters) -> list[ImpulseCandidate]:
    """Every peak of energy that stands out of its surroundings, in order.

    Raises:
        MediaToolError: it is not a WAV of the form that rendering makes.
    """
    levels, bright = _levels(path, parameters)
    if not len(levels):
        return []
    crest = levels - _surroundings(levels, parameters)
    hops = _hops(parameters.apart_ms, parameters)
    peaks = np.flatnonzero((crest >= parameters.crest_min_db) & _is_highest(levels, hops))
    return [_measure(int(peak), levels, crest, bright, parameters) for peak in peaks]


def _levels(path: Path, parameters: ImpulseParameters) -> tuple[Levels, Levels]:
    """The level of each hop in the band, and of its bright part; hop `n` is heard in a window that begins with it."""
    window, hop = parameters.window_samples, parameters.hop_samples
    taper = np.hanning(window + 1)[:-1].astype(np.float32)
    first, last, bright_from = (
        round(hz * window / parameters.sample_rate_hz)
        for hz in (parameters.band_from_hz, parameters.band_to_hz, parameters.bright_from_hz)
    )
    # So that a level is that of the samples' mean square, whatever the taper.
    scale = np.float32(2 / (window * float((taper**2).sum())))
    floor = np.float32(10 ** (parameters.floor_db / 10))
    found: list[tuple[Levels, Levels]] = []
    left: Levels = np.empty(0, np.float32)
    for block in read_blocks(path, rate_hz=parameters.sample_rate_hz, block_samples=_BLOCK_SAMPLES):
        heard = np.concatenate([left, block])
        count = max(0, (len(heard) - window) // hop + 1)
        left = heard[count * hop :]
        if not count:
            continue
        spectrum = np.fft.rfft(sliding_window_view(heard, window)[: count * hop : hop] * taper)[:, first : last + 1]
        power = spectrum.real**2 + spectrum.imag**2
        energies = (power.sum(axis=1), power[:, bright_from - first :].sum(axis=1))
        in_band, in_bright = (10 * np.log10(scale * energy + floor) for energy in energies)
        found.append((in_band, in_bright))
    if not found:
        return np.empty(0, np.float32), np.empty(0, np.float32)
    return np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])


def _surroundings(levels: Levels, parameters: ImpulseParameters) -> Levels:
    """For each hop the higher of two medians: of the levels before it, and of those after it.

    What lies beyond the recording's ends is taken to be like what lies within.
    """
    width = _hops(parameters.median_ms, parameters)
    step = _hops(parameters.median_every_ms, parameters)
    windows = sliding_window_view(np.pad(levels, width, mode="symmetric"), width)[::step]
    # Window `k` covers hops from `k * step - width` on.
    medians = np.concatenate(
        [
            np.partition(windows[at : at + _MEDIAN_ROWS], width // 2, axis=1)[:, width // 2]
            for at in range(0, len(windows), _MEDIAN_ROWS)
        ]
    )
    hops = np.arange(len(levels))
    before = hops // step
    after = np.minimum(-(-(hops + 1 + width) // step), len(medians) - 1)
    surroundings: Levels = np.maximum(medians[before], medians[after])
    return surroundings


def _is_highest(levels: Levels, hops: int) -> NDArray[np.bool_]:
    """Whether each level is above all so many before it, and not below those after it."""
    found = np.ones(len(levels), np.bool_)
    for by in range(1, min(hops, len(levels) - 1) + 1):
        found[by:] &= levels[by:] > levels[:-by]
        found[:-by] &= levels[:-by] >= levels[by:]
    return found


def _measure(
    peak: int, levels: Levels, crest: Levels, bright: Levels, parameters: ImpulseParameters
) -> ImpulseCandidate:
    height = levels[peak]
    from_hop = max(0, peak - _hops(parameters.rise_within_ms, parameters))
    rising = levels[from_hop : peak + 1]
    below = np.flatnonzero(rising < height - parameters.onset_below_peak_db)
    onset = from_hop + int(below[-1]) + 1 if len(below) else from_hop
    falling = levels[peak : peak + _hops(parameters.lasts_max_ms, parameters)]
    fallen = np.flatnonzero(falling < height - parameters.fallen_db)
    end = peak + (int(fallen[0]) if len(fallen) else len(falling))
    return ImpulseCandidate(
        onset_s=_middle_s(onset, parameters),
        end_s=_middle_s(end, parameters),
        crest_db=float(crest[peak]),
        rise_db=float(height - rising.min()),
        brightness_db=float(bright[peak] - height),
    )


def _middle_s(hop: int, parameters: ImpulseParameters) -> Fraction:
    """When the middle of a hop's window is: that is what its taper lets through."""
    return seconds_at(hop * parameters.hop_samples + parameters.window_samples // 2, parameters.sample_rate_hz)


def _hops(duration_ms: int, parameters: ImpulseParameters) -> int:
    return duration_ms * parameters.sample_rate_hz // (1000 * parameters.hop_samples)
