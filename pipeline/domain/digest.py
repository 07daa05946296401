"""What is the SHA-256 of these bytes, and is it the one we expect?

A digest is the identity of stored bytes everywhere in Firsthand: originals, renditions, clips, manifests.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Self

CHUNK_BYTES = 1 << 20
"""Read size when digesting a stream; larger reads gave no speed, smaller ones cost Python time."""

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Sha256:
    """A SHA-256 digest, kept as 64 lower-case hexadecimal digits."""

    hex: str

    def __post_init__(self) -> None:
        if not _HEX.fullmatch(self.hex):
            raise ValueError(f"a SHA-256 is 64 lower-case hexadecimal digits, found {self.hex[:80]!r}")

    def __str__(self) -> str:
        return self.hex

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the digest."""
        return bytes.fromhex(self.hex)

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Digest bytes that are already in memory."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def of_stream(cls, stream: BinaryIO) -> Self:
        """Digest a stream from where it stands to its end, in constant memory."""
        return cls.of_chunks(iter(lambda: stream.read(CHUNK_BYTES), b""))

    @classmethod
    def of_chunks(cls, chunks: Iterable[bytes]) -> Self:
        """Digest pieces that follow one another."""
        hasher = hashlib.sha256()
        for chunk in chunks:
            hasher.update(chunk)
        return cls(hasher.hexdigest())


class DigestingChunks:
    """Passes chunks on and digests them on the way, so that bytes are read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._hasher = hashlib.sha256()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hasher.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk

    @property
    def digest(self) -> Sha256:
        """The digest of everything passed on so far."""
        return Sha256(self._hasher.hexdigest())
