"""What does the store say about an object?

Metadata travels in HTTP headers, which carry ASCII only: every value is percent-encoded on its way in and decoded on
its way out, so that a file name in any script arrives as it was.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, unquote

from pipeline.domain.digest import Sha256

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

Progress = Callable[[int], None]
"""Told how many more bytes are done, from any thread; negative when bytes that were kept turn out to be wrong."""

DIGEST_NAME: Final = "sha256"
"""The name under which the SHA-256 of an object stands in its metadata."""
UNVERSIONED: Final = "null"
"""S3's own name for the version of an object in a bucket that keeps no versions."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ListedObject:
    """One line of a listing; the newest version under a key."""

    key: str
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of one object."""

    bucket: str
    key: str
    version_id: str
    size_bytes: int
    etag: str
    media_type: str
    stored_at: datetime
    """When the store says it arrived; UTC, whole seconds. Its answer to a write and to a look may be a second apart."""
    digest: Sha256 | None
    """The SHA-256 that its writer recorded; `None` when it recorded none. A claim, until the bytes are read."""
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """An object that is now in the store, and what it took."""

    stored: StoredObject
    outcome: Literal["sent", "present", "resumed"]
    sent_bytes: int
    """What went over the wire: less than the size when some of it was there already."""


def silent(_: int) -> None:
    """Progress that nobody watches."""


def encode_metadata(metadata: Mapping[str, str], digest: Sha256) -> dict[str, str]:
    """Metadata as S3 takes it, with the digest."""
    for name in metadata:
        # Underscores and capitals do not survive every server.
        if not _NAME.fullmatch(name):
            raise ValueError(f"expected a metadata name of lower-case letters, digits and '-', found {name!r}")
    return {name: quote(value, safe="/:,;=@+-._~") for name, value in metadata.items()} | {DIGEST_NAME: digest.hex}


def stored_object(bucket: str, key: str, response: "HeadObjectOutputTypeDef") -> StoredObject:
    """What a HEAD response says."""
    # Swift gives names back as `Original-Name`.
    metadata = {name.lower(): unquote(value) for name, value in response["Metadata"].items()}
    recorded = metadata.get(DIGEST_NAME, "")
    return StoredObject(
        bucket=bucket,
        key=key,
        version_id=response.get("VersionId") or UNVERSIONED,
        size_bytes=response["ContentLength"],
        etag=response["ETag"].strip('"'),
        media_type=response.get("ContentType", ""),
        stored_at=response["LastModified"].astimezone(UTC),
        digest=Sha256(recorded) if _HEX.fullmatch(recorded) else None,
        metadata=metadata,
    )
