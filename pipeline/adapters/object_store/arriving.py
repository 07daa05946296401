"""How does an object come into being while its bytes are still arriving, and leave nothing when they stop?

Rules kept here:

* Nothing is to be seen under the key until `finish`: parts of an unfinished multipart upload are no object, and a body
  that fits into one part is written in one request.
* Only one sender writes a key at a time. Whoever begins gives back the parts that a killed one left under this key.
* The bytes that are there already are not written again: what the ETag of the whole would be is known beforehand.

Each part travels with its MD5, which the server compares.
"""

import base64
import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import cast

from pipeline.adapters.object_store.door import Door
from pipeline.adapters.object_store.look import head_object
from pipeline.adapters.object_store.values import StoredObject, encode_metadata
from pipeline.domain.digest import Sha256
from pipeline.errors import FirsthandError, StoreUnavailableError


@dataclass(slots=True)
class Arriving:
    """An object under way. `add_part` may be called from several threads at once; the rest from one, in order."""

    door: Door
    bucket: str
    key: str
    media_type: str
    _upload_id: str | None = None
    _parts: dict[int, bytes] = field(default_factory=dict)
    """Number to MD5."""
    _lock: Lock = field(default_factory=Lock)

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
            self.door.client.upload_part(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=upload_id,
                PartNumber=number,
                Body=cast("bytes", part),  # its own type has no bytearray, which it sends without a copy
                ContentMD5=base64.b64encode(md5).decode(),
            )
        with self._lock:
            self._parts[number] = md5

    def finish(self, *, size_bytes: int) -> StoredObject:
        """Let the parts become the object. Safe to repeat by sending everything again.

        Raises:
            StoreUnavailableError: S3 did not answer: the object is there whole, or not at all.
            SettingsError, AccessDeniedError: as `ObjectStore.check`.
        """
        md5s = [self._parts[number] for number in sorted(self._parts)]
        whole = hashlib.md5(b"".join(md5s), usedforsecurity=False).hexdigest()
        if (found := self._same(f"{whole}-{len(md5s)}", size_bytes)) is not None:
            self.abort()
            return found
        with self.door.asking(self.bucket, self.key):
            answer = self.door.client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=str(self._upload_id),
                MultipartUpload={
                    "Parts": [
                        {"PartNumber": number, "ETag": f'"{md5.hex()}"'} for number, md5 in sorted(self._parts.items())
                    ]
                },
            )
        self._upload_id = None
        return self._stored(answer.get("VersionId"))

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
