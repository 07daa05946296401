"""Does this MP4 end before its media does, and does its index come first?

A camera that loses power, or a copy that stops, leaves a file whose index speaks of media that is not there. When
such a file ends exactly where a frame would begin, ffmpeg reads what there is and reports success. The container
itself knows better: it is a row of boxes, each with its length, and the last one does not fit.

Only the headers of the outermost boxes are read, and nothing in them is followed: this is safe on any bytes.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.adapters.ffmpeg.faults import refuse_cut_short
from pipeline.adapters.sandbox import Finished
from pipeline.errors import DamagedMediaError, MediaToolError

_HEADER_BYTES, _LONG_HEADER_BYTES = 8, 16
_LENGTH_FOLLOWS, _TO_THE_END = 1, 0
_MEDIA_BOXES = (b"mdat", b"moof")
_INDEX_BOX = b"moov"
_BOXES_MAX = 1_000_000
"""A fragment a second for five days; beyond that we take ffmpeg's word."""


def refuse_missing_media(path: Path, size_bytes: int) -> None:
    """Refuse an MP4 whose media is longer than the file. Other bytes pass: they are ffmpeg's to judge.

    Raises:
        DamagedMediaError: a media box reaches past the end of the file.
    """
    for kind, end in _outermost(path):
        if kind in _MEDIA_BOXES and end > size_bytes:
            raise DamagedMediaError(f"expected media up to byte {end}, found the end at {size_bytes}")


def index_comes_first(path: Path) -> bool:
    """Whether an MP4's index stands before its media, so that a browser need not read to the end before it plays."""
    kinds = [kind for kind, _ in _outermost(path) if kind in (_INDEX_BOX, *_MEDIA_BOXES)]
    return kinds[:1] == [_INDEX_BOX]


def _outermost(path: Path) -> Iterator[tuple[bytes, int]]:
    """Kind and end of each outermost box, as far as they can be followed."""
    at = 0
    with path.open("rb") as stream:
        for _ in range(_BOXES_MAX):
            stream.seek(at)
            header = stream.read(_LONG_HEADER_BYTES)
            if len(header) < _HEADER_BYTES:
                return
            length, kind = int.from_bytes(header[:4], "big"), header[4:8]
            if length == _LENGTH_FOLLOWS:
                length = int.from_bytes(header[8:], "big")
            if length == _TO_THE_END or length < _HEADER_BYTES:
                return
            at += length
            yield kind, at


def size_bytes_of(path: Path) -> int:
    """How long a file is; that it is there at all, before footage is blamed for what a missing file does."""
    try:
        return path.stat().st_size
    except OSError as exc:
        raise MediaToolError(f"the working copy of the media cannot be read: {exc.strerror}") from exc


def ends_early(path: Path, finished: Finished) -> bool:
    """Whether a file that was read to its end lacks media that its container lists."""
    try:
        refuse_missing_media(path, size_bytes_of(path))
        refuse_cut_short(finished)
    except DamagedMediaError:
        return True
    return False
