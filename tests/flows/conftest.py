"""Processes that die on purpose, and worlds for them to die in."""

from collections.abc import Iterator

import pytest

from tests.benches import Benches
from tests.databases import Databases
from tests.flows.killing import Mortals, Worlds


@pytest.fixture(scope="module")
def mortals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortals]:
    made = Mortals(tmp_path_factory.mktemp("mortals") / "log")
    yield made
    made.close()


@pytest.fixture(scope="module")
def worlds(benches: Benches, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    return Worlds(benches, databases, tmp_path_factory.mktemp("worlds"))
