"""Which objects does a bucket's notification speak of?

A notification is a hint and never more: it may be late, come twice, be lost or be forged. It names keys to look at;
what is there is asked of the store. Format: the S3 event message structure, version 2.x
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html), as AWS, MinIO and Ceph send
it; keys in it are URL-encoded as in an HTML form.
"""

import json
from typing import Final
from urllib.parse import unquote_plus

from pipeline.errors import UsageError

SIZE_MAX_BYTES: Final = 1 << 20
"""AWS sends at most 256 KiB."""
RECORDS_MAX: Final = 10_000
KEY_BYTES_MAX: Final = 1024
"""S3's own limit."""


def keys_in_event(text: bytes, *, bucket: str) -> tuple[str, ...]:
    """The keys of this bucket in which something was created, each once, in order.

    Raises:
        UsageError: it is not the JSON of a notification.
    """
    if len(text) > SIZE_MAX_BYTES:
        raise UsageError(f"expected an event of at most {SIZE_MAX_BYTES} bytes, found {len(text)}")
    try:
        event: object = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"expected the JSON of an S3 event, found {exc}") from exc
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or len(records) > RECORDS_MAX:
        raise UsageError(f"expected an S3 event with a list of up to {RECORDS_MAX} Records")
    found = (_key_of(record, bucket) for record in records)
    return tuple(dict.fromkeys(key for key in found if key))


def _key_of(record: object, bucket: str) -> str | None:
    """The key that a record speaks of; `None` for another bucket, another event, or what is none."""
    s3 = record.get("s3") if isinstance(record, dict) else None
    if not isinstance(record, dict) or not isinstance(s3, dict):
        return None
    if "ObjectCreated" not in str(record.get("eventName", "ObjectCreated")):
        return None
    where, what = s3.get("bucket"), s3.get("object")
    if not isinstance(where, dict) or not isinstance(what, dict) or where.get("name") != bucket:
        return None
    key = what.get("key")
    if not isinstance(key, str):
        return None
    key = unquote_plus(key)
    try:
        fits = 0 < len(key.encode()) <= KEY_BYTES_MAX
    except UnicodeEncodeError:
        return None
    return key if fits and "\x00" not in key else None
