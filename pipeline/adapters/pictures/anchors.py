"""How is a recording found among all, without comparing it with each?

Each anchor (a kept hash every four seconds) is cut into ten bands of 24 bits. Two hashes of the same picture, 31 bits
apart at most, share a band in 37 of 100 cases, and 8 bits apart nearly always; strangers in one of a million. A
recording of some length has many anchors, of which two suffice. (P = 1 - (1 - (1 - d/256)^24)^10.)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.adapters.pictures.hashing import QUALITY_MIN, DenseHashes, Words, distances, octets, unpack, words_of
from pipeline.domain.duplicate import PictureAnchor

_ANCHOR_EVERY = 8
"""Kept hashes from one anchor to the next: four seconds."""
_ANCHORS_MIN = 16
"""A short recording has them nearer to one another."""
_BANDS, _BAND_BYTES = 10, 3
_WINDOWS, _WINDOW_FRAMES = 30, 20
"""How much of a recording is looked up: thirty times two seconds, in which every picture is taken."""
_NEAR_BITS = 45
"""Pictures a twentieth of a second apart, in a re-encode, are nearer than this; strangers never are."""
_NEAR_MIN = 2


def anchors_of(kept: bytes) -> list[PictureAnchor]:
    """The anchors of a recording, from what is kept of its hashes."""
    words, quality = unpack(kept)
    every = max(1, min(_ANCHOR_EVERY, len(words) // _ANCHORS_MIN))
    samples = [sample for sample in range(0, len(words), every) if quality[sample] >= QUALITY_MIN]
    hashes = octets(words[samples])
    return [
        PictureAnchor(sample, row.tobytes(), bands)
        for sample, row, bands in zip(samples, hashes, _bands(words[samples]), strict=True)
    ]


def bands_to_look_up(later: DenseHashes) -> list[int]:
    """The bands under which an earlier recording of the same pictures has its anchors, turned or not."""
    frames = _window_frames(later)
    return sorted({band for words in later.turned.values() for bands in _bands(words[frames]) for band in bands})


def is_candidate(anchors: Sequence[PictureAnchor], later: DenseHashes) -> bool:
    """Whether anchors that share a band are truly near, more than one of them."""
    words = words_of(b"".join(anchor.hash for anchor in anchors))
    frames = _window_frames(later)
    return any(
        int((distances(words, turned[frames]).min(axis=1, initial=256) <= _NEAR_BITS).sum()) >= _NEAR_MIN
        for turned in later.turned.values()
    )


def _bands(words: Words) -> list[tuple[int, ...]]:
    """For each hash its parts, each with its place, so that equal parts at one place are one number."""
    parts = octets(words)[:, : _BANDS * _BAND_BYTES].reshape(-1, _BANDS, _BAND_BYTES).astype(np.int64)
    values = (parts[:, :, 0] << 16) | (parts[:, :, 1] << 8) | parts[:, :, 2]
    places = np.arange(_BANDS, dtype=np.int64) << (8 * _BAND_BYTES)
    return [tuple(row) for row in (values | places).tolist()]


def _window_frames(later: DenseHashes) -> NDArray[np.intp]:
    """The pictures that are looked up: all of a short recording, windows of a long one."""
    count = len(later.quality)
    is_looked_up = np.ones(count, np.bool_)
    if count > _WINDOWS * _WINDOW_FRAMES:
        starts = np.linspace(0, count - _WINDOW_FRAMES, _WINDOWS).astype(np.intp)
        is_looked_up[:] = False
        is_looked_up[(starts[:, None] + np.arange(_WINDOW_FRAMES)).ravel()] = True
    return np.flatnonzero(is_looked_up & (later.quality >= QUALITY_MIN))
