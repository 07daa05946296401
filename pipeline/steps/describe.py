"""Listen to an original: what do its telemetry, its EXIF, its track and its clocks say?

Nothing said here can refuse footage: what cannot be read is told as a problem among the facts, and the bytes stay.
"""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import structlog

from pipeline.adapters.facts.reader import FactReader
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain.clock_claim import Clock, clocks_of, satellite_clocks, track_clocks
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Recording
from pipeline.domain.original_facts import DescribedOriginal, OriginalFacts, OriginalKind
from pipeline.errors import RejectedInputError
from pipeline.records import Database, custody, facts, footage

log = structlog.get_logger()


def describe_original(
    digest: Sha256,
    *,
    kind: OriginalKind,
    store: ObjectStore,
    scratch: Scratch,
    reader: FactReader,
    db: Database,
    clock: Callable[[], datetime],
) -> None:
    """Record what one original says of itself, and what its clocks say. Safe to repeat.

    Args:
        digest: the original; a video has been probed before.
        kind: what it was taken in as.
        store: where it is preserved.
        scratch: where it may be already.
        reader: the parsers.
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
        recording = footage.find_recording(session, digest)
    source = scratch.file_for(digest)
    if not source.exists():
        store.fetch(original.at.bucket, original.at.key, source, version_id=original.at.version_id, expect=digest)
    found = _read(source, kind, reader)
    described = DescribedOriginal(digest, kind, reader.identity, found, clock())
    with db.begin() as session:
        if facts.add_facts(session, described):
            clocks = facts.add_clocks(session, digest, _clocks(found, recording))
            details = {"facts": kind, "tool": described.tool_identity, "clocks": str(clocks)}
            custody.append(session, CustodyEvent("described", "original", digest.hex, described.described_at, details))
    log.info("original_described", digest=digest.hex, kind=kind, has_problem=found.problem is not None)


def _read(source: Path, kind: OriginalKind, reader: FactReader) -> OriginalFacts:
    try:
        if kind == "video":
            return OriginalFacts(telemetry=reader.telemetry(source))
        if kind == "still":
            return OriginalFacts(still=reader.still(source))
        if kind == "track":
            return OriginalFacts(track=reader.track(source))
        return OriginalFacts()
    except RejectedInputError as exc:
        return OriginalFacts(problem=str(exc))


def _clocks(found: OriginalFacts, recording: Recording | None) -> list[Clock]:
    clocks: list[Clock] = []
    if recording is not None:
        clocks += clocks_of(recording.facts.clock_claims)
    if found.still is not None:
        clocks += clocks_of(found.still.clocks)
    if found.telemetry is not None:
        first_frame_s = recording.facts.video.start_s if recording is not None else Fraction(0)
        clocks += satellite_clocks(found.telemetry, first_frame_s=first_frame_s)
    if found.track is not None:
        clocks += track_clocks(found.track)
    return clocks
