"""Check that clips play in a browser, frame for frame as planned, before any annotator sees them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import structlog

from pipeline.adapters.ffmpeg import Ffmpeg, index_comes_first
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.labels import Taxonomy
from pipeline.domain.media_gate import misfits
from pipeline.errors import RejectedInputError
from pipeline.records import Database, clips, custody, gates
from pipeline.records.clips import ShownClip
from pipeline.records.gates import Gate

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Gated:
    """How many clips were checked, and how many of those must not be shown."""

    checked: int
    failed: int


def gate_clips(
    *,
    taxonomy: Taxonomy,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
    jobs: int,
) -> Gated:
    """Check the bytes of every clip that waits to be sent out and was not checked before.

    What fails is recorded with every reason and never sent out; `firsthand annotate unplayable` lists it. Safe to
    repeat, and to run twice at once: a check is recorded once for a clip and its bytes, as soon as it is made.

    Raises:
        MissingObjectError, DigestMismatchError: a clip is not in the store as it was recorded.
        StoreUnavailableError: S3 did not answer; what was checked so far is recorded.
        MediaToolError: ffprobe was stopped from outside; likewise.
    """
    with db.begin() as session:
        waiting = [clip.clip_id for clip in clips.clips_without_task(session, taxonomy.digest)]
        known = gates.gates_of(session, waiting)
        shown = clips.shown_clips(session, waiting)
    unchecked = [clip for clip in shown.values() if (clip.clip.clip_id, clip.made.digest) not in known]

    def check(part: ShownClip) -> bool:
        found = _check(part, store=store, scratch=scratch, media=media)
        gate = Gate(part.clip.clip_id, part.made.digest, found, media.identity, clock())
        with db.begin() as session:
            if gates.add_gate(session, gate):
                custody.append(session, _was_checked(gate))
        if not gate.passed:
            log.warning("clip_cannot_be_shown", clip_id=str(gate.clip_id), misfits=gate.misfits)
        return gate.passed

    with ThreadPoolExecutor(jobs) as pool:
        passed = list(pool.map(check, unchecked))
    if unchecked:
        log.info("clips_checked", checked=len(passed), failed=passed.count(False))
    return Gated(len(passed), passed.count(False))


def _check(part: ShownClip, *, store: ObjectStore, scratch: Scratch, media: Ffmpeg) -> tuple[str, ...]:
    at = part.made.at
    with scratch.folder() as folder:
        path = folder / "clip.mp4"
        store.fetch(at.bucket, at.key, path, version_id=at.version_id, expect=part.made.digest)
        try:
            facts = media.probe(path)
        except RejectedInputError as error:
            return (f"{type(error).__name__}: {error}",)
        return misfits(
            facts,
            index_comes_first=index_comes_first(path),
            frame_rate=part.frame_rate,
            frame_count=part.made.frame_count,
        )


def _was_checked(gate: Gate) -> CustodyEvent:
    return CustodyEvent(
        "playable" if gate.passed else "unplayable",
        "clip",
        str(gate.clip_id),
        gate.checked_at,
        {"digest": gate.clip_digest.hex, "misfits": "; ".join(gate.misfits), "tool": gate.tool_identity},
    )
