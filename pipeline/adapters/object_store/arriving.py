"""How does an object come into being while its bytes are still arriving, and leave nothing when they stop?

Rules kept here:

* Parts of an unfinished upload are no object. A body of known length is one part, sent while it is read: its ETag is
  then the MD5 of the whole, which is compared before the object is. It is not a plain PUT, because a store may make an
  object of one that broke off (Swift does, when only the last bytes are missing).
* Only one sender writes a key at a time. Whoever begins gives back the parts that a killed one left under this key.
* The bytes that are there already are not written again: what the ETag of the whole would be is known beforehand.

Each part travels with its MD5, which the server compares. A body that is one part has no MD5 yet while it is sent: it
travels with the one that its sender announced, or over a way that changes no byte unseen, and the server's own MD5 is
that of the whole; where neither is so, whoever reads the body digests it, and the server's MD5 is compared.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import IO, TYPE_CHECKING, Final, Protocol, cast

from pipeline.adapters.object_store.door import Door
from pipeline.adapters.object_store.look import head_object
from pipeline.adapters.object_store.values import StoredObject, encode_metadata
from pipeline.domain.digest import Sha256
from pipeline.errors import FirsthandError, SettingsError, StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import UploadPartRequestTypeDef

PART_BYTES_MAX: Final = 5 << 30
"""S3 takes no more in one part."""
_MD5 = re.compile(r"[0-9a-f]{32}")
_OTHER_ETAGS = frozenset({"aws:kms", "aws:kms:dsse"})
"""Where the bucket is encrypted so, an ETag is no MD5."""


class Readable(Protocol):
    """A body that is read to its end."""

    def read(self, size: int = -1, /) -> bytes | bytearray:
        """The next bytes; none at the end."""


@dataclass(slots=True)
class Arriving:
    """An object under way. `add_part` may be called from several threads at once; the rest from one, in order."""

    door: Door
    bucket: str
    key: str
    media_type: str
    _upload_id: str | None = None
    _parts: dict[int, str] = field(default_factory=dict)
    """Number to ETag."""
    _has_md5s: bool = True
    _lock: Lock = field(default_factory=Lock)

    def begin(self, *, md5: str | None) -> bool:
        """Begin the upload of a body that will be one part.

        Args:
            md5: what its sender announced.

        Returns:
            Whether the server's own MD5 of it can be relied on: `finish_stream` then needs none from whoever reads it.

        Raises:
            StoreUnavailableError: S3 did not answer; nothing is there.
            SettingsError, AccessDeniedError: as `ObjectStore.check`.
        """
        with self._lock:
            self._upload_id = self._upload_id or self._begin()
        return self._has_md5s and (md5 is not None or self.door.guards_bytes)

    def add_part(self, number: int, part: bytes | bytearray) -> None:
        """Send one part, counted from 1. All but the last have 5 MiB or more.

        Raises:
            StoreUnavailableError: S3 did not answer; `abort` gives back what was sent.
            SettingsError, AccessDeniedError: as `ObjectStore.check`.
        """
        md5 = hashlib.md5(part, usedforsecurity=False).digest()
        with self._lock:
            upload_id = self._upload_id = self._upload_id or self._begin()
        with self.door.asking(self.bucket, self.key):
            answer = self.door.client.upload_part(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=upload_id,
                PartNumber=number,
                Body=cast("bytes", part),  # its own type has no bytearray, which it sends without a copy
                ContentMD5=base64.b64encode(md5).decode(),
            )
        with self._lock:
            self._parts[number] = answer["ETag"].strip('"')

    def finish(self, *, size_bytes: int) -> StoredObject:
        """Let the parts become the object. Safe to repeat by sending everything again.

        Raises:
            StoreUnavailableError: S3 did not answer: the object is there whole, or not at all.
            SettingsError, AccessDeniedError: as `ObjectStore.check`.
        """
        etags = [etag for _, etag in sorted(self._parts.items())]
        if (found := self._same(_etag_of_all(etags), size_bytes)) is not None:
            self.abort()
            return found
        with self.door.asking(self.bucket, self.key):
            answer = self.door.client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=str(self._upload_id),
                MultipartUpload={
                    "Parts": [
                        {"PartNumber": number, "ETag": f'"{etag}"'} for number, etag in sorted(self._parts.items())
                    ]
                },
            )
        self._upload_id = None
        return self._stored(answer.get("VersionId"))

    def add_stream(self, body: Readable, *, size_bytes: int, md5: str | None) -> None:
        """Send the whole body as one part while it is read. Nothing is an object before `finish`.

        Args:
            body: what is read to its end, in blocks of any size. When it raises, the request is broken off.
            size_bytes: how much it will be; at most `PART_BYTES_MAX`.
            md5: what it will have, where that is known: the server refuses anything else.

        Raises:
            StoreUnavailableError: S3 did not answer, or the body broke off; `abort` gives back what was sent.
            SettingsError, AccessDeniedError: as `ObjectStore.check`.
        """
        with self._lock:
            upload_id = self._upload_id = self._upload_id or self._begin()
        request: UploadPartRequestTypeDef = {
            "Bucket": self.bucket,
            "Key": self.key,
            "UploadId": upload_id,
            "PartNumber": 1,
            "Body": cast("IO[bytes]", body),  # it is asked for `read` alone
            "ContentLength": size_bytes,
        }
        if md5 is not None:
            request["ContentMD5"] = base64.b64encode(bytes.fromhex(md5)).decode()
        with self.door.asking(self.bucket, self.key):
            answer = self.door.client.upload_part(**request)
        self._parts[1] = answer["ETag"].strip('"')

    def stream_md5(self) -> str:
        """The server's MD5 of the one part, where `begin` said that it can be relied on.

        Raises:
            SettingsError: its ETags are no MD5s.
        """
        found = self._parts[1]
        if not _MD5.fullmatch(found):
            raise SettingsError(f"{self.door.server}: expected the MD5 of a part as its ETag, found {found[:40]!r}")
        return found

    def finish_stream(self, *, size_bytes: int, md5: str) -> StoredObject:
        """Let the one part become the object, if the store has the bytes that were read.

        Raises:
            StoreUnavailableError: it has not, or S3 did not answer: the object is there whole, or not at all.
            SettingsError, AccessDeniedError: as `ObjectStore.check`.
        """
        if self._has_md5s and self._parts[1] != md5:
            raise StoreUnavailableError(f"{self.bucket}/{self.key}: expected MD5 {md5}, the store has {self._parts[1]}")
        return self.finish(size_bytes=size_bytes)

    def store_whole(self, content: bytes | bytearray, *, digest: Sha256) -> StoredObject:
        """Store a body that is one part or less, in one request. Safe to repeat.

        Raises:
            StoreUnavailableError: S3 did not answer: the object is there whole, or not at all.
            SettingsError, AccessDeniedError: as `ObjectStore.check`.
        """
        md5 = hashlib.md5(content, usedforsecurity=False)
        if (found := self._same(md5.hexdigest(), len(content))) is not None:
            return found
        with self.door.asking(self.bucket, self.key):
            answer = self.door.client.put_object(
                Bucket=self.bucket,
                Key=self.key,
                Body=cast("bytes", content),  # as above
                ContentType=self.media_type,
                ContentMD5=base64.b64encode(md5.digest()).decode(),
                Metadata=encode_metadata({}, digest),
            )
        return self._stored(answer.get("VersionId"))

    def abort(self) -> None:
        """Give back the parts; what fails here is only space. Safe to repeat."""
        with self._lock:
            upload_id, self._upload_id = self._upload_id, None
        if upload_id is not None:
            _give_back(self.door, self.bucket, self.key, upload_id)

    def _begin(self) -> str:
        give_back_unfinished(self.door, self.bucket, self.key)
        with self.door.asking(self.bucket, self.key):
            answer = self.door.client.create_multipart_upload(
                Bucket=self.bucket, Key=self.key, ContentType=self.media_type
            )
        self._has_md5s = answer.get("ServerSideEncryption") not in _OTHER_ETAGS
        return answer["UploadId"]

    def _same(self, etag: str, size_bytes: int) -> StoredObject | None:
        """The object that is there, if it is made of these very bytes: we were killed before we could say so."""
        found = head_object(self.door, self.bucket, self.key)
        return found if found is not None and (found.etag, found.size_bytes) == (etag, size_bytes) else None

    def _stored(self, version_id: str | None) -> StoredObject:
        found = head_object(self.door, self.bucket, self.key, version_id)
        if found is None:
            raise StoreUnavailableError(f"{self.bucket}/{self.key} was written, and then was not there: send it again")
        return found


def _etag_of_all(etags: Sequence[str]) -> str:
    """The ETag of an object made of these parts, where ETags are MD5s: what S3 and Swift make of them."""
    whole = hashlib.md5(usedforsecurity=False)
    for etag in etags:
        whole.update(bytes.fromhex(etag) if _MD5.fullmatch(etag) else etag.encode())
    return f"{whole.hexdigest()}-{len(etags)}"


def give_back_unfinished(door: Door, bucket: str, prefix: str, *, before: datetime | None = None) -> int:
    """Give back the parts of unfinished uploads below a prefix, of all or of those begun before a moment.

    Returns:
        How many there were.
    """
    with door.asking(bucket):
        pages = door.client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
        found = [
            (upload["Key"], upload["UploadId"])
            for page in pages
            for upload in page.get("Uploads", [])
            if before is None or upload["Initiated"].astimezone(UTC) < before
        ]
    for key, upload_id in found:
        _give_back(door, bucket, key, upload_id)
    return len(found)


def _give_back(door: Door, bucket: str, key: str, upload_id: str) -> None:
    with suppress(FirsthandError), door.asking(bucket, key):
        door.client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
