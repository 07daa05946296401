"""Which buckets does the project expect, and who may read them?"""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.parts.part import NotAnsweringError, Say
from infra.local.site import BUCKETS, LABELLING, OWNER, PARTNER, S3_REGION, Site

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = {"releases": PARTNER, "working": LABELLING}
"""Who, beside the owner, may list a bucket. Objects are granted one by one, when they are written."""


def list_buckets(site: Site) -> list[str]:
    """Names of the buckets that the owner sees.

    Raises:
        NotAnsweringError: The store does not answer, or refuses the owner.
    """
    client = _client(site)
    try:
        return [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    except (BotoCoreError, ClientError) as exc:
        raise NotAnsweringError(f"list of buckets: {exc}") from exc
    finally:
        client.close()


def ensure_buckets(site: Site, say: Say) -> None:
    """Make every bucket, with versions on; its reader may list it. Safe to repeat.

    Raises:
        NotAnsweringError: The store stopped answering; what was made stays.
    """
    client = _client(site)
    try:
        known = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
        for name in BUCKETS:
            if name not in known:
                say(f"creating the bucket {name}")
                client.create_bucket(Bucket=name)
            if client.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
                client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for name, reader in READERS.items():
            _let_read(client, name, reader)
    except (BotoCoreError, ClientError) as exc:
        raise NotAnsweringError(f"buckets: {exc}") from exc
    finally:
        client.close()


def _let_read(client: "S3Client", bucket: str, reader: str) -> None:
    grants = client.get_bucket_acl(Bucket=bucket)["Grants"]
    if not any(grant["Grantee"].get("ID") == reader and grant["Permission"] == "READ" for grant in grants):
        client.put_bucket_acl(Bucket=bucket, GrantRead=f'id="{reader}"', GrantFullControl=f'id="{OWNER}"')


def _client(site: Site) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=site.url("s3-proxy"),
        region_name=S3_REGION,
        aws_access_key_id=OWNER,
        aws_secret_access_key=site.secrets.of("s3_owner"),
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=5,
            read_timeout=30,
            retries={"total_max_attempts": 1},
        ),
    )
