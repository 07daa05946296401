"""Open an original that its camera encrypted, on this machine only, so that it can be looked at.

What is preserved is what the camera sent. The plain bytes lie in the private scratch folder of this process, where the
next steps look for the original; they go when the original's work is done.
"""

from pathlib import Path

import structlog

from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.sandbox import Parsers
from pipeline.adapters.scratch import Scratch
from pipeline.adapters.unsealing.keys import KEY_OBJECT_BYTES_MAX, ContentKeys
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import RecordingId
from pipeline.records import Database, docking, footage

log = structlog.get_logger()

WALL_S = 3600
"""The longest that opening one file may take: far above a disk's time for the longest clip."""


def unseal_original(
    digest: Sha256, *, store: ObjectStore, scratch: Scratch, parsers: Parsers, content_keys: ContentKeys, db: Database
) -> bool:
    """Put the plain bytes of an original where the next steps find it; whether it was encrypted. Safe to repeat.

    Raises:
        UnreadableFileError: it does not open with the key that came with it; nothing was left.
        SettingsError: our private key is not there: the upload waits for it.
        MediaToolError: the child was stopped from outside.
        StoreUnavailableError: S3 did not answer.
    """
    with db.begin() as session:
        sealed = docking.sealed_as(session, digest)
        original = footage.get_original(session, digest)
    if sealed is None:
        return False
    found = scratch.file_for(digest)
    encrypted = found.with_name(f"{digest}.sealed")
    # Of two kinds of bytes under one name, the digest tells which.
    if found.exists() and not _is_sealed(found, digest):
        return True
    if found.exists():
        found.rename(encrypted)
    else:
        store.fetch(original.at.bucket, original.at.key, encrypted, version_id=original.at.version_id, expect=digest)
    try:
        at = sealed.key.at
        key_object = store.read(at.bucket, at.key, version_id=at.version_id, limit_bytes=KEY_OBJECT_BYTES_MAX)
        secret = content_keys.secret_in(key_object)
        parsers.run(
            "pipeline.adapters.unsealing.clip",
            {"sealed": encrypted},
            stdin=secret,
            keep={"clip": found},
            wall_s=WALL_S,
        )
    except BaseException:
        found.unlink(missing_ok=True)
        raise
    finally:
        encrypted.unlink(missing_ok=True)
    log.info("original_unsealed", digest=digest.hex)
    return True


def unseal_recording(
    recording_id: RecordingId,
    *,
    store: ObjectStore,
    scratch: Scratch,
    parsers: Parsers,
    content_keys: ContentKeys,
    db: Database,
) -> None:
    """Open every original of a recording that was encrypted: see `unseal_original`. Safe to repeat."""
    with db.begin() as session:
        originals = footage.get_recording(session, recording_id).originals
    for digest in originals:
        unseal_original(digest, store=store, scratch=scratch, parsers=parsers, content_keys=content_keys, db=db)


def _is_sealed(found: Path, digest: Sha256) -> bool:
    with found.open("rb") as stream:
        return Sha256.of_stream(stream) == digest
