"""Notice what was put in the intake bucket: register each new object version, once.

Events are hints and get lost; this lists the bucket and compares it with the records, so that running it again, or
running it late, finds the same uploads. Bytes are not read here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from pipeline.adapters.object_store import ObjectStore, StoredObject
from pipeline.domain import keys
from pipeline.domain.claim import UploadClaim
from pipeline.domain.clock_claim import clocks_of_claim
from pipeline.domain.companion import dcf_folder, name_group
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.file_name import NamingTable
from pipeline.domain.footage import Location, Upload
from pipeline.domain.ids import UploadId
from pipeline.errors import ClaimMismatchError, RejectedInputError
from pipeline.records import Database, companions, custody, facts, footage

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Received:
    """What a look into the intake bucket found."""

    new: tuple[UploadId, ...]
    """Registered by this look."""
    waiting: tuple[UploadId, ...]
    """Footage that is neither clips nor in quarantine yet, oldest first: new, or left by an earlier run.

    What belongs to no exercise yet is not among them: it waits for one (`assign`)."""
    companions: tuple[UploadId, ...]
    """What belongs to footage and is neither preserved nor in quarantine yet, oldest first."""


def receive_uploads(
    *, bucket: str, naming: NamingTable, store: ObjectStore, db: Database, clock: Callable[[], datetime]
) -> Received:
    """Register every object of the intake bucket that is not registered yet.

    An object whose key names no camera, or of which two things were said that cannot both be true, is
    registered and quarantined at once: it is not lost, and not guessed at. Safe to repeat.

    Raises:
        StoreUnavailableError: S3 did not answer; uploads registered so far stay registered.
        DatabaseUnavailableError: Postgres did not answer; likewise.
    """
    with db.begin() as session:
        known = footage.known_objects(session, bucket)
    new: list[UploadId] = []
    for listed in store.list(bucket, ""):
        if listed.key.startswith(keys.DOCK_PREFIX) or known.get(listed.key) == listed.etag:
            continue  # the dock registers what it takes in, when all of a recording is there
        found = store.head(bucket, listed.key)
        if found is None:
            continue  # deleted between the listing and now
        upload, refusal = _upload_from(found, naming, received_at=clock())
        with db.begin() as session:
            if not footage.add_upload(session, upload):
                continue
            claim = UploadClaim.from_metadata(found.metadata)
            clocks = clocks_of_claim(claim, received_at=upload.received_at, named_start=upload.named_start)
            facts.add_clocks(session, upload.upload_id, clocks)
            custody.append(session, _was_received(upload))
            if refusal is not None:
                kind, at = type(refusal).__name__, clock()  # after it was received
                footage.quarantine(session, upload.upload_id, error_kind=kind, reason=str(refusal), at=at)
                custody.append(
                    session, CustodyEvent("quarantined", "upload", str(upload.upload_id), at, {"kind": kind})
                )
        log.info("upload_received", upload_id=str(upload.upload_id), size_bytes=upload.size_bytes)
        new.append(upload.upload_id)
    with db.begin() as session:
        waiting = footage.uploads_waiting(session)
        beside = companions.companions_waiting(session)
    return Received(tuple(new), tuple(waiting), tuple(beside))


def _upload_from(
    found: StoredObject, naming: NamingTable, *, received_at: datetime
) -> tuple[Upload, RejectedInputError | None]:
    """The upload that an object is, and why it is refused when what was said of it cannot be."""
    at = Location(found.bucket, found.key, found.version_id)
    named = keys.parse_upload_key(found.key)
    claim = UploadClaim.from_metadata(found.metadata)
    *folders, last = found.key.split("/")
    said = naming.read(claim.original_name or last)
    folder = claim.folder or dcf_folder(folders)
    base = claim.base_name or said.base
    upload = Upload(
        upload_id=Upload.id_for(at),
        at=at,
        etag=found.etag,
        size_bytes=found.size_bytes,
        exercise_id=named.exercise_id if named else None,
        camera_serial=named.camera_serial if named else None,
        original_name=claim.original_name,
        claimed_digest=named.digest if named else found.digest,
        received_at=received_at,
        chapter=said.chapter,
        claimed_start_at=claim.started_at or said.started_about or claim.modified_at,
        companion_kind=claim.companion_kind or said.companion_kind,
        name_group=name_group(named.exercise_id, named.camera_serial, folder, base) if named else None,
        name_pattern=said.pattern_id,
        named_start=said.started_at,
    )
    return upload, _refusal(found, named, claim)


def _refusal(found: StoredObject, named: keys.UploadKey | None, claim: UploadClaim) -> RejectedInputError | None:
    if named is None:
        return RejectedInputError("its key names no camera: send footage with `firsthand upload`")
    if found.digest not in {None, named.digest}:
        return ClaimMismatchError(f"expected SHA-256 {named.digest}, as in its key, found {found.digest} beside it")
    if claim.size_bytes not in {None, found.size_bytes}:
        return ClaimMismatchError(f"expected the announced {claim.size_bytes} bytes, found {found.size_bytes}")
    return None


def _was_received(upload: Upload) -> CustodyEvent:
    return CustodyEvent(
        "received",
        "upload",
        str(upload.upload_id),
        upload.received_at,
        {
            "size_bytes": str(upload.size_bytes),
            "version_id": upload.at.version_id,
            "claimed_digest": upload.claimed_digest.hex if upload.claimed_digest else "absent",
        },
    )
