"""Objects that tests put, and how they look at them."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.adapters.object_store import ObjectStore, StoredObject
from pipeline.domain.digest import Sha256

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "working"
MEDIA_TYPE = "video/mp4"


def a_key(digest: Sha256 | None = None) -> str:
    return f"tests/{uuid.uuid4().hex}/{digest or 'object'}"


def put(store: ObjectStore, key: str, content: bytes, *, bucket: str = BUCKET) -> StoredObject:
    return store.put_once(bucket, key, content, digest=Sha256.of(content), media_type=MEDIA_TYPE)


def versions(raw: "S3Client", key: str) -> int:
    return len(raw.list_object_versions(Bucket=BUCKET, Prefix=key).get("Versions", []))


def unfinished(raw: "S3Client", key: str) -> list[str]:
    return [upload["UploadId"] for upload in raw.list_multipart_uploads(Bucket=BUCKET, Prefix=key).get("Uploads", [])]


def is_same(one: StoredObject, other: StoredObject | None) -> bool:
    """What the store says of the moment when it is written to and when it is asked may be a second apart."""
    assert other is not None
    assert abs(one.stored_at - other.stored_at) <= timedelta(seconds=1)
    return replace(one, stored_at=other.stored_at) == other
