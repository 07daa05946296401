"""Files that somebody spoilt or made to hurt: the same ones every time, from a few honest ones and a number.

`media_mutants` are for ffmpeg, `sidecar_mutants` for our parsers of stills, tracks and telemetry. What names a file or
a server names one that is really there, so that reading it would succeed.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pipeline.domain.original_facts import OriginalKind
from tests.footage import make_clip, remux

MEDIA_COUNT, SIDECAR_COUNT = 200, 300

Spoil = Callable[[bytearray, Random, Mapping[str, bytes]], bytes]


@dataclass(frozen=True)
class Mutant:
    """One of them."""

    name: str
    kind: OriginalKind
    data: bytes


def honest_media(folder: Path) -> dict[str, bytes]:
    """A small film in each container that we take."""
    folder.mkdir(parents=True)
    whole = make_clip(folder / "whole.mp4", seconds=0.6, size="64x64", gop_frames=5, rate="10")
    fast = remux(whole, folder / "fast.mp4", after="-movflags +faststart")
    fragmented = remux(whole, folder / "parts.mp4", after="-movflags +frag_keyframe+empty_moov+default_base_moof")
    made = [fast, fragmented, remux(whole, folder / "film.mkv"), remux(whole, folder / "film.ts", after="-f mpegts")]
    made.append(make_clip(folder / "film.avi", seconds=0.6, size="64x64", rate="10", video_options="-c:v mjpeg"))
    return {path.name: path.read_bytes() for path in made}


def media_mutants(honest: Mapping[str, bytes], *, bomb: bytes, canary: Path, port: int) -> Iterator[Mutant]:
    """`MEDIA_COUNT` films: hand-made attacks first, then spoilt ones."""
    attacks = [("a picture that unpacks to 16000x16000", bomb), *_media_attacks(honest, canary, port)]
    for number in range(MEDIA_COUNT):
        if number < len(attacks):
            name, data = attacks[number]
        else:
            name, data = _spoilt(number, honest)
        yield Mutant(f"{number}:{name}", "video", data)


def honest_sidecars() -> dict[str, tuple[OriginalKind, bytes]]:
    """One of each that is read as intended."""
    gpx = "".join(
        f'<trkpt lat="51.5{n}" lon="-0.1{n}"><ele>17</ele><time>2026-11-22T12:00:0{n}Z</time></trkpt>' for n in range(9)
    )
    srt = "".join(
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n[latitude: 51.50{n}] [longitude: -0.12{n}]\n\n" for n in range(1, 9)
    )
    rows = "".join(f"2026-11-22T12:00:0{n}Z,51.5{n},-0.1{n}\n" for n in range(9))
    return {
        "still.jpg": ("still", _jpeg(_tiff())),
        "track.gpx": (
            "track",
            f'<?xml version="1.0"?><gpx version="1.1"><trk><trkseg>{gpx}</trkseg></trk></gpx>'.encode(),
        ),
        "track.srt": ("track", srt.encode()),
        "track.csv": ("track", f"time,latitude,longitude\n{rows}".encode()),
    }


def sidecar_mutants(*, canary: Path, port: int, telemetry: bytes) -> Iterator[Mutant]:
    """`SIDECAR_COUNT` stills, tracks and films with telemetry."""
    honest = honest_sidecars() | {"telemetry.mp4": ("video", telemetry)}
    attacks = list(_sidecar_attacks(canary, port))
    names = sorted(honest)
    for number in range(SIDECAR_COUNT):
        if number < len(attacks):
            name, kind, data = attacks[number]
        else:
            seed = names[number % len(names)]
            kind = honest[seed][0]
            name, data = _spoilt(number, {seed: honest[seed][1], **{other: honest[other][1] for other in names}}, seed)
        yield Mutant(f"{number}:{name}", kind, data)


def _spoilt(number: int, honest: Mapping[str, bytes], seed: str | None = None) -> tuple[str, bytes]:
    random = Random(number)  # noqa: S311  # the same spoilt files every time
    seed = seed or random.choice(sorted(honest))
    spoil = _SPOILS[number % len(_SPOILS)]
    return f"{spoil.__name__.strip('_')} of {seed}", spoil(bytearray(honest[seed]), random, honest)


def _flip(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytes:
    for _again in range(random.choice([1, 4, 32, 200])):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def _flip_header(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytes:
    for _again in range(random.choice([1, 8, 40])):
        data[random.randrange(min(600, len(data)))] = random.randrange(256)
    return bytes(data)


def _cut(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytes:
    return bytes(data[: random.randrange(1, len(data))])


def _zero(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytes:
    start = random.randrange(len(data))
    end = min(len(data), start + random.choice([10, 500, 5000]))
    data[start:end] = bytes(end - start)
    return bytes(data)


def _splice(data: bytearray, random: Random, honest: Mapping[str, bytes]) -> bytes:
    """The beginning of another file before the rest of this one."""
    other = honest[random.choice(sorted(honest))]
    return other[: random.randrange(8, min(2000, len(other)))] + bytes(data[random.randrange(len(data)) :])


def _repeat(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytes:
    start = random.randrange(len(data))
    piece = data[start : start + random.choice([8, 200, 3000])]
    return bytes(data[:start] + piece * random.choice([2, 20]) + data[start:])


def _lie(data: bytearray, random: Random, _: Mapping[str, bytes]) -> bytes:
    """Sizes and counts that are not so: boxes, tables, lengths of EBML elements."""
    names = [
        b"moov",
        b"trak",
        b"stsz",
        b"stts",
        b"stco",
        b"ctts",
        b"stsc",
        b"mdat",
        b"avcC",
        b"hdlr",
        b"LIST",
        b"II*\x00",
    ]
    found = [at for name in names if (at := data.find(name)) >= 4] or [random.randrange(4, len(data) - 16)]
    at = random.choice(found) + random.choice([-4, 4, 8, 12])
    lies = [0, 1, 7, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data) * 2]
    data[at : at + 4] = struct.pack(">I", random.choice(lies))
    return bytes(data)


_SPOILS: tuple[Spoil, ...] = (_flip, _flip_header, _cut, _zero, _splice, _repeat, _lie)


def _media_attacks(honest: Mapping[str, bytes], canary: Path, port: int) -> Iterator[tuple[str, bytes]]:
    server = f"http://127.0.0.1:{port}/film.mp4"
    for place in (str(canary), f"file:{canary}", f"/proc/self/root{canary}", "../" * 12 + str(canary)[1:], server):
        yield "concat", f"ffconcat version 1.0\nfile '{place}'\n".encode()
        yield "hls", f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{place}\n#EXT-X-ENDLIST\n".encode()
        yield "hls map", f'#EXTM3U\n#EXT-X-MAP:URI="{place}"\n#EXTINF:3,\n{place}\n#EXT-X-ENDLIST\n'.encode()
        yield (
            "dash",
            f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
            f'<Representation id="1" bandwidth="1"><BaseURL>{place}</BaseURL><SegmentBase/></Representation>'
            f"</AdaptationSet></Period></MPD>".encode(),
        )
        yield (
            "sdp",
            f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns={place}\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n".encode(),
        )
        yield "words that are a command", f"concat:{place}|{place}".encode()
        yield "reference to data elsewhere", _elsewhere(honest["fast.mp4"], place)
    yield "a thousand streams", _many_streams(honest["fast.mp4"], 1000)
    yield "sixty streams", _many_streams(honest["fast.mp4"], 60)
    for width, height in ((16_000, 16_000), (65_535, 65_535), (1, 65_535), (0, 0)):
        yield f"{width}x{height}", _sized(honest["fast.mp4"], width, height)
    yield "nothing but a size", struct.pack(">I", 0xFFFFFFFF) + b"ftyp"
    yield "boxes in boxes", _nested(b"moov", 5000)
    yield "a tag of two megabytes", _tagged(honest["film.mkv"])


def _elsewhere(film: bytes, place: str) -> bytes:
    """A data reference that is not to the file itself (ISO 14496-12, 8.7.2)."""
    here = film.find(b"url \x00\x00\x00\x01")
    words = place.encode()[:200] + b"\x00"
    entry = struct.pack(">I", 12 + len(words)) + b"url \x00\x00\x00\x00" + words
    return film[: here - 4] + entry + film[here + 8 :]


def _many_streams(film: bytes, count: int) -> bytes:
    """The first track, as often as that, in an index whose length says so."""
    moov, trak = film.find(b"moov") - 4, film.find(b"trak") - 4
    moov_length, length = (struct.unpack(">I", film[at : at + 4])[0] for at in (moov, trak))
    track = film[trak : trak + length]
    inside = film[moov + 8 : trak] + track * count + film[trak + length : moov + moov_length]
    return film[:moov] + struct.pack(">I", 8 + len(inside)) + b"moov" + inside + film[moov + moov_length :]


def _sized(film: bytes, width: int, height: int) -> bytes:
    """Another size in the sample entry (ISO 14496-12, 12.1.3)."""
    at = film.find(b"avc1", film.find(b"stsd")) + 28
    return film[:at] + struct.pack(">HH", width, height) + film[at + 4 :]


def _nested(name: bytes, depth: int) -> bytes:
    return b"".join(struct.pack(">I", 8 * (depth - at)) + name for at in range(depth))


def _tagged(film: bytes) -> bytes:
    """A Matroska tag that long after everything else (Tags, Tag, SimpleTag, TagName, TagString)."""

    def element(number: bytes, data: bytes) -> bytes:
        return number + struct.pack(">Q", len(data) | 1 << 56) + data

    simple = element(b"\x45\xa3", b"date") + element(b"\x44\x87", b"9" * (2 << 20))
    return film + element(b"\x12\x54\xc3\x67", element(b"\x73\x73", element(b"\x67\xc8", simple)))


def _tiff(*, next_directory: int = 0, entries: bytes | None = None, count: int | None = None) -> bytes:
    """EXIF with a make, a model and a time, unless told otherwise (TIFF 6.0, section 2)."""
    texts = [(0x010F, b"ACME\x00"), (0x0110, b"Body 3\x00"), (0x0132, b"2026:11:22 12:00:00\x00")]
    after = 8 + 2 + 12 * len(texts) + 4
    made, stored = b"", b""
    for tag, text in texts:
        made += struct.pack("<HHII", tag, 2, len(text), after + len(stored))
        stored += text
    made = entries if entries is not None else made
    number = len(made) // 12 if count is None else count
    return b"II*\x00" + struct.pack("<IH", 8, number) + made + struct.pack("<I", next_directory) + stored


def _jpeg(tiff: bytes) -> bytes:
    exif = b"Exif\x00\x00" + tiff
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", (2 + len(exif)) & 0xFFFF) + exif + b"\xff\xda\x00\x02" + bytes(64)


def _sidecar_attacks(canary: Path, port: int) -> Iterator[tuple[str, OriginalKind, bytes]]:
    yield "EXIF that follows itself", "still", _jpeg(_tiff(next_directory=8))
    for tag in (0x8769, 0x8825, 0xA005, 0x014A):
        loop = struct.pack("<HHII", tag, 4, 1, 8)
        yield f"EXIF loop by {tag:x}", "still", _jpeg(_tiff(entries=loop))
        yield f"EXIF loop by many {tag:x}", "still", _jpeg(_tiff(entries=loop * 200))
    for lie in (0x7FFFFFFF, 0xFFFFFFFF):
        huge = struct.pack("<HHII", 0x010F, 2, lie, 8)
        yield "EXIF of endless text", "still", _jpeg(_tiff(entries=huge))
        yield "EXIF of endless ratios", "still", _jpeg(_tiff(entries=struct.pack("<HHII", 0x0002, 5, lie, 8)))
    yield "EXIF of 65535 entries", "still", _jpeg(_tiff(count=0xFFFF))
    for place in (f"file://{canary}", f"http://127.0.0.1:{port}/"):
        entity = f'<!DOCTYPE gpx [<!ENTITY it SYSTEM "{place}">]><gpx><trk><trkseg>&it;</trkseg></trk></gpx>'
        yield "outside entity", "track", entity.encode()
        yield "outside DTD", "track", f'<!DOCTYPE gpx SYSTEM "{place}"><gpx/>'.encode()
        include = f'<gpx xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{place}" parse="text"/></gpx>'
        yield "inclusion", "track", include.encode()
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    yield "billion laughs", "track", f'<!DOCTYPE g [<!ENTITY l0 "ha">{laughs}]><gpx>&l9;</gpx>'.encode()
    yield "depth", "track", b"<a>" * 200_000
    yield "one endless row", "track", b"time,latitude,longitude\n" + b"1" * (1 << 20)
    yield "quote that never ends", "track", b'time,latitude,longitude\n"' + b"1,2,3\n" * 50_000
    yield "numbers without end", "track", b"time,latitude,longitude\n2026-11-22T12:00:00Z," + b"9" * 100_000 + b",0\n"
    for name in ("../../../../etc/cron.d/own", "/tmp/own", "a" * 5000, "..\\own", "link"):  # noqa: S108  # an attack
        yield f"zip of {name[:20]}", "track", _zip(name, b"own")
    yield "zip bomb", "track", _zip("track.gpx", bytes(20 << 20))


def _zip(name: str, data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(name, data)
    return target.getvalue()
