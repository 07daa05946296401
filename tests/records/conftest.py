"""Each test of records runs in a transaction that is rolled back."""

from collections.abc import Iterator

import pytest

from pipeline.records import Database, Session
from tests.databases import Databases


@pytest.fixture(scope="package")
def db(databases: Databases) -> Database:
    """One for all of them, since nothing stays in it."""
    return databases.open(databases.make())


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    with db.begin() as opened:
        yield opened
        opened.rollback()
