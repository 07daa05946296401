"""Where do two recordings match best, and how well?

What resembles everything proves nothing. Flat and black pictures are left out, and of the others only those count as
moments that are unlike one another and unlike most of what they are compared with: the wall behind a fixed camera is no
evidence, the person who crosses it at this moment is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from pipeline.adapters.pictures.hashing import (
    KEPT_PER_S,
    KEPT_STEP,
    QUALITY_MIN,
    DenseHashes,
    Words,
    distances,
    spread,
    unpack,
)
from pipeline.domain.duplicate import ALIKE_BITS, SAME_BITS, PictureMatch
from pipeline.domain.small_pictures import GREY_PER_S

_PROBES_MAX = 300
"""Moments with which the offset is searched; all of them are compared where it is found."""
_OFFSETS_TRIED = 3
_USUAL_FRAMES = 400
_TELLING_BITS = 24
"""A moment that is usually nearer than this resembles everything that it is compared with."""
_SAME_CONTRAST, _ALIKE_CONTRAST = 16, 30
"""How much nearer than usual a picture must be to count as the same, or as alike."""
_UNLIKE_ALL = 256


@dataclass(frozen=True, slots=True)
class _Moments:
    """Telling moments of the earlier recording."""

    samples: NDArray[np.intp]
    words: Words
    usual: NDArray[np.float64]
    """Bits to the pictures of the later recording, the median."""


def match_pictures(
    earlier_kept: bytes, later: DenseHashes, *, adds_sound: bool = False, adds_detail: bool = False
) -> PictureMatch | None:
    """Where two recordings match best; `None` when they have nothing to compare.

    Args:
        earlier_kept: what is stored of the one.
        later: the other, whole.
        adds_sound: the later has sound and the earlier has none.
        adds_detail: the later has clearly more pixels or frames a second.
    """
    words, quality = unpack(earlier_kept)
    samples, good = _different(words, quality), later.good
    if not len(samples) or not len(good):
        return None
    found: list[PictureMatch] = []
    for turn, turned in later.turned.items():
        moments = _telling(samples, words, turned[spread(good, _USUAL_FRAMES)])
        for offset in _likely_offsets(moments, turned, good):
            at = moments.samples * KEPT_STEP - offset
            beside = (at >= 0) & (at < len(turned))
            bits = _nearest(moments.words[beside], at[beside], turned, later.quality)
            same = (bits <= SAME_BITS) & (bits <= moments.usual[beside] - _SAME_CONTRAST)
            alike = same | ((bits <= ALIKE_BITS) & (bits <= moments.usual[beside] - _ALIKE_CONTRAST))
            earlier_s, later_s = Fraction(len(words), KEPT_PER_S), Fraction(len(turned), GREY_PER_S)
            offset_s = Fraction(offset, GREY_PER_S)
            shared_s = max(Fraction(0), min(earlier_s, offset_s + later_s) - max(Fraction(0), offset_s))
            match = PictureMatch(
                moments=len(bits),
                same_moments=int(same.sum()),
                alike_moments=int(alike.sum()),
                longest_same_run=_longest_run(same),
                longest_alike_run=_longest_run(alike),
                median_bits=int(np.median(bits)) if len(bits) else _UNLIKE_ALL,
                offset_s=offset_s,
                turn=turn,
                earlier_covered=shared_s / earlier_s,
                later_covered=shared_s / later_s,
                adds_sound=adds_sound,
                adds_detail=adds_detail,
            )
            found.append(match)
    return max(found, key=lambda one: (one.same_moments, one.alike_moments, -one.median_bits), default=None)


def _different(words: Words, quality: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Kept pictures of which no two are the same: the first of each kind."""
    chosen: list[int] = []
    left = np.flatnonzero(quality >= QUALITY_MIN)
    while len(left):
        chosen.append(int(left[0]))
        left = left[distances(words[left[:1]], words[left])[0] > SAME_BITS]
    return np.array(chosen, np.intp)


def _telling(samples: NDArray[np.intp], words: Words, others: Words) -> _Moments:
    usual = np.median(distances(words[samples], others), axis=1).astype(np.float64)
    telling = usual >= _TELLING_BITS
    return _Moments(samples[telling], words[samples[telling]], usual[telling])


def _likely_offsets(moments: _Moments, turned: Words, good: NDArray[np.intp]) -> Iterator[int]:
    """Where the later may begin on the earlier's timeline, in dense pictures, the likeliest first."""
    probes = spread(np.arange(len(moments.samples)), _PROBES_MAX)
    near = np.clip(ALIKE_BITS + 1 - distances(moments.words[probes], turned[good]), 0, None)
    rows, columns = np.nonzero(near)
    if not len(rows):
        return
    offsets = moments.samples[probes][rows] * KEPT_STEP - good[columns]
    first = int(offsets.min())
    # The square: one picture that is the same says more than ten that are alike.
    counted = np.bincount(offsets - first, weights=near[rows, columns].astype(np.float64) ** 2)
    votes = np.convolve(counted, [0.5, 1.0, 0.5], mode="same")[: len(counted)]
    for _ in range(_OFFSETS_TRIED):
        at = int(votes.argmax())
        if votes[at] <= 0:
            return
        yield at + first
        votes[max(0, at - 2) : at + 3] = 0


def _nearest(words: Words, at: NDArray[np.intp], turned: Words, quality: NDArray[np.uint8]) -> NDArray[np.int64]:
    """For each moment the bits to the nearest of the three pictures where it should be."""
    found = np.full(len(at), _UNLIKE_ALL, np.int64)
    for step in (-1, 0, 1):
        places = np.clip(at + step, 0, len(turned) - 1)
        bits = np.bitwise_count(words ^ turned[places]).sum(axis=1, dtype=np.int64)
        bits[quality[places] < QUALITY_MIN] = _UNLIKE_ALL
        found = np.minimum(found, bits)
    return found


def _longest_run(found: NDArray[np.bool_]) -> int:
    return max((len(list(run)) for is_found, run in groupby(found.tolist()) if is_found), default=0)
