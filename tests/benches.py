"""Makes workbenches on the servers of the test session, each with a database and buckets of its own."""

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.settings import Settings
from pipeline.workbench import Workbench
from tests.builders import TickingClock
from tests.databases import Databases
from tests.infra.s3_door import PARTNER_MAY_READ, s3_client

if TYPE_CHECKING:
    from tests.stack_fixtures import SessionStack  # loaded later, as a plugin whose asserts pytest rewrites

BUCKETS = ("intake", "originals", "working", "releases")


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
        given |= self._make_buckets(next(self._numbers))
        own = {"database_url": self._databases.make(), "scratch_dir": scratch, "ingest_jobs": 2}
        made = Workbench(Settings(_env_file=None, **{**given, **own}), TickingClock())
        self._made.append(made)
        return made

    def close(self) -> None:
        for bench in self._made:
            bench.db.close()

    def _make_buckets(self, number: int) -> dict[str, str]:
        with s3_client(self._stack.settings) as s3:
            for kind in BUCKETS:
                name = f"{kind}-{number}"
                s3.create_bucket(Bucket=name)
                s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            s3.put_bucket_acl(Bucket=f"releases-{number}", **PARTNER_MAY_READ)
        return {f"s3_{kind}_bucket": f"{kind}-{number}" for kind in BUCKETS}


def environment_of(bench: Workbench) -> dict[str, str]:
    """The settings of a bench as a process reads them."""
    found = {}
    for name in Settings.model_fields:
        value = getattr(bench.settings, name)
        if value is not None:
            secret = getattr(value, "get_secret_value", None)
            found[f"FIRSTHAND_{name.upper()}"] = str(secret() if secret else value)
    return found
