"""The object store of the session, with our adapter and without."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.adapters.object_store import ObjectStore
from tests.infra.s3_door import s3_client
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
def raw(home: Path) -> "Iterator[S3Client]":
    """What a writer that is not ours would use, and what the assertions look with."""
    with s3_client(read_env(home / "firsthand.env")) as client:
        yield client
