"""Which files does a release consist of, says its `files.parquet`?

What it says is checked before anything is done with it: a key must be the one that its digest and tier make, so that a
forged table cannot lead anywhere else.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.errors import CustodyError, UsageError

_COLUMNS: Final = {
    "clip_id": pa.string(),
    "blob_key": pa.string(),
    "sha256": pa.binary(32),
    "bytes": pa.int64(),
    "tier": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Blob:
    """One stored file of a release."""

    digest: Sha256
    size_bytes: int
    key: str


def read_blobs(table: Path) -> list[Blob]:
    """The files of a release, each once, in the order of their digests.

    Raises:
        CustodyError: the table is not such a table, or contradicts itself.
    """
    try:
        rows = _read(table)
    except (pa.ArrowException, OSError) as exc:
        raise CustodyError(f"{table} is not a table of released files: {exc}") from exc
    blobs: dict[Sha256, Blob] = {}
    for row in rows:
        blob = _blob(row, table)
        if blobs.setdefault(blob.digest, blob) != blob:
            raise CustodyError(f"{table}: {blob.digest} is there twice, with different sizes or tiers")
    return sorted(blobs.values(), key=lambda blob: blob.digest)


def _read(table: Path) -> list[dict[str, object]]:
    with pq.ParquetFile(table) as file:
        found = {name: file.schema_arrow.field(name).type for name in file.schema_arrow.names}
        wrong = [f"{name} ({kind})" for name, kind in _COLUMNS.items() if found.get(name) != kind]
        if wrong:
            raise CustodyError(f"{table}: expected the columns {', '.join(wrong)}, found {found}")
        return file.read(columns=list(_COLUMNS)).to_pylist()


def _blob(row: dict[str, object], table: Path) -> Blob:
    digest, size_bytes, key, tier = row["sha256"], row["bytes"], row["blob_key"], row["tier"]
    if not isinstance(digest, bytes) or not isinstance(size_bytes, int) or size_bytes < 0:
        raise CustodyError(f"{table}: clip {row['clip_id']} has no digest or no size")
    named = Sha256(digest.hex())
    try:
        expected = keys.blob_key(keys.tier(str(tier)), named)
    except UsageError as exc:
        raise CustodyError(f"{table}: clip {row['clip_id']}: {exc}") from exc
    if key != expected:
        raise CustodyError(f"{table}: clip {row['clip_id']}: expected the key {expected}, found {key}")
    return Blob(named, size_bytes, expected)
