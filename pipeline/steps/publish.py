"""Bring a sealed release to where partners read: clips first, tables next, the manifest last."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain import keys
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.footage import Location
from pipeline.domain.ids import ReleaseId
from pipeline.domain.release import Manifest
from pipeline.domain.release.building import TIER
from pipeline.errors import SealedReleaseError
from pipeline.records import Database, custody, encodings, releases
from pipeline.records.encodings import HeldBytes

log = structlog.get_logger()

COPIES = 4
"""Clips copied at once: enough to hide the store's answer times, few enough for a laptop."""


def publish_release(
    release_id: ReleaseId,
    *,
    working_bucket: str,
    releases_bucket: str,
    reader: str | None,
    store: ObjectStore,
    scratch: Scratch,
    db: Database,
    clock: Callable[[], datetime],
) -> None:
    """Publish one sealed release.

    A release exists for partners from the moment its manifest does, and the manifest is written last and only once,
    so nobody ever sees half of one. Safe to repeat after a kill at any moment: every object is named by its content.

    Args:
        release_id: the release.
        working_bucket: where clips and sealed tables are.
        releases_bucket: where partners read.
        reader: canonical id given read on each object, for stores without bucket policies.
        store: the object store.
        scratch: bytes pass through it, and their digests are checked on the way.
        db: the records.
        clock: what time it is.

    Raises:
        SealedReleaseError: the release is not sealed.
        DigestMismatchError: stored bytes are not those that were sealed; the release stays unpublished.
        StoreUnavailableError: S3 did not answer; the release stays unpublished.
    """
    with db.begin() as session:
        draft = releases.get_draft(session, release_id)
        seal = releases.find_seal(session, release_id)
        if releases.find_publication(session, release_id) is not None:
            return
        if seal is None:
            raise SealedReleaseError(f"release {release_id} is not sealed: seal it before publishing")
        held = encodings.bytes_of(session, release_id)
    manifest = Manifest.parse(seal.manifest)

    def copy_clip(clip: HeldBytes) -> None:
        key = keys.blob_key(TIER, clip.digest)
        there = store.head(releases_bucket, key)
        if there is not None and (there.digest, there.size_bytes) == (clip.digest, clip.size_bytes):
            return  # another version has it, or this one before it was killed
        with scratch.folder() as folder:
            path = folder / "clip"
            at = clip.at
            store.fetch(at.bucket, at.key, path, version_id=at.version_id, expect=clip.digest)
            store.put_once(releases_bucket, key, path, digest=clip.digest, media_type="video/mp4", reader=reader)

    with ThreadPoolExecutor(COPIES) as pool:
        list(pool.map(copy_clip, held))
    for file in manifest.files:
        with scratch.folder() as folder:
            path = folder / "file"
            store.fetch(working_bucket, keys.sealed_key(release_id, file.digest), path, expect=file.digest)
            key = keys.release_key(manifest.name, manifest.version, file.path)
            store.put_once(releases_bucket, key, path, digest=file.digest, media_type=file.media_type, reader=reader)
    stored = store.put_once(
        releases_bucket,
        keys.release_key(manifest.name, manifest.version, keys.MANIFEST_PATH),
        seal.manifest,
        digest=seal.manifest_digest,
        media_type="application/json",
        reader=reader,
    )
    published_at = clock()
    with db.begin() as session:
        publication = releases.Publication(Location(stored.bucket, stored.key, stored.version_id), published_at)
        if releases.add_publication(session, draft.release_id, publication):
            custody.append(
                session,
                CustodyEvent(
                    "published", "release", str(release_id), published_at, {"manifest": seal.manifest_digest.hex}
                ),
            )
    log.info("release_published", release_id=str(release_id), files=len(held))
