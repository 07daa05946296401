"""How do bytes get under a key exactly once, however often they are sent and however often the sender is killed?

Rules kept here:

* First look, then write on the condition that there is nothing. The condition is the guard and not the question:
  Swift keeps the bytes of a refused write as a version that nobody asked for.
* Whatever is found under the key must have our size and our digest on record, else it is a matter of custody.
* The source is digested again while it is sent; if it is not what was announced, nothing comes into being.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from botocore.exceptions import ClientError

from pipeline.adapters.object_store.door import Door, exists_already
from pipeline.adapters.object_store.look import head_object
from pipeline.adapters.object_store.values import Progress, Sent, StoredObject, encode_metadata
from pipeline.domain.digest import Sha256
from pipeline.errors import DigestMismatchError, StoreUnavailableError


class Headers(TypedDict):
    """What boto3 takes beside bucket, key and body."""

    ContentType: str
    Metadata: dict[str, str]
    GrantRead: NotRequired[str]
    GrantFullControl: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be under which key."""

    bucket: str
    key: str
    digest: Sha256
    size_bytes: int
    media_type: str
    metadata: Mapping[str, str]
    reader: str | None
    """Canonical id that may read the object, where the store has no policies."""
    owner: str | None
    """Our own canonical id, needed with `reader`: granting to another takes our rights away unless we are named too."""

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}"

    def headers(self) -> Headers:
        """What is fixed when the object, or its multipart upload, begins."""
        headers: Headers = {"ContentType": self.media_type, "Metadata": encode_metadata(self.metadata, self.digest)}
        if self.reader is not None:
            headers["GrantRead"] = f'id="{self.reader}"'
            headers["GrantFullControl"] = f'id="{self.owner}"'
        return headers


def find_same(door: Door, target: Target) -> StoredObject | None:
    """The object that is under the key already, if it is the one that should be.

    Raises:
        DigestMismatchError: it is another one.
    """
    found = head_object(door, target.bucket, target.key)
    if found is not None and (found.digest, found.size_bytes) != (target.digest, target.size_bytes):
        raise DigestMismatchError(
            f"{target} is there already with other bytes: "
            f"expected SHA-256 {target.digest} of {target.size_bytes} bytes, "
            f"found {found.digest or 'no digest on record'} of {found.size_bytes} bytes, version {found.version_id}"
        )
    return found


def require_same(door: Door, target: Target) -> StoredObject:
    """The object that must be under the key by now.

    Raises:
        DigestMismatchError: it is another one.
        StoreUnavailableError: there is none after all: somebody else's write failed or was undone.
    """
    found = find_same(door, target)
    if found is None:
        raise StoreUnavailableError(f"{target} was written by somebody else, and then was not there: send it again")
    return found


def require_announced(target: Target, found: Sha256) -> None:
    """Compare what was read from the source with what was announced.

    Raises:
        DigestMismatchError: they differ; the caller must not let the object come into being.
    """
    if found != target.digest:
        raise DigestMismatchError(
            f"{target}: the source changed while it was read: expected SHA-256 {target.digest}, found {found}; "
            "nothing was stored"
        )


def send_whole(door: Door, target: Target, source: Path | bytes, progress: Progress) -> Sent:
    """Send a small source in one request."""
    content = source if isinstance(source, bytes) else source.read_bytes()
    require_announced(target, Sha256.of(content))
    existed = False
    with door.asking(target.bucket, target.key):
        try:
            door.client.put_object(
                Bucket=target.bucket,
                Key=target.key,
                Body=content,
                IfNoneMatch="*",
                # The server digests what arrives and refuses it if the wire changed it.
                ChecksumSHA256=base64.b64encode(target.digest.raw).decode(),
                **target.headers(),
            )
        except ClientError as exc:
            if not exists_already(exc):
                raise
            existed = True
    progress(len(content))
    # Asked also after a write that succeeded: where versions are kept, Swift lets several through who write at the very
    # same moment, and only a look tells whose bytes stand.
    return Sent(require_same(door, target), "present" if existed else "sent", len(content))
