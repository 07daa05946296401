"""A release that was published, and the credentials of a partner."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.partner import StoreCredentials
from tests.infra.s3_door import s3_client
from tests.partner.pulling import publish
from tests.releases import Draft
from tests.stores import open_store, partner_credentials, read_env

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def home(s3_stack: Any) -> Path:
    return Path(s3_stack.home)


@pytest.fixture(scope="module")
def store(home: Path) -> ObjectStore:
    return open_store(home)


@pytest.fixture(scope="module")
def credentials(home: Path) -> StoreCredentials:
    return partner_credentials(home)


@pytest.fixture(scope="module")
def raw(home: Path) -> "Iterator[S3Client]":
    with s3_client(read_env(home / "firsthand.env")) as client:
        yield client


@pytest.fixture
def name() -> str:
    return f"t{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def published(store: ObjectStore, credentials: StoreCredentials) -> Draft:
    """A release that many tests pull and none changes."""
    return publish(store, credentials)


@pytest.fixture
def own(store: ObjectStore, credentials: StoreCredentials) -> Draft:
    """A release whose objects one test may spoil."""
    return publish(store, credentials)
