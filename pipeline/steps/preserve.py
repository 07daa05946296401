"""Keep an upload: read it once, check what was claimed of it, store it byte-exact under its digest."""

from collections.abc import Callable
from datetime import datetime

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
from pipeline.errors import ClaimMismatchError, EmptyUploadError, QuarantinedError
from pipeline.records import Database, Session, custody, decisions, duplicates, footage

log = structlog.get_logger()


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
    if upload.size_bytes == 0:
        raise EmptyUploadError(f"upload {upload_id} is empty: expected footage, found 0 bytes")
    with scratch.folder() as folder:
        fetched = folder / "upload"
        digest = store.fetch(upload.at.bucket, upload.at.key, fetched, version_id=upload.at.version_id)
        needs_no_check = upload.claimed_digest is None or ClaimMismatchError.__name__ in overruled
        if not needs_no_check and digest != upload.claimed_digest:
            raise ClaimMismatchError(
                f"upload {upload_id}: expected the announced SHA-256 {upload.claimed_digest}, found {digest}"
            )
        stored = store.put_once(
            originals_bucket, keys.original_key(digest), fetched, digest=digest, media_type="application/octet-stream"
        )
        fetched.rename(scratch.file_for(digest))  # probing and rendering read the same bytes next
    original = Original(
        digest=digest,
        at=Location(stored.bucket, stored.key, stored.version_id),
        size_bytes=stored.size_bytes,
        preserved_at=clock(),
    )
    with db.begin() as session:
        new = footage.add_original(session, original)
        if footage.link_content(session, upload_id, digest):
            custody.append(session, _was_preserved(upload, original, new=new))
            if not new:
                _link_to_first(session, upload, original)
    log.info("upload_preserved", upload_id=str(upload_id), digest=digest.hex, is_new=new)
    return digest


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
