"""Keep an upload: read it once, check what was claimed of it, store it byte-exact under its digest.

Long footage is kept one by one, because its file is read on. Small files come in thousands, footage and what belongs to
it: they are kept in batches, each recorded in one transaction.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain import keys
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.decision import OVERRULED
from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import Duplicate, Evidence, Verdict
from pipeline.domain.footage import Location, Original, Upload
from pipeline.domain.ids import UploadId
from pipeline.errors import ClaimMismatchError, CustodyError, EmptyUploadError, QuarantinedError, RejectedInputError
from pipeline.records import Database, Session, companions, custody, decisions, duplicates, footage

log = structlog.get_logger()

BATCH: Final = 100
"""Small files recorded in one transaction: what a kill makes us look at again."""


def preserve_upload(
    upload_id: UploadId,
    *,
    originals_bucket: str,
    store: ObjectStore,
    scratch: Scratch,
    db: Database,
    clock: Callable[[], datetime],
) -> Sha256:
    """Preserve one upload and say which original it is.

    The same bytes uploaded twice become one original with two uploads, which are linked. Safe to repeat: the object is
    written only where there is none, and the rows only once.

    Raises:
        QuarantinedError: it was refused before; nothing was done.
        EmptyUploadError: the upload has no bytes; nothing was preserved.
        ClaimMismatchError: the bytes are not those that the sender announced; nothing was preserved.
        DigestMismatchError: the originals bucket holds other bytes under this digest.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
    """
    with db.begin() as session:
        upload = footage.get_upload(session, upload_id)
        known = footage.content_of(session, upload_id)
        refused = footage.quarantine_reason(session, upload_id)
        overruled = decisions.overruled_kinds(session, upload_id) & OVERRULED
    if refused is not None:
        raise QuarantinedError(f"upload {upload_id} is in quarantine: {refused}")
    if known is not None:
        return known
    with scratch.folder() as folder:
        fetched = folder / "upload"
        original = _keep(upload, fetched, overruled, bucket=originals_bucket, store=store, clock=clock)
        fetched.rename(scratch.file_for(original.digest))  # probing and rendering read the same bytes next
    with db.begin() as session:
        _record(session, upload, original)
    return original.digest


def preserve_small(
    upload_ids: Sequence[UploadId],
    *,
    originals_bucket: str,
    store: ObjectStore,
    scratch: Scratch,
    db: Database,
    clock: Callable[[], datetime],
    jobs: int,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Preserve small files, several at once. One that is refused is quarantined; the rest goes on.

    Safe to repeat, as `preserve_upload`; what is preserved or refused already is passed over.

    Args:
        upload_ids: footage, or what belongs to it.
        originals_bucket: where originals are kept.
        store: the object store.
        scratch: where a file lies while it is on its way.
        db: the records.
        clock: what time it is.
        jobs: files on their way at once.
        progress: told how many more are recorded.

    Raises:
        DigestMismatchError: the originals bucket holds other bytes under a digest; all the others were kept.
        StoreUnavailableError: S3 did not answer; what was recorded by then stays.
    """
    wrong: list[CustodyError] = []

    def keep(upload: Upload, overruled: frozenset[str]) -> _Outcome:
        try:
            with scratch.folder() as folder:
                fetched = folder / "upload"
                original = _keep(upload, fetched, overruled, bucket=originals_bucket, store=store, clock=clock)
        except RejectedInputError as refusal:
            return _Outcome(upload, refusal=refusal)
        except CustodyError as error:
            wrong.append(error)
            return _Outcome(upload)
        return _Outcome(upload, original=original)

    with ThreadPoolExecutor(jobs, thread_name_prefix="small") as pool:
        for first in range(0, len(upload_ids), BATCH):
            batch = upload_ids[first : first + BATCH]
            with db.begin() as session:
                waiting = companions.still_waiting(session, batch)
                again = companions.refused_before(session, batch)
                overruled = [
                    decisions.overruled_kinds(session, upload.upload_id) & OVERRULED
                    if upload.upload_id in again
                    else frozenset[str]()
                    for upload in waiting
                ]
            outcomes = list(pool.map(keep, waiting, overruled))
            with db.begin() as session:
                for outcome in outcomes:
                    if outcome.original is not None:
                        _record(session, outcome.upload, outcome.original)
                    elif outcome.refusal is not None:
                        _refuse(session, outcome.upload, outcome.refusal, at=clock())
            if progress is not None:
                progress(len(batch))
    if wrong:
        raise wrong[0]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one small file; neither, where the evidence is not what it should be."""

    upload: Upload
    original: Original | None = None
    refusal: RejectedInputError | None = None


def _keep(
    upload: Upload,
    fetched: Path,
    overruled: frozenset[str],
    *,
    bucket: str,
    store: ObjectStore,
    clock: Callable[[], datetime],
) -> Original:
    """Bring an upload into a local file, check what was claimed unless overruled, and store it under its digest."""
    if upload.size_bytes == 0:
        raise EmptyUploadError(f"upload {upload.upload_id} is empty: expected footage, found 0 bytes")
    digest = store.fetch(upload.at.bucket, upload.at.key, fetched, version_id=upload.at.version_id)
    needs_no_check = upload.claimed_digest is None or ClaimMismatchError.__name__ in overruled
    if not needs_no_check and digest != upload.claimed_digest:
        raise ClaimMismatchError(
            f"upload {upload.upload_id}: expected the announced SHA-256 {upload.claimed_digest}, found {digest}"
        )
    stored = store.put_once(
        bucket, keys.original_key(digest), fetched, digest=digest, media_type="application/octet-stream"
    )
    return Original(
        digest=digest,
        at=Location(stored.bucket, stored.key, stored.version_id),
        size_bytes=stored.size_bytes,
        preserved_at=clock(),
    )


def _record(session: Session, upload: Upload, original: Original) -> None:
    new = footage.add_original(session, original)
    if footage.link_content(session, upload.upload_id, original.digest):
        custody.append(session, _was_preserved(upload, original, new=new))
        if not new and upload.companion_kind is None:  # a thousand black thumbnails are no thousand duplicates
            _link_to_first(session, upload, original)
    log.info("upload_preserved", upload_id=str(upload.upload_id), digest=original.digest.hex, is_new=new)


def _refuse(session: Session, upload: Upload, refusal: RejectedInputError, *, at: datetime) -> None:
    kind = type(refusal).__name__
    if footage.quarantine(session, upload.upload_id, error_kind=kind, reason=str(refusal), at=at):
        custody.append(session, CustodyEvent("quarantined", "upload", str(upload.upload_id), at, {"kind": kind}))
    log.warning("upload_quarantined", upload_id=str(upload.upload_id), kind=kind)


def _link_to_first(session: Session, upload: Upload, original: Original) -> None:
    """Link an upload with the first that brought the same bytes, whatever the two were called."""
    others = [one for one in footage.uploads_of(session, original.digest) if one.upload_id != upload.upload_id]
    if not others:
        return
    first = others[0]
    differ = (first.exercise_id, first.camera_serial) != (upload.exercise_id, upload.camera_serial)
    pair = Duplicate(
        duplicate_id=Duplicate.id_for(first.upload_id, upload.upload_id),
        kind="upload",
        earlier_id=first.upload_id,
        later_id=upload.upload_id,
        verdict=Verdict.SAME_BYTES,
        reason="the same bytes" + (", but for another exercise or camera" if differ else ""),
        evidence=Evidence(),
        claims_differ=differ,
        found_at=original.preserved_at,
    )
    duplicates.add_duplicate(session, pair)


def _was_preserved(upload: Upload, original: Original, *, new: bool) -> CustodyEvent:
    return CustodyEvent(
        "preserved" if new else "duplicate_found",
        "original",
        original.digest.hex,
        original.preserved_at,
        {
            "upload_id": str(upload.upload_id),
            "size_bytes": str(original.size_bytes),
            "version_id": original.at.version_id,
        },
    )
