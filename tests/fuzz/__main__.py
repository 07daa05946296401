"""`make fuzz TARGET=exif`: feed one parser of ours with what atheris makes up, guided by which code it reaches.

Atheris is not among the locked libraries: it is for a person who looks for faults, on demand. A parser may refuse its
input as `RejectedInputError`; anything else that leaves it is a fault, and the input is kept.
"""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pipeline", "exifread", "defusedxml"]):
    from pipeline.adapters.facts.exif import still_facts
    from pipeline.adapters.facts.telemetry import facts_of
    from pipeline.adapters.facts.tracks import track_facts
    from pipeline.adapters.facts.xmp import xmp_facts
    from pipeline.adapters.manifests import parser as manifests
    from pipeline.adapters.unsealing import clip
    from pipeline.domain.export_manifest import OURS
    from pipeline.domain.plain import to_plain
    from pipeline.errors import RejectedInputError, UnreadableFileError
    from tests.hostile.mutants import honest_sidecars


@dataclass(frozen=True)
class Target:
    """One parser, and what it reads as intended: where the search begins."""

    parse: Callable[[bytes], object]
    honest: tuple[bytes, ...]


def telemetry(data: bytes) -> object:
    """What cameras say, after the library that reads their files has made values of it."""
    try:
        blocks, motion = json.loads(data)
    except (ValueError, TypeError, RecursionError) as exc:
        raise UnreadableFileError("not what the library gives") from exc
    lists = [[each for each in some if isinstance(each, dict)] for some in (blocks, motion) if isinstance(some, list)]
    return to_plain(facts_of("Maker", "Model", *lists)) if len(lists) == 2 else None


def manifest(data: bytes) -> object:
    """An export manifest in XML or JSON, by its first byte."""
    Path("manifest").write_bytes(data)
    options = {"each": OURS.each, "fields": dict(OURS.fields), "format": "xml" if data[:1] == b"<" else "json"}
    return manifests.parse({"manifest": "manifest"}, options)


def sealed_clip(data: bytes) -> object:
    """Key and vector, then what they are to open."""
    secret_bytes = clip.KEY_BYTES + clip.VECTOR_BYTES
    Path("out").mkdir(exist_ok=True)
    Path("sealed").write_bytes(data[secret_bytes:])
    reading, writing = os.pipe()
    os.write(writing, data[:secret_bytes].ljust(secret_bytes, b"\0"))
    os.close(writing)
    before = sys.stdin
    with os.fdopen(reading) as secret:
        sys.stdin = secret
        try:
            return clip.parse({"sealed": "sealed"}, {})
        finally:
            sys.stdin = before


_SIDECARS = {name: content for name, (_, content) in honest_sidecars().items()}
_BLOCK = {"GPS": {"Data": [[1, 2, 3, 4, 5]], "Scale": [1, 1, 1, 1, 1], "TimestampUs": 5, "0x47505355": 7}}
_MOTION = [{"timestamp_ms": 1, "accl": [1, 2, 3]}, {"timestamp_ms": 2.5, "accl": [1, 2, 3]}]

TARGETS = {
    "exif": Target(still_facts, (_SIDECARS["still.jpg"],)),
    "tracks": Target(track_facts, tuple(_SIDECARS[f"track.{kind}"] for kind in ("gpx", "srt", "csv"))),
    "xmp": Target(xmp_facts, (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',)),
    "telemetry": Target(telemetry, (json.dumps([[_BLOCK], _MOTION]).encode(),)),
    "manifests": Target(manifest, (b'<a><File name="x"/></a>', b'{"files":[{"name":"x","size_bytes":3}]}')),
    "unsealing": Target(sealed_clip, (bytes(48 + 32),)),
}


def main() -> None:
    """Fuzz the target that is named first; what follows are libFuzzer's own options."""
    if sys.argv[1:2] == [] or sys.argv[1] not in TARGETS:
        sys.exit(f"expected one of {', '.join(TARGETS)}, found {' '.join(sys.argv[1:2]) or 'nothing'}")
    target = TARGETS[sys.argv[1]]

    def one_input(data: bytes) -> None:
        with contextlib.suppress(RejectedInputError):
            target.parse(data)

    artifacts = [word.partition("=") for word in sys.argv[2:]]
    options = [
        f"{name}={Path(to).resolve()}/" if name == "-artifact_prefix" else f"{name}={to}" for name, _, to in artifacts
    ]
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        for number, content in enumerate(target.honest):
            (seeds / str(number)).write_bytes(content)
        os.chdir(folder)
        atheris.Setup([sys.argv[0], str(seeds), *options], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
