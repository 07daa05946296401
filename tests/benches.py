"""Makes workbenches on the servers of the test session, each with a database and buckets of its own."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.settings import Settings
from pipeline.workbench import Workbench
from tests.builders import TickingClock
from tests.databases import Databases
from tests.infra.s3_door import LABELLING_MAY_READ, PARTNER_MAY_READ

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from tests.stack_fixtures import SessionStack  # loaded later, as a plugin whose asserts pytest rewrites

BUCKETS = ("intake", "originals", "working", "releases")
READERS = {"releases": PARTNER_MAY_READ, "working": LABELLING_MAY_READ}


class Benches:
    """Makes them, and closes them in the end."""

    def __init__(self, stack: "SessionStack", databases: Databases) -> None:
        self._stack = stack
        self._databases = databases
        self._numbers = itertools.count(1)
        self._made: list[Workbench] = []

    def make(self, scratch: Path) -> Workbench:
        """A workbench with an empty database at the newest schema and four empty buckets."""
        given = {
            name.removeprefix("FIRSTHAND_").lower(): value
            for name, value in self._stack.settings.items()
            if name.startswith("FIRSTHAND_")
        }
        number = next(self._numbers)
        given |= {f"s3_{kind}_bucket": f"{kind}-{number}" for kind in BUCKETS}
        own = {"database_url": self._databases.make(), "scratch_dir": scratch, "ingest_jobs": 2}
        made = Workbench(Settings(_env_file=None, **{**given, **own}), TickingClock())
        if self._made:
            made.store = self._made[
                0
            ].store  # the same server and credentials; opening it anew takes a tenth of a second
        self._made.append(made)
        self._make_buckets(made)
        return made

    def close(self) -> None:
        for bench in self._made:
            bench.db.close()

    def _make_buckets(self, bench: Workbench) -> None:
        s3 = raw_client(bench)

        def make_bucket(kind: str) -> None:
            name = getattr(bench.settings, f"s3_{kind}_bucket")
            s3.create_bucket(Bucket=name)
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            if kind in READERS:
                s3.put_bucket_acl(Bucket=name, **READERS[kind])

        with ThreadPoolExecutor(len(BUCKETS)) as pool:
            list(pool.map(make_bucket, BUCKETS))


def raw_client(bench: Workbench) -> "S3Client":
    """S3 as somebody uses it who knows nothing of our rules; it belongs to the bench, do not close it."""
    return bench.store._door.client


def environment_of(bench: Workbench) -> dict[str, str]:
    """The settings of a bench as a process reads them."""
    found = {}
    for name in Settings.model_fields:
        value = getattr(bench.settings, name)
        if value is not None:
            secret = getattr(value, "get_secret_value", None)
            found[f"FIRSTHAND_{name.upper()}"] = str(secret() if secret else value)
    return found
