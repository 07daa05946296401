"""What every test stands on: nothing of the world outside, nothing of the person who runs it, a clock that is known.

Servers come from `tests.stack_fixtures`; a `bench` is a workbench on those servers with a database and buckets that
nobody else has, so that a test can count everything.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from pipeline.records import Database
from pipeline.workbench import Workbench
from tests import outside
from tests.benches import Benches
from tests.builders import TickingClock
from tests.databases import Databases
from tests.furnished import Furnished, furnish

if TYPE_CHECKING:
    from tests.stack_fixtures import SessionStack  # loaded later, as a plugin whose asserts pytest rewrites

pytest_plugins = ["tests.stack_fixtures"]

ROOT = Path(__file__).parents[1]
OURS = ("FIRSTHAND_", "PREFECT_", "AWS_")
KEPT = frozenset({"FIRSTHAND_TOOLS", "FIRSTHAND_FOOTAGE"})
"""Where things lie on this machine that tests read and never write."""

SLOW_STACKS = {"full_stack": "prefect", "prefect_stack": "prefect", "label_studio_stack": "label studio"}
"""Fixtures, and the group of tests that need one; the first that fits."""

hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=25, derandomize=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How often power is lost in `tests/power`."""
    parser.addoption("--power-losses", type=int, default=4, help="how many processes are killed at random moments")


def pytest_configure() -> None:
    """Before anything is imported: forget the environment of whoever started this, and close the doors."""
    for name in [name for name in os.environ if name.startswith(OURS) and name not in KEPT]:
        del os.environ[name]
    # Not the folder of a stack that happens to be here; this one is never made.
    os.environ["FIRSTHAND_HOME"] = str(Path(tempfile.gettempdir()) / f"firsthand-no-home-{os.getpid()}")
    hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")
    outside.refuse()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say what runs in one process when several share the work (`--dist loadgroup --no-loadscope-reorder`).

    Each process has a stack of its own, of the parts that it uses. Prefect and Label Studio take half a minute to come
    up, so all tests that need one of them run in one process; the others go file by file, as their fixtures are made
    for. Those two groups take longest and wait for servers much of the time: they begin first, side by side.
    """
    groups: dict[str, list[pytest.Item]] = {group: [] for group in SLOW_STACKS.values()}
    for item in items:
        needed = [group for stack, group in SLOW_STACKS.items() if stack in getattr(item, "fixturenames", ())]
        group = needed[0] if needed else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
        groups.setdefault(group, []).append(item)
    items[:] = [item for group in groups.values() for item in group]


@pytest.fixture(autouse=True)
def _nobody_asked_the_world_outside() -> Iterator[None]:
    """Fail the test that tried, also when what it called took the refusal for a network that is down."""
    yield
    attempts, outside.ATTEMPTS[:] = list(outside.ATTEMPTS), []
    assert attempts == []


@pytest.fixture
def clock() -> TickingClock:
    """A second passes whenever it is asked."""
    return TickingClock()


@pytest.fixture(scope="session")
def real_footage() -> Path:
    """The folder of real body-camera footage; tests only read it."""
    folder = Path(os.environ.get("FIRSTHAND_FOOTAGE") or ROOT.parent / "shared" / "footage")
    if not folder.is_dir():
        pytest.skip(f"no real footage here: expected it in {folder}; FIRSTHAND_FOOTAGE names another folder")
    return folder


@pytest.fixture(scope="session")
def databases(postgres_stack: "SessionStack") -> Iterator[Databases]:
    """Makes databases on the Postgres of this session."""
    made = Databases(postgres_stack)
    yield made
    made.close()


@pytest.fixture(scope="module")
def db(databases: Databases) -> Database:
    """A database that is this module's own, empty, at the newest schema."""
    return databases.open(databases.make())


@pytest.fixture(scope="session")
def benches(postgres_s3_stack: "SessionStack", databases: Databases) -> Iterator[Benches]:
    """Makes workbenches on the servers of this session."""
    made = Benches(postgres_s3_stack, databases)
    yield made
    made.close()


@pytest.fixture(scope="module")
def bench(benches: Benches, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """A workbench whose database and buckets are this module's own."""
    return benches.make(tmp_path_factory.mktemp("scratch"))


@pytest.fixture
def own_bench(benches: Benches, tmp_path: Path) -> Workbench:
    """A workbench that one test may spoil or count in."""
    return benches.make(tmp_path / "scratch")


@pytest.fixture(scope="session")
def furnished(benches: Benches, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """A bench with one of everything, for tests that only look."""
    folder = tmp_path_factory.mktemp("furnished")
    return furnish(benches.make(folder / "scratch"), folder)
