"""How does a large file go up in parts, and go on where it was when the sender was killed?

Rules kept here:

* Parts are read in order, so that one pass digests the whole file, and sent several at once. A part that the store has
  already, with the same MD5 and size, is not sent again. The object appears when the last call says so.
* An unfinished upload is taken up only under a key that holds the digest: its metadata was fixed when it began, and
  under another key it could be that of other bytes. Unfinished uploads of other keys are not ours to touch.
* Two senders of the same file may meet in one upload: they send the same parts, and one of them completes it.

MD5 is what S3 gives back for a part. A bucket encrypted with a KMS key gives something else: then nothing is
recognised, every part is sent again, and the outcome is the same.
"""

import base64
import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from pipeline.adapters.object_store.door import Door, exists_already
from pipeline.adapters.object_store.send import Target, require_announced, require_same
from pipeline.adapters.object_store.values import Progress, Sent
from pipeline.domain.digest import DigestingChunks
from pipeline.errors import DigestMismatchError, FirsthandError, MissingObjectError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_JOBS: Final = 4
"""Parts of one file on their way at once; each is in memory."""
PARTS_MAX: Final = 10_000
"""S3's limit for one object."""


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    etag: str
    size_bytes: int
    sent_bytes: int
    """Zero when the store had it."""


@dataclass(frozen=True, slots=True)
class _Upload:
    """One multipart upload under way."""

    door: Door
    target: Target
    upload_id: str
    kept: Mapping[int, tuple[str, int]]
    """Parts that the store has: number to MD5 and size."""
    progress: Progress


def send_in_parts(door: Door, target: Target, source: Path | bytes, *, part_bytes: int, progress: Progress) -> Sent:
    """Send a large source in parts of this size, or of a multiple when there would be too many."""
    # Doubling depends on the size alone, so the parts of a file are the same in every run.
    while part_bytes * PARTS_MAX < target.size_bytes:
        part_bytes *= 2
    upload = _take_up(door, target, progress) or _begin(door, target, progress)
    chunks = DigestingChunks(_chunks_of(source, part_bytes, limit_bytes=target.size_bytes))
    sent_bytes = 0
    try:
        parts = _send_parts(upload, chunks)
        sent_bytes = sum(part.sent_bytes for part in parts)
        require_announced(target, chunks.digest)
        existed = _complete(upload, parts)
    except MissingObjectError:
        existed = True  # another sender completed this very upload
    except DigestMismatchError:
        _abort(upload)
        raise
    if existed:
        _abort(upload)
        return Sent(require_same(door, target), "present", sent_bytes)
    resumed = sent_bytes < target.size_bytes
    return Sent(require_same(door, target), "resumed" if resumed else "sent", sent_bytes)


def _begin(door: Door, target: Target, progress: Progress) -> _Upload:
    with door.asking(target.bucket, target.key):
        answer = door.client.create_multipart_upload(Bucket=target.bucket, Key=target.key, **target.headers())
    return _Upload(door, target, answer["UploadId"], {}, progress)


def _take_up(door: Door, target: Target, progress: Progress) -> _Upload | None:
    """The newest unfinished upload of this key, if there is one and it can only be of these bytes."""
    if target.digest.hex not in target.key:
        return None
    with door.asking(target.bucket, target.key):
        pages = door.client.get_paginator("list_multipart_uploads").paginate(Bucket=target.bucket, Prefix=target.key)
        found = [
            (upload["Initiated"], upload["UploadId"])
            for page in pages
            for upload in page.get("Uploads", [])
            if upload["Key"] == target.key
        ]
    if not found:
        return None
    upload_id = max(found)[1]
    kept: dict[int, tuple[str, int]] = {}
    try:
        with door.asking(target.bucket, target.key):
            listed = door.client.get_paginator("list_parts").paginate(
                Bucket=target.bucket, Key=target.key, UploadId=upload_id
            )
            for page in listed:
                for part in page.get("Parts", []):
                    kept[part["PartNumber"]] = (part["ETag"].strip('"'), part["Size"])
    except MissingObjectError:
        return None  # completed or aborted in this moment
    return _Upload(door, target, upload_id, kept, progress)


def _send_parts(upload: _Upload, chunks: Iterable[bytes]) -> list[_Part]:
    """Send every part that is not there, reading no further ahead than there are hands."""
    parts: list[_Part] = []
    pending: deque[Future[_Part]] = deque()
    pool = ThreadPoolExecutor(PART_JOBS, thread_name_prefix="part")
    try:
        for number, chunk in enumerate(chunks, start=1):
            pending.append(pool.submit(_send_part, upload, number, chunk))
            if len(pending) > PART_JOBS:
                parts.append(pending.popleft().result())
        parts.extend(future.result() for future in pending)
    finally:
        pool.shutdown(cancel_futures=True)
    return parts


def _send_part(upload: _Upload, number: int, chunk: bytes) -> _Part:
    md5 = hashlib.md5(chunk, usedforsecurity=False)
    if upload.kept.get(number) == (md5.hexdigest(), len(chunk)):
        upload.progress(len(chunk))
        return _Part(number, md5.hexdigest(), len(chunk), 0)
    target = upload.target
    with upload.door.asking(target.bucket, target.key):
        answer = upload.door.client.upload_part(
            Bucket=target.bucket,
            Key=target.key,
            UploadId=upload.upload_id,
            PartNumber=number,
            Body=chunk,
            ContentMD5=base64.b64encode(md5.digest()).decode(),
        )
    upload.progress(len(chunk))
    return _Part(number, answer["ETag"].strip('"'), len(chunk), len(chunk))


def _complete(upload: _Upload, parts: Iterable[_Part]) -> bool:
    """Let the object come into being; tell whether another one was there first."""
    target = upload.target
    named: list[CompletedPartTypeDef] = [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts]
    with upload.door.asking(target.bucket, target.key):
        try:
            upload.door.client.complete_multipart_upload(
                Bucket=target.bucket,
                Key=target.key,
                UploadId=upload.upload_id,
                MultipartUpload={"Parts": named},
                IfNoneMatch="*",
            )
        except ClientError as exc:
            if not exists_already(exc):
                raise
            return True
    return False


def _abort(upload: _Upload) -> None:
    """Give back the parts of an upload that will never be an object; what fails here is only space."""
    target = upload.target
    with suppress(FirsthandError), upload.door.asking(target.bucket, target.key):
        upload.door.client.abort_multipart_upload(Bucket=target.bucket, Key=target.key, UploadId=upload.upload_id)


def _chunks_of(source: Path | bytes, part_bytes: int, *, limit_bytes: int) -> Iterator[bytes]:
    """The parts of a source in order; of a file that grows, no more than one part too many."""
    if isinstance(source, bytes):
        for start in range(0, len(source), part_bytes):
            yield source[start : start + part_bytes]
        return
    read_bytes = 0
    with source.open("rb") as stream:
        while read_bytes <= limit_bytes and (chunk := stream.read(part_bytes)):
            read_bytes += len(chunk)
            yield chunk
