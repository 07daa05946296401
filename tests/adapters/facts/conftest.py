import shutil

import pytest

from pipeline.adapters.facts.reader import FactReader
from pipeline.adapters.sandbox import Parsers

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None,
    reason="no exiftool here to compare with: Debian and Ubuntu have it in libimage-exiftool-perl",
)


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> FactReader:
    """The parsers within their walls."""
    return FactReader(Parsers(scratch=tmp_path_factory.mktemp("facts")))


@pytest.fixture(scope="session")
def fuzzed_still() -> bytes:
    """A small photograph with EXIF, to break."""
    return a_photograph()


def a_photograph(*, orientation: int = 6, size_bytes: int = 0) -> bytes:
    """JPEG markers and one EXIF block with make, orientation, a time with sub-seconds and offset, a serial, a place."""
    exif = _tiff(orientation)
    segment = b"Exif\0\0" + exif
    body = b"\xff\xd8\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + b"\xff\xd9"
    return body + bytes(size_bytes)


def _tiff(orientation: int) -> bytes:
    main = [(0x010F, 2, b"Maker\0"), (0x0112, 3, orientation.to_bytes(2, "little"))]
    inner = [
        (0x9003, 2, b"2026:03:02 10:00:00\0"),
        (0x9011, 2, b"+01:00\0"),
        (0x9291, 2, b"25\0"),
        (0xA431, 2, b"SN-0001\0"),
    ]
    degrees = b"".join(
        part.to_bytes(4, "little") + one.to_bytes(4, "little") for part, one in ((51, 1), (30, 1), (0, 1))
    )
    place = [
        (0x0001, 2, b"S\0"),
        (0x0002, 5, degrees),
        (0x0003, 2, b"W\0"),
        (0x0004, 5, degrees),
        (0x0005, 1, b"\1"),
        (0x0006, 5, (17).to_bytes(4, "little") + (2).to_bytes(4, "little")),
        (0x0007, 5, degrees),
        (0x001D, 2, b"2026:03:02\0"),
    ]
    inner_at = 8 + _length(main, links=2)
    place_at = inner_at + _length(inner)
    links = [(0x8769, inner_at), (0x8825, place_at)]
    return b"II*\0\x08\0\0\0" + _folder(main, 8, links) + _folder(inner, inner_at) + _folder(place, place_at)


_SIZES = {1: 1, 2: 1, 3: 2, 5: 8}


def _length(entries: list[tuple[int, int, bytes]], links: int = 0) -> int:
    return 6 + 12 * (len(entries) + links) + sum(len(data) for _, _, data in entries if len(data) > 4)


def _folder(entries: list[tuple[int, int, bytes]], at: int, links: list[tuple[int, int]] = []) -> bytes:  # noqa: B006
    head, tail = b"", b""
    data_at = at + 6 + 12 * (len(entries) + len(links))
    for tag, kind, data in entries:
        value = data.ljust(4, b"\0") if len(data) <= 4 else (data_at + len(tail)).to_bytes(4, "little")
        tail += data if len(data) > 4 else b""
        head += tag.to_bytes(2, "little") + kind.to_bytes(2, "little")
        head += (len(data) // _SIZES[kind]).to_bytes(4, "little") + value
    for tag, to in links:
        head += tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + to.to_bytes(4, "little")
    return (len(entries) + len(links)).to_bytes(2, "little") + head + b"\0\0\0\0" + tail
