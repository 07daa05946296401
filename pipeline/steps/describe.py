"""Listen to originals: what do their telemetry, their EXIF, their tracks and their clocks say?

Nothing said here can refuse anything: what cannot be read is told as a problem among the facts, and the bytes stay.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import structlog

from pipeline.adapters.facts.reader import FactReader
from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain import keys
from pipeline.domain.clock_claim import Clock, clocks_of, satellite_clocks, track_clocks
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location, Original
from pipeline.domain.media import MediaFacts
from pipeline.domain.original_facts import DescribedOriginal, OriginalFacts, OriginalKind, StoredSeries
from pipeline.errors import MediaToolError, RejectedInputError
from pipeline.records import Database, Session, chapters, custody, facts, footage

log = structlog.get_logger()

BATCH = 50
"""Companions that one child reads and one transaction records: both cost more than a small file does."""


def describe_original(
    digest: Sha256,
    *,
    working_bucket: str,
    store: ObjectStore,
    scratch: Scratch,
    reader: FactReader,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
) -> None:
    """Record what one video says of itself, and what its clocks say; keep every sample of its telemetry.

    Safe to repeat.

    Args:
        digest: the original; it has been probed before.
        working_bucket: where samples are kept.
        store: where it is preserved.
        scratch: where it may be already.
        reader: the parsers.
        media: listens to the sound.
        db: the records.
        clock: what time it is.

    Raises:
        DigestMismatchError: the preserved bytes are not those of this digest.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
        MediaToolError: a parser was stopped from outside; nothing was recorded.
    """
    with db.begin() as session:
        if facts.find_facts(session, digest) is not None:
            return
        original = footage.get_original(session, digest)
        media_facts = _media_facts(session, digest)
    source = scratch.file_for(digest)
    if not source.exists():
        _fetch(original, source, store)
    with scratch.folder() as folder:
        samples = folder / "series"
        found = reader.read_with_series(source, samples)
        series = _stored(samples, digest, reader.identity, working_bucket, store) if samples.exists() else None
    if media_facts is not None:
        found = _with_silence(found, source, media_facts, media)
    with db.begin() as session:
        _record(session, DescribedOriginal(digest, "video", reader.identity, found, clock()), series)


def _stored(samples: Path, original: Sha256, tool_identity: str, bucket: str, store: ObjectStore) -> StoredSeries:
    with samples.open("rb") as stream:
        digest = Sha256.of_stream(stream)
    key = keys.series_key(original, digest)
    stored = store.put_once(bucket, key, samples, digest=digest, media_type="application/gzip")
    at = Location(stored.bucket, stored.key, stored.version_id)
    return StoredSeries(original, tool_identity, digest, at, stored.size_bytes)


def _with_silence(found: OriginalFacts, source: Path, media_facts: MediaFacts, media: Ffmpeg) -> OriginalFacts:
    try:
        return replace(found, silent_head_s=media.silent_head_s(source, media_facts))
    except RejectedInputError as exc:
        return replace(found, problem="; ".join(filter(None, (found.problem, str(exc)))))


def describe_companions(
    *,
    store: ObjectStore,
    scratch: Scratch,
    reader: FactReader,
    db: Database,
    clock: Callable[[], datetime],
) -> int:
    """Record what stills, thumbnails, proxies and tracks beside footage say, all that nobody has listened to yet.

    Safe to repeat: what is recorded stays, the rest is read again. A parser that is stopped from outside stops nothing
    else: its companions are listened to by the next run.

    Returns:
        How many there were to listen to.

    Raises:
        DigestMismatchError: the preserved bytes are not those of a digest.
        StoreUnavailableError: S3 did not answer.
    """
    with db.begin() as session:
        waiting = facts.companions_undescribed(session)
    for kind in sorted({kind for _, kind in waiting}):
        digests = [digest for digest, of_kind in waiting if of_kind == kind]
        for first in range(0, len(digests), BATCH):
            batch = digests[first : first + BATCH]
            try:
                _describe_batch(batch, kind, store=store, scratch=scratch, reader=reader, db=db, clock=clock)
            except MediaToolError as exc:
                # Footage need not wait for what lies beside it; the next ingest listens again.
                log.warning("companions_not_described", count=len(batch), error_kind=type(exc).__name__)
    return len(waiting)


def _describe_batch(
    digests: Sequence[Sha256],
    kind: OriginalKind,
    *,
    store: ObjectStore,
    scratch: Scratch,
    reader: FactReader,
    db: Database,
    clock: Callable[[], datetime],
) -> None:
    with db.begin() as session:
        originals = [footage.get_original(session, digest) for digest in digests]
    with scratch.folder() as folder:
        paths = [_fetch(original, folder / original.digest.hex, store) for original in originals]
        found = reader.read(kind, paths)
    with db.begin() as session:
        for digest, told in zip(digests, found, strict=True):
            _record(session, DescribedOriginal(digest, kind, reader.identity, told, clock()))


def _fetch(original: Original, target: Path, store: ObjectStore) -> Path:
    at = original.at
    store.fetch(at.bucket, at.key, target, version_id=at.version_id, expect=original.digest)
    return target


def _record(session: Session, described: DescribedOriginal, series: StoredSeries | None = None) -> None:
    digest, found = described.digest, described.facts
    if facts.add_facts(session, described):
        clocks = facts.add_clocks(session, digest, _clocks(found, _media_facts(session, digest)))
        details = {"facts": described.kind, "tool": described.tool_identity, "clocks": str(clocks)}
        if series is not None and facts.add_series(session, series):
            details["series"] = series.digest.hex
        event = CustodyEvent("described", "original", digest.hex, described.described_at, details)
        custody.append(session, event)
        has_problem = found.problem is not None
        log.info("original_described", digest=digest.hex, facts=described.kind, has_problem=has_problem)


def _media_facts(session: Session, digest: Sha256) -> MediaFacts | None:
    """What the probe found in this one file: those of a recording may be those of several."""
    probed = chapters.find_probe(session, digest)
    if probed is not None:
        return probed
    recording = footage.find_recording(session, digest)
    return recording.facts if recording is not None else None


def _clocks(found: OriginalFacts, media_facts: MediaFacts | None) -> list[Clock]:
    clocks: list[Clock] = []
    if media_facts is not None:
        clocks += clocks_of(media_facts.clock_claims)
    if found.still is not None:
        clocks += clocks_of(found.still.clocks)
    if found.telemetry is not None:
        first_frame_s = media_facts.video.start_s if media_facts is not None else Fraction(0)
        clocks += satellite_clocks(found.telemetry, first_frame_s=first_frame_s)
    if found.track is not None:
        clocks += track_clocks(found.track)
    return clocks
