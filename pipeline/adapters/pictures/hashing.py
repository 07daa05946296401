"""What are the hashes of a recording's pictures, how far are two of them apart, and what is kept of them?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pdqhash
from numpy.typing import NDArray

from pipeline.domain.duplicate import Turn
from pipeline.domain.small_pictures import GREY_PER_S, GREY_SIDE_PX

Words = NDArray[np.uint64]
"""Hashes, one a row: 256 bits in four words."""

KEPT_PER_S = 2
KEPT_STEP = GREY_PER_S // KEPT_PER_S
QUALITY_MIN = 50
"""PDQ's authors tell not to trust the hash of a flatter picture: black, fog, a lens against cloth."""

_HASH_BYTES = 32
_DIHEDRAL = {Turn.NONE: 0, Turn.UPSIDE_DOWN: 2, Turn.MIRRORED: 5}
"""Where pdqhash puts them among its eight."""


@dataclass(frozen=True, slots=True)
class DenseHashes:
    """Every hashed picture of a recording, at `GREY_PER_S`, as it is and turned."""

    turned: dict[Turn, Words]
    quality: NDArray[np.uint8]

    @property
    def good(self) -> NDArray[np.intp]:
        """The pictures whose hash can be trusted."""
        return np.flatnonzero(self.quality >= QUALITY_MIN)

    def kept(self) -> bytes:
        """What is stored of them: `KEPT_PER_S`, each a hash of 32 bytes and its quality."""
        hashes = octets(self.turned[Turn.NONE][::KEPT_STEP])
        return np.concatenate([hashes, self.quality[::KEPT_STEP, None]], axis=1).tobytes()


def hash_pictures(frames: Path) -> DenseHashes:
    """Hash grey pictures of `GREY_SIDE_PX` by `GREY_SIDE_PX` bytes that lie one after the other in a file."""
    size = GREY_SIDE_PX * GREY_SIDE_PX
    found: dict[Turn, list[bytes]] = {turn: [] for turn in _DIHEDRAL}
    quality = bytearray()
    with frames.open("rb") as stream:
        while len(data := stream.read(size)) == size:
            grey = np.frombuffer(data, np.uint8).reshape(GREY_SIDE_PX, GREY_SIDE_PX, 1)
            hashes, good = pdqhash.compute_dihedral(np.repeat(grey, 3, axis=2))
            for turn, number in _DIHEDRAL.items():
                found[turn].append(np.packbits(hashes[number]).tobytes())
            quality.append(min(int(good), 255))
    turned = {turn: words_of(b"".join(rows)) for turn, rows in found.items()}
    return DenseHashes(turned, np.frombuffer(bytes(quality), np.uint8))


def unpack(kept: bytes) -> tuple[Words, NDArray[np.uint8]]:
    """The hashes and qualities that `DenseHashes.kept` wrote."""
    rows = np.frombuffer(kept, np.uint8).reshape(-1, _HASH_BYTES + 1)
    return words_of(rows[:, :-1].tobytes()), rows[:, -1]


def words_of(hashes: bytes) -> Words:
    """Hashes that lie one after the other."""
    return np.frombuffer(hashes, np.dtype("<u8")).reshape(-1, 4).astype(np.uint64)


def octets(words: Words) -> NDArray[np.uint8]:
    """Hashes as rows of 32 bytes: what `words_of` was given."""
    return np.frombuffer(words.astype("<u8").tobytes(), np.uint8).reshape(-1, _HASH_BYTES)


def distances(one: Words, other: Words) -> NDArray[np.int16]:
    """Bits in which each of these differs from each of those."""
    found = np.zeros((len(one), len(other)), np.int16)
    for word in range(4):
        found += np.bitwise_count(one[:, word, None] ^ other[None, :, word])
    return found


def spread(numbers: NDArray[Any], most: int) -> NDArray[Any]:
    """At most so many of these, evenly."""
    chosen: NDArray[Any] = numbers[np.linspace(0, len(numbers) - 1, min(most, len(numbers))).astype(np.intp)]
    return chosen
