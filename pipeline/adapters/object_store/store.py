"""The object store: the few things Firsthand asks of S3.

Rules kept here:

* An object is written only where there is none, and comes into being whole or not at all.
* Its SHA-256 stands in its metadata; whoever reads it compares.
* A method may be repeated after any failure, a kill included.

No method deletes, and only `receive` puts a new version over an old one. Safe to share between threads.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.adapters.object_store.arriving import Arriving, give_back_unfinished
from pipeline.adapters.object_store.door import open_door
from pipeline.adapters.object_store.fetch import fetch_object
from pipeline.adapters.object_store.look import head_object
from pipeline.adapters.object_store.multipart import send_in_parts
from pipeline.adapters.object_store.send import Target, find_same, send_whole
from pipeline.adapters.object_store.values import (
    UNVERSIONED,
    ListedObject,
    Progress,
    Sent,
    StoredObject,
    silent,
)
from pipeline.domain.digest import Sha256
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef, ListObjectsV2RequestTypeDef

PART_BYTES: Final = 8 << 20
"""One part of a multipart upload; a file of up to two parts goes in one request. S3 takes no part below 5 MiB."""


class ObjectStore:
    """One S3 server, seen with one set of credentials."""

    def __init__(
        self,
        *,
        endpoint_url: str | None,
        region: str,
        access_key_id: str,
        secret_access_key: str,
        session_token: str | None = None,
        connections: int = 32,
        part_bytes: int = PART_BYTES,
        settings: str = "FIRSTHAND_S3",
    ) -> None:
        """Prepare to speak to a server; nothing is asked of it yet.

        Args:
            endpoint_url: the server; `None` means AWS.
            region: the region, also for a server of one's own.
            access_key_id: who we are.
            secret_access_key: how we prove it.
            session_token: the third part of short-lived credentials.
            connections: how many requests may be under way at once.
            part_bytes: the size of a part of a multipart upload.
            settings: what the names of these settings begin with, for messages.

        Raises:
            SettingsError: the endpoint is not a URL.
        """
        self._door = open_door(
            endpoint_url=endpoint_url,
            region=region,
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            session_token=session_token,
            connections=connections,
            settings=settings,
        )
        self._part_bytes = part_bytes
        self._seen_buckets: set[str] = set()

    def check(self, bucket: str, *, versioned: bool = False) -> None:
        """Find out now whether a bucket can be used, so that a wrong setting is told before work begins.

        Raises:
            SettingsError: it does not exist, or keeps no versions where `versioned` asks for it.
            AccessDeniedError: the credentials are wrong, or may not list it.
            StoreUnavailableError: the store did not answer.
        """
        with self._door.asking(bucket):
            self._door.client.list_objects_v2(Bucket=bucket, MaxKeys=1)
        self._seen_buckets.add(bucket)
        if versioned:
            with self._door.asking(bucket):
                status = self._door.client.get_bucket_versioning(Bucket=bucket).get("Status")
            if status != "Enabled":
                raise SettingsError(f"bucket {bucket} keeps no versions: enable versioning (found {status or 'never'})")

    def head(self, bucket: str, key: str, version_id: str | None = None) -> StoredObject | None:
        """What is stored under a key; the newest version unless one is named.

        Returns:
            `None` when there is nothing.

        Raises:
            SettingsError: there is no such bucket.
            AccessDeniedError: the credentials may not see it.
            StoreUnavailableError: the store did not answer.
        """
        found = head_object(self._door, bucket, key, version_id)
        if found is None and bucket not in self._seen_buckets:
            self.check(bucket)
        return found

    def list(self, bucket: str, prefix: str) -> Iterator[ListedObject]:
        """The newest version of every object whose key begins with `prefix`, in the order of the keys.

        Raises:
            SettingsError, AccessDeniedError, StoreUnavailableError: as `check`; what came before is good.
        """
        request: ListObjectsV2RequestTypeDef = {"Bucket": bucket, "Prefix": prefix}
        while True:
            with self._door.asking(bucket):
                page = self._door.client.list_objects_v2(**request)
            for entry in page.get("Contents", []):
                yield ListedObject(entry["Key"], entry["Size"], entry["ETag"].strip('"'))
            if not page.get("NextContinuationToken"):
                return
            request = {**request, "ContinuationToken": page["NextContinuationToken"]}

    def fetch(
        self,
        bucket: str,
        key: str,
        target: Path,
        *,
        version_id: str | None = None,
        expect: Sha256 | None = None,
        resume: bool = False,
        progress: Progress = silent,
    ) -> Sha256:
        """Bring an object into a local file, digesting it on the way.

        The file appears under its name when it is whole, on disk, and has the digest expected. Until then it is
        `<target>.part`, which is removed on failure; with `resume` (which needs `expect`) it is kept, and the next
        call goes on from it. Safe to repeat: an existing target is replaced at the end.

        Returns:
            The digest of the file.

        Raises:
            MissingObjectError: there is no such object or version.
            DigestMismatchError: the bytes are not those expected; no file is left.
            SettingsError, AccessDeniedError, StoreUnavailableError: as `check`.
            OSError: the local disk.
        """
        return fetch_object(
            self._door,
            bucket,
            key,
            target,
            version_id=version_id,
            expect=expect,
            resume=resume,
            progress=progress,
        )

    def read(self, bucket: str, key: str, *, limit_bytes: int, version_id: str | None = None) -> bytes:
        """The bytes of a small object, such as a manifest; of the newest version unless one is named.

        Raises:
            MissingObjectError: there is no such object.
            SettingsError: it is larger than `limit_bytes`: not what was meant. Else as `check`, with
                AccessDeniedError and StoreUnavailableError.
        """
        request: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
        if version_id not in {None, UNVERSIONED}:
            request["VersionId"] = str(version_id)
        with self._door.asking(bucket, key):
            response = self._door.client.get_object(**request)
            with closing(response["Body"]) as body:
                content = body.read(limit_bytes + 1)
        if len(content) > limit_bytes:
            raise SettingsError(f"{bucket}/{key}: expected at most {limit_bytes} bytes, found more")
        return content

    def put_once(
        self,
        bucket: str,
        key: str,
        source: Path | bytes,
        *,
        digest: Sha256,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
        reader: str | None = None,
        progress: Progress = silent,
    ) -> StoredObject:
        """Store bytes under a key, unless they are there already. See `send_once`."""
        return self.send_once(
            bucket,
            key,
            source,
            digest=digest,
            media_type=media_type,
            metadata=metadata,
            reader=reader,
            progress=progress,
        ).stored

    def send_once(
        self,
        bucket: str,
        key: str,
        source: Path | bytes,
        *,
        digest: Sha256,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
        reader: str | None = None,
        progress: Progress = silent,
    ) -> Sent:
        """Store bytes under a key, unless they are there already, and tell what it took.

        Large files go in parts, several at once. Safe to repeat, also after a kill: where the key holds the digest,
        an unfinished multipart upload is taken up again and only the parts that are missing are sent.

        Args:
            bucket: the bucket.
            key: the key.
            source: a file or its bytes.
            digest: the SHA-256 that the source must turn out to have; it is computed again while sending.
            media_type: such as `video/mp4`.
            metadata: names of lower-case letters, digits and `-`; values in any script.
            reader: canonical id that may read the object, where the store has no policies.
            progress: told of bytes sent, or found there.

        Raises:
            DigestMismatchError: under the key are other bytes, or the source has another digest; nothing was written.
            SettingsError, AccessDeniedError, StoreUnavailableError: as `check`; the object is not there, or it is
                whole.
            OSError: the source cannot be read.
        """
        target = Target(
            bucket=bucket,
            key=key,
            digest=digest,
            size_bytes=len(source) if isinstance(source, bytes) else source.stat().st_size,
            media_type=media_type,
            metadata=metadata or {},
            reader=reader,
            owner=self._owner_id if reader else None,
        )
        found = find_same(self._door, target)
        if found is not None:
            progress(target.size_bytes)
            return Sent(found, "present", 0)
        if target.size_bytes <= 2 * self._part_bytes:
            return send_whole(self._door, target, source, progress)
        return send_in_parts(self._door, target, source, part_bytes=self._part_bytes, progress=progress)

    def receive(self, bucket: str, key: str, *, media_type: str) -> Arriving:
        """An object whose bytes are still arriving; see `Arriving`. Nothing is asked of the store yet."""
        return Arriving(self._door, bucket, key, media_type)

    def give_back_unfinished(self, bucket: str, prefix: str, *, before: datetime) -> int:
        """Free the space of uploads below a prefix that were begun before a moment and never finished; how many.

        Raises:
            SettingsError, AccessDeniedError, StoreUnavailableError: as `check`.
        """
        return give_back_unfinished(self._door, bucket, prefix, before=before)

    def presign(self, bucket: str, key: str, *, expires_s: int, version_id: str | None = None) -> str:
        """A URL that lets whoever holds it read one object for a while. It is a secret: never log it."""
        params = {"Bucket": bucket, "Key": key}
        if version_id not in {None, UNVERSIONED}:
            params["VersionId"] = str(version_id)
        with self._door.asking(bucket, key):
            return self._door.client.generate_presigned_url("get_object", Params=params, ExpiresIn=expires_s)

    @cached_property
    def _owner_id(self) -> str:
        """Our own canonical id."""
        with self._door.asking("the list of buckets"):
            return self._door.client.list_buckets()["Owner"]["ID"]
