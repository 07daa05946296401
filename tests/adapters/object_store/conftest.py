"""The object store of the session, with our adapter and without."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from pipeline.adapters.object_store import ObjectStore
from tests.stores import open_store, read_env

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def home(s3_stack: Any) -> Path:
    return Path(s3_stack.home)


@pytest.fixture(scope="module")
def store(home: Path) -> ObjectStore:
    return open_store(home)


@pytest.fixture(scope="module")
def raw(home: Path) -> "S3Client":
    """What a writer that is not ours would use, and what the assertions look with."""
    env = read_env(home / "firsthand.env")
    return boto3.client(
        "s3",
        endpoint_url=env["FIRSTHAND_S3_ENDPOINT_URL"],
        region_name=env["FIRSTHAND_S3_REGION"],
        aws_access_key_id=env["FIRSTHAND_S3_ACCESS_KEY_ID"],
        aws_secret_access_key=env["FIRSTHAND_S3_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
