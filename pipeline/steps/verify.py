"""Is everything that the records name still there, byte for byte, and does custody agree with the records?"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain import keys
from pipeline.domain.audit import Fault, unmatched
from pipeline.domain.custody import leaf_hash
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import derive
from pipeline.domain.release import Manifest
from pipeline.domain.release.building import TIER
from pipeline.errors import BrokenCustodyError, DigestMismatchError, MissingObjectError
from pipeline.records import (
    Database,
    Session,
    audits,
    byproducts,
    clips,
    custody,
    encodings,
    everything,
    facts,
    footage,
    releases,
    softened,
)

log = structlog.get_logger()

NEWEST = ""
"""In place of a version: released objects are read as a partner reads them, whatever version is newest."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """That an object with this digest is stored here."""

    subject: str
    at: Location
    digest: Sha256


def verify_everything(
    *,
    store: ObjectStore,
    scratch: Scratch,
    db: Database,
    clock: Callable[[], datetime],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Read every stored object and re-hash it; recompute every custody event; match events and rows.

    Safe to repeat; each run is recorded as one audit, also when it finds faults.

    Raises:
        BrokenCustodyError: faults were found; the message tells how many and the first of them.
        StoreUnavailableError: S3 did not answer; no audit was recorded.
    """
    with db.begin() as session:
        claims = list(_claims(session))
        events = list(custody.all_events(session))
        recorded = everything.all_ids(session)
    faults: list[Fault] = []
    bytes_checked = 0
    for number, claim in enumerate(claims, start=1):
        with scratch.folder() as folder:
            path = folder / "object"
            fault = _check(claim, store, path)
            bytes_checked += path.stat().st_size if path.exists() else 0
        faults += [fault] if fault else []
        if progress:
            progress(number, len(claims))
    faults += [
        Fault("wrong_leaf_hash", f"event {event_id}", "its canonical bytes do not have the recorded leaf hash")
        for event_id, _, _, _, canonical, stored in events
        if leaf_hash(canonical) != stored
    ]
    faults += [
        Fault(
            "event_is_not_its_record", f"event {event_id}", "its columns and its canonical bytes say different things"
        )
        for event_id, event, kind, thing, canonical, _ in events
        if not _says(canonical, event, kind, thing)
    ]
    faults += unmatched(recorded, ((kind, thing, event) for _, event, kind, thing, _, _ in events))
    at = clock()
    audit = audits.Audit(
        audit_id=derive("audit", at.isoformat()),
        objects_checked=len(claims),
        bytes_checked=bytes_checked,
        events_checked=len(events),
        faults=tuple(faults),
        audited_at=at,
    )
    with db.begin() as session:
        audits.add_audit(session, audit)
    log.info("audit_ended", objects=len(claims), events=len(events), faults=len(faults))
    if faults:
        first = faults[0]
        raise BrokenCustodyError(
            f"the audit found {len(faults)} faults in {len(claims)} objects and {len(events)} events. "
            f"The first: {first.kind}, {first.subject}: {first.explanation}. `firsthand audits` shows all."
        )


def _check(claim: _Claim, store: ObjectStore, path: Path) -> Fault | None:
    try:
        version_id = claim.at.version_id or None
        store.fetch(claim.at.bucket, claim.at.key, path, version_id=version_id, expect=claim.digest)
    except MissingObjectError as error:
        return Fault("missing_object", claim.subject, str(error))
    except DigestMismatchError as error:
        return Fault("wrong_bytes", claim.subject, str(error))
    return None


def _says(canonical: bytes, event: str, kind: str, thing: str) -> bool:
    content = json.loads(canonical)
    return (content["kind"], content["subject_kind"], content["subject_id"]) == (event, kind, thing)


def _claims(session: Session) -> Iterator[_Claim]:
    for original in footage.all_originals(session):
        yield _Claim(f"original {original.digest}", original.at, original.digest)
    for series in facts.all_series(session):
        yield _Claim(f"series of original {series.original}", series.at, series.digest)
    for rendition in footage.all_renditions(session):
        yield _Claim(f"rendition {rendition.rendition_id}", rendition.at, rendition.digest)
    for beside in byproducts.all_byproducts(session):
        yield _Claim(f"{beside.kind} of rendition {beside.rendition_id}", beside.at, beside.digest)
    for made in clips.all_clip_renditions(session):
        yield _Claim(f"clip {made.clip_id}", made.at, made.digest)
    for encoding in encodings.all_encodings(session):
        yield _Claim(f"encoding {encoding.encoding_id}", encoding.at, encoding.digest)
    for soft in softened.all_softened(session):
        yield _Claim(f"clip {soft.clip_id}, softened", soft.at, soft.digest)
    yield from _claims_of_releases(session)


def _claims_of_releases(session: Session) -> Iterator[_Claim]:
    for draft in releases.all_drafts(session):
        seal = releases.find_seal(session, draft.release_id)
        published = releases.find_publication(session, draft.release_id)
        if seal is None or published is None:
            continue
        subject, bucket = f"release {draft.release_id}", published.at.bucket
        yield _Claim(subject, Location(bucket, published.at.key, NEWEST), seal.manifest_digest)
        manifest = Manifest.parse(seal.manifest)
        for file in manifest.files:
            key = keys.release_key(manifest.name, manifest.version, file.path)
            yield _Claim(subject, Location(bucket, key, NEWEST), file.digest)
        for held in encodings.bytes_of(session, draft.release_id):
            yield _Claim(subject, Location(bucket, keys.blob_key(TIER, held.digest), NEWEST), held.digest)
