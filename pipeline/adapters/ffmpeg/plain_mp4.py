"""Is there anything in this MP4 but picture and sound?

Read from the boxes themselves, because tools only show what they know. Every box inside the index must be one that
playing needs; a box for words, places or an application of its own makes the file one that may not leave. Let pass are
empty boxes, and the list of no words that ffmpeg always writes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import RenditionMismatchError

_HEADER_BYTES, _LONG_HEADER_BYTES = 8, 16
_LENGTH_FOLLOWS = 1
_OUTSIDE = frozenset({b"ftyp", b"moov", b"mdat"})
_FOLDERS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl"})
_NO_WORDS = b"\0\0\0\x35meta\0\0\0\0" + b"\0\0\0\x21hdlr" + bytes(8) + b"mdirappl" + bytes(9) + b"\0\0\0\x08ilst"
"""What is in ffmpeg's `udta` where there is nothing to say."""
_NEEDED = frozenset(
    {
        *(b"mvhd", b"tkhd", b"elst", b"mdhd", b"hdlr", b"vmhd", b"smhd", b"dref"),
        *(b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64", b"sgpd", b"sbgp"),
    }
)
"""ISO/IEC 14496-12, table 1. `sgpd` and `sbgp` say how many packets of sound a decoder needs to run in."""


def refuse_more_than_media(path: Path) -> None:
    """Refuse a file of ours that holds a box which playing does not need.

    Raises:
        RenditionMismatchError: it does, or it is no MP4.
    """
    size_bytes = path.stat().st_size
    with path.open("rb") as stream:
        rows = list(_boxes(stream, 0, size_bytes))
        kinds = [kind for kind, first, last in rows if (kind, first) != (b"free", last)]
        if sorted(kinds) != sorted(_OUTSIDE):
            raise RenditionMismatchError(f"expected one ftyp, moov and mdat, found {kinds!r:.200}")
        _refuse_others(stream, 0, size_bytes)


def _refuse_others(stream: BinaryIO, start: int, end: int) -> None:
    for kind, first, last in _boxes(stream, start, end):
        if kind in _FOLDERS:
            _refuse_others(stream, first, last)
        elif kind not in _NEEDED | _OUTSIDE and first < last and _content(stream, first, last) != _NO_WORDS:
            raise RenditionMismatchError(f"expected nothing but picture and sound, found a box {kind!r}")


def _content(stream: BinaryIO, first: int, last: int) -> bytes:
    stream.seek(first)
    return stream.read(min(last - first, len(_NO_WORDS) + 1))


def _boxes(stream: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each box in a row of them, and where its content begins and ends."""
    at = start
    while at < end:
        stream.seek(at)
        header = stream.read(_LONG_HEADER_BYTES)
        length, kind, skipped = int.from_bytes(header[:4], "big"), header[4:8], _HEADER_BYTES
        if length == _LENGTH_FOLLOWS:
            length, skipped = int.from_bytes(header[8:], "big"), _LONG_HEADER_BYTES
        if length < skipped or at + length > end:
            raise RenditionMismatchError(f"expected a row of boxes up to byte {end}, found a break at {at}")
        yield kind, at + skipped, at + length
        at += length
