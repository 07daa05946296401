"""Opens the object store as boto3 does for everybody, without our adapter: what is tested is the server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

PARTNER_MAY_READ = {"GrantRead": 'id="firsthand:partner"', "GrantFullControl": 'id="firsthand:owner"'}
LABELLING_MAY_READ = {**PARTNER_MAY_READ, "GrantRead": 'id="firsthand:labelling"'}


@contextmanager
def s3_client(settings: Mapping[str, str]) -> "Iterator[S3Client]":
    """A client with the credentials of `firsthand.env` or `partner.env`."""
    prefix = "FIRSTHAND_PARTNER_S3_" if "FIRSTHAND_PARTNER_S3_REGION" in settings else "FIRSTHAND_S3_"
    client = boto3.client(
        "s3",
        endpoint_url=settings[f"{prefix}ENDPOINT_URL"],
        region_name=settings[f"{prefix}REGION"],
        aws_access_key_id=settings[f"{prefix}ACCESS_KEY_ID"],
        aws_secret_access_key=settings[f"{prefix}SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    try:
        yield client
    finally:
        client.close()


def refusal(call: "Callable[[], object]") -> int:
    """The HTTP status with which a call is refused; 200 if it is not."""
    try:
        call()
    except ClientError as exc:
        return int(exc.response["ResponseMetadata"]["HTTPStatusCode"])
    return 200
