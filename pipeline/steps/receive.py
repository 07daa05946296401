"""Notice what was put in the intake bucket: register each new object version, once, when it is complete.

Events are hints and get lost; this lists the bucket and compares it with the records, so that running it again, or
running it late, finds the same uploads. With hints it looks at their keys only. Bytes are not read here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

import structlog

from pipeline.adapters.manifests.reader import ManifestReader
from pipeline.adapters.object_store import ListedObject, ObjectStore, StoredObject
from pipeline.domain import keys
from pipeline.domain.arrival import Arrival, upload_of
from pipeline.domain.claim import UploadClaim
from pipeline.domain.clock_claim import clocks_of_claim
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.drop import Announced, completeness, source_of
from pipeline.domain.export_manifest import SIZE_MAX_BYTES
from pipeline.domain.footage import SMALL_BYTES, Location, Upload
from pipeline.domain.ids import UploadId
from pipeline.domain.intake_rules import IntakeRules
from pipeline.errors import MissingObjectError, RejectedInputError
from pipeline.records import Database, Session, companions, custody, facts, footage, sightings

log = structlog.get_logger()

BATCH: Final = 100
"""Objects compared and registered in one transaction: memory stays flat, however many there are."""
LOOKS: Final = 4
"""Objects asked for at once."""


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
    small: tuple[UploadId, ...]
    """Of the footage that waits, what is not preserved yet and so small that it is preserved with others."""
    arriving: int = 0
    """Objects that are not complete yet: a later look takes them."""


def receive_uploads(
    *,
    bucket: str,
    rules: IntakeRules,
    manifests: ManifestReader,
    store: ObjectStore,
    db: Database,
    clock: Callable[[], datetime],
    hints: Sequence[str] | None = None,
) -> Received:
    """Register every object of the intake bucket that is complete and not registered yet.

    An object that names no camera, or of which two things were said that cannot both be true, is registered and
    quarantined at once: it is not lost, and not guessed at. Safe to repeat.

    Args:
        bucket: the intake bucket.
        rules: sources, naming conventions, and forms of manifests.
        manifests: what reads manifests of exports.
        store: the object store.
        db: the records.
        clock: what time it is.
        hints: keys to look at; without them the whole bucket is listed.

    Raises:
        StoreUnavailableError: S3 did not answer; uploads registered so far stay registered.
        DatabaseUnavailableError: Postgres did not answer; likewise.
    """
    look = _Look(bucket, rules, manifests, store, db, clock)
    listing = store.list(bucket, "") if hints is None else look.at(hints)
    new: list[UploadId] = []
    arriving = 0
    with ThreadPoolExecutor(LOOKS, thread_name_prefix="look") as pool:
        for batch in _batches(listing):
            ready, early = look.complete(batch)
            arriving += early
            # A listing tells neither version nor metadata; one that is gone or has changed since is seen next time.
            found = [one for one in pool.map(look.head, ready) if one is not None]
            new += look.register(found)
    with db.begin() as session:
        waiting = footage.uploads_waiting(session)
        small = companions.still_waiting(session, waiting, size_max_bytes=SMALL_BYTES)
        beside = companions.companions_waiting(session)
    return Received(tuple(new), tuple(waiting), tuple(beside), tuple(one.upload_id for one in small), arriving)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look into the bucket."""

    bucket: str
    rules: IntakeRules
    manifests: ManifestReader
    store: ObjectStore
    db: Database
    clock: Callable[[], datetime]
    _announced: dict[str, dict[str, Announced]] = field(default_factory=dict)
    """By folder, and then by name in capitals: what the manifests of each folder say, read once in a look."""

    def at(self, hints: Iterable[str]) -> Iterator[ListedObject]:
        for key in sorted(set(hints)):
            found = self.store.head(self.bucket, key)
            if found is not None:
                yield ListedObject(found.key, found.size_bytes, found.etag)

    def head(self, listed: ListedObject) -> StoredObject | None:
        found = self.store.head(self.bucket, listed.key)
        return found if found is not None and (_is_ours(listed.key) or found.etag == listed.etag) else None

    def complete(self, batch: Sequence[ListedObject]) -> tuple[list[ListedObject], int]:
        """Those of a batch that are new and complete, and how many are new and not complete."""
        now = self.clock()
        with self.db.begin() as session:
            known = sightings.received_etags(session, self.bucket, [listed.key for listed in batch])
        new = [one for one in batch if known.get(one.key) != one.etag and _is_taken_here(one)]
        announced = [self._announcement(one.key) for one in new]
        with self.db.begin() as session:
            ready = [
                one for one, said in zip(new, announced, strict=True) if self._is_complete(session, one, said, now)
            ]
        return ready, len(new) - len(ready)

    def _announcement(self, key: str) -> Announced | None:
        """What a manifest beside an object of a source says about it."""
        if _is_ours(key) or source_of(self.rules.sources, key) is None:
            return None
        folder, _, name = key.rpartition("/")
        if folder not in self._announced:
            self._announced[folder] = self._announced_in(folder)
        return self._announced[folder].get(name.upper())

    def _announced_in(self, folder: str) -> dict[str, Announced]:
        found: dict[str, Announced] = {}
        for listed in self.store.list(self.bucket, f"{folder}/"):
            name = listed.key.removeprefix(f"{folder}/")
            form = next((form for form in self.rules.manifests if form.match.fullmatch(name)), None)
            if form is None or "/" in name or listed.size_bytes > SIZE_MAX_BYTES:
                continue
            try:
                content = self.store.read(self.bucket, listed.key, limit_bytes=SIZE_MAX_BYTES)
            except MissingObjectError:
                continue  # deleted between the listing and now
            said, problem = self.manifests.read(form, content)
            if problem is not None:
                log.warning("manifest_not_read", form=form.form_id, problem=problem)
            found |= said
        return found

    def _is_complete(self, session: Session, listed: ListedObject, said: Announced | None, now: datetime) -> bool:
        source = None if _is_ours(listed.key) else source_of(self.rules.sources, listed.key)
        if source is None:
            return True
        seen = sightings.see(session, self.bucket, listed.key, size_bytes=listed.size_bytes, etag=listed.etag, at=now)
        return completeness(source, seen, said, now=now).is_complete

    def register(self, found: Sequence[StoredObject]) -> list[UploadId]:
        new: list[Upload] = []
        with self.db.begin() as session:
            for stored in found:
                arrival = Arrival(
                    Location(stored.bucket, stored.key, stored.version_id),
                    stored.size_bytes,
                    stored.etag,
                    stored.digest,
                    stored.metadata,
                )
                announced = self._announcement(stored.key) or Announced()
                upload, refusal = upload_of(arrival, self.rules, announced, received_at=self.clock())
                if not footage.add_upload(session, upload):
                    continue
                claim = UploadClaim.from_metadata(stored.metadata)
                clocks = clocks_of_claim(claim, received_at=upload.received_at, named_start=upload.named_start)
                facts.add_clocks(session, upload.upload_id, clocks)
                custody.append(session, _was_received(upload))
                if refusal is not None:
                    self._refuse(session, upload, refusal)
                new.append(upload)
        for upload in new:
            log.info("upload_received", upload_id=str(upload.upload_id), size_bytes=upload.size_bytes)
        return [upload.upload_id for upload in new]

    def _refuse(self, session: Session, upload: Upload, refusal: RejectedInputError) -> None:
        kind, at = type(refusal).__name__, self.clock()  # after it was received
        footage.quarantine(session, upload.upload_id, error_kind=kind, reason=str(refusal), at=at)
        custody.append(session, CustodyEvent("quarantined", "upload", str(upload.upload_id), at, {"kind": kind}))


def _is_ours(key: str) -> bool:
    """Whether we wrote it ourselves: whole, and under its digest."""
    return keys.parse_upload_key(key) is not None


def _is_taken_here(listed: ListedObject) -> bool:
    """Whether it is for us: the dock registers what it takes in; and what only makes a folder appear is no object."""
    is_folder = listed.size_bytes == 0 and listed.key.endswith("/")
    return not is_folder and not listed.key.startswith(keys.DOCK_PREFIX)


def _batches(listing: Iterable[ListedObject]) -> Iterator[list[ListedObject]]:
    rest = iter(listing)
    while batch := list(islice(rest, BATCH)):
        yield batch


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
