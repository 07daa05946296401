"""Publishes a release of a few bytes each, as `steps/publish.py` does, for those who pull it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.parquet import table_bytes
from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.keys import FILES_PATH, ReleaseName
from pipeline.domain.release import (
    Manifest,
    ReleaseBlob,
    ReleaseClip,
    ReleaseFile,
    ReleaseSegment,
    TaxonomyRef,
    group_id,
    source_id,
)
from pipeline.domain.timeline import Span
from pipeline.domain.version import Version

BUCKET = "releases"
TIER = keys.tier("standard")
PARQUET = "application/vnd.apache.parquet"
SEALED_AT = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def a_clip_id(number: int) -> ClipId:
    return ClipId(uuid.UUID(int=number))


def a_blob(number: int, content: bytes) -> ReleaseBlob:
    digest = Sha256.of(content)
    return ReleaseBlob(
        a_clip_id(number), keys.blob_key(TIER, digest), digest, len(content), "video/mp4", "viewing", TIER
    )


def a_clip(number: int, content: bytes) -> ReleaseClip:
    recording = RecordingId(uuid.UUID(int=1000))
    return ReleaseClip(
        clip_id=a_clip_id(number),
        source_id=source_id(recording),
        group_id=group_id(recording),
        media_sha256=Sha256.of(content),
        media_bytes=len(content),
        rendition="viewing",
        duration_us=10_010_000,
        fps_num=30_000,
        fps_den=1001,
        frame_count=300,
        width=2560,
        height=1920,
        vcodec="h264",
        acodec=None if number % 2 else "aac",
        has_audio=not number % 2,
        source_in_us=number * 10_010_000,
        source_out_us=(number + 1) * 10_010_000,
        label_state="gold",
        n_annotators=2,
        tier=TIER,
        added_in=Version(1, 0, 0),
        changed_in=Version(1, 0, 0),
    )


def a_segment(number: int) -> ReleaseSegment:
    return ReleaseSegment.of(
        a_clip_id(number),
        "shot_fired",
        Span(Fraction(1001 * number, 30_000), Fraction(1001 * number + 1001, 30_000)),
        taxonomy_version="1.0.0",
        annotation_no=1,
        n_annotators=2,
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """A release that may be published: its manifest, its tables, its clips."""

    manifest: Manifest
    tables: dict[str, bytes]
    clips: tuple[bytes, ...]

    def publish(self, store: ObjectStore, *, reader: str) -> None:
        for content in self.clips:
            digest = Sha256.of(content)
            key = keys.blob_key(TIER, digest)
            store.put_once(BUCKET, key, content, digest=digest, media_type="video/mp4", reader=reader)
        files = {**self.tables, keys.MANIFEST_PATH: self.manifest.to_bytes()}
        for path, content in files.items():
            key = keys.release_key(self.manifest.name, self.manifest.version, path)
            store.put_once(BUCKET, key, content, digest=Sha256.of(content), media_type=PARQUET, reader=reader)


def draft_release(
    name: str, version: str, clips: Sequence[bytes], *, blobs: Sequence[ReleaseBlob] | None = None
) -> Draft:
    rows = [a_blob(number, content) for number, content in enumerate(clips)] if blobs is None else blobs
    tables = {
        FILES_PATH: table_bytes(ReleaseBlob, rows),
        "tables/clips.parquet": table_bytes(ReleaseClip, [a_clip(n, content) for n, content in enumerate(clips)]),
    }
    manifest = Manifest.of(
        name=ReleaseName(name),
        version=Version.parse(version),
        created_at=SEALED_AT,
        taxonomy=TaxonomyRef("firearms-training", "1.0.0", Sha256.of(b"taxonomy")),
        files=[
            ReleaseFile.of(path, content, role="blobs" if path == FILES_PATH else "table", media_type=PARQUET)
            for path, content in tables.items()
        ],
    )
    return Draft(manifest, tables, tuple(clips))
