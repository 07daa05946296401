"""Is there an object under this key?"""

from typing import TYPE_CHECKING

from pipeline.adapters.object_store.door import Door
from pipeline.adapters.object_store.values import UNVERSIONED, StoredObject, stored_object
from pipeline.errors import MissingObjectError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectRequestTypeDef


def head_object(door: Door, bucket: str, key: str, version_id: str | None = None) -> StoredObject | None:
    """What the store says of an object; `None` also when the whole bucket is missing, which a HEAD does not tell."""
    request: HeadObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
    if version_id is not None and version_id != UNVERSIONED:
        request["VersionId"] = version_id
    try:
        with door.asking(bucket, key):
            return stored_object(bucket, key, door.client.head_object(**request))
    except MissingObjectError:
        return None
