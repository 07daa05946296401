"""What are the bytes of a release's table?

Rules kept here:

* The same rows give the same bytes, in any order given: rows are sorted, the schema, the compression and the row groups
  are fixed, and no time is written. Sealing twice must not make two digests. (The bytes also depend on the version of
  pyarrow, which is locked; a sealed release is never written again.)
* Digests are 32 bytes, ids are text, times are whole microseconds in 64 bits, exact times two 64-bit integers.
* A value that does not fit its column is an error, never a rounded value.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.domain.digest import Sha256
from pipeline.domain.release import ReleaseBlob, ReleaseChoice, ReleaseClip, ReleaseSegment, ReleaseVariant
from pipeline.domain.version import Version

ROWS_PER_GROUP: Final = 65_536
"""About what release.md measured as quick to filter; a partner reads one group at a time."""
_ZSTD_LEVEL: Final = 9

Row = TypeVar("Row", ReleaseBlob, ReleaseClip, ReleaseSegment, ReleaseChoice, ReleaseVariant)

_TEXT = pa.string()
_DIGEST = pa.binary(32)

_COLUMNS: Final[Mapping[type, Mapping[str, pa.DataType]]] = {
    ReleaseBlob: {
        "clip_id": _TEXT,
        "blob_key": _TEXT,
        "sha256": _DIGEST,
        "bytes": pa.int64(),
        "media_type": _TEXT,
        "rendition": _TEXT,
        "tier": _TEXT,
    },
    ReleaseClip: {
        "clip_id": _TEXT,
        "source_id": _TEXT,
        "group_id": _TEXT,
        "media_sha256": _DIGEST,
        "media_bytes": pa.int64(),
        "rendition": _TEXT,
        "duration_us": pa.int64(),
        "fps_num": pa.int32(),
        "fps_den": pa.int32(),
        "frame_count": pa.int32(),
        "width": pa.int16(),
        "height": pa.int16(),
        "vcodec": _TEXT,
        "acodec": _TEXT,
        "has_audio": pa.bool_(),
        "source_in_us": pa.int64(),
        "source_out_us": pa.int64(),
        "label_state": _TEXT,
        "n_annotators": pa.int16(),
        "tier": _TEXT,
        "added_in": _TEXT,
        "changed_in": _TEXT,
    },
    ReleaseVariant: {
        "clip_id": _TEXT,
        "asked": _TEXT,
        "rendition": _TEXT,
        "because": _TEXT,
        "recipe_version": pa.int32(),
        "recipe_sha256": _DIGEST,
        "made_from": _TEXT,
        "media_sha256": _DIGEST,
        "duration_us": pa.int64(),
        "fps_num": pa.int32(),
        "fps_den": pa.int32(),
        "frame_count": pa.int32(),
        "width": pa.int16(),
        "height": pa.int16(),
        "vcodec": _TEXT,
        "acodec": _TEXT,
        "transform": _TEXT,
        "tier": _TEXT,
    },
    ReleaseSegment: {
        "segment_id": _TEXT,
        "clip_id": _TEXT,
        "label": _TEXT,
        "taxonomy_version": _TEXT,
        "start_us": pa.int64(),
        "end_us": pa.int64(),
        "start_num": pa.int64(),
        "start_den": pa.int64(),
        "end_num": pa.int64(),
        "end_den": pa.int64(),
        "annotation_no": pa.int16(),
        "n_annotators": pa.int16(),
        "source": _TEXT,
        "onset_lo_us": pa.int64(),
        "onset_hi_us": pa.int64(),
        "adjudicated": pa.bool_(),
        "agreement": pa.float64(),
    },
    ReleaseChoice: {
        "clip_id": _TEXT,
        "question": _TEXT,
        "answer": _TEXT,
        "taxonomy_version": _TEXT,
        "annotation_no": pa.int16(),
        "n_annotators": pa.int16(),
        "source": _TEXT,
    },
}
_NULLABLE: Final = frozenset(
    {"acodec", "adjudicated", "agreement", "because", "made_from", "onset_hi_us", "onset_lo_us", "recipe_version"}
)
_ORDER: Final[Mapping[type, tuple[str, ...]]] = {
    ReleaseBlob: ("clip_id", "rendition"),
    ReleaseClip: ("clip_id",),
    ReleaseVariant: ("clip_id", "asked"),
    ReleaseSegment: ("clip_id", "annotation_no", "start_us", "end_us", "label", "segment_id"),
    ReleaseChoice: ("clip_id", "annotation_no", "question", "answer"),
}


def schema_of(kind: type) -> pa.Schema:
    """The columns of the table that holds rows of this kind."""
    return pa.schema([pa.field(name, of, nullable=name in _NULLABLE) for name, of in _COLUMNS[kind].items()])


def table_bytes(kind: type[Row], rows: Iterable[Row]) -> bytes:
    """The Parquet file that holds these rows; a table without rows has its columns all the same.

    Raises:
        ValueError: a value does not fit its column.
    """
    plain = [{name: _plain(getattr(row, name)) for name in _COLUMNS[kind]} for row in rows]
    plain.sort(key=lambda row: tuple(row[name] for name in _ORDER[kind]))
    schema = schema_of(kind)
    table = pa.Table.from_arrays(
        [_column(field, [row[field.name] for row in plain]) for field in schema], schema=schema
    )
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink, schema, compression="zstd", compression_level=_ZSTD_LEVEL, version="2.6", data_page_version="1.0"
    ) as writer:
        writer.write_table(table, row_group_size=ROWS_PER_GROUP)
    return sink.getvalue().to_pybytes()


def _column(field: "pa.Field[pa.DataType]", values: list[object]) -> "pa.Array[Any]":
    try:
        column: pa.Array[Any] = pa.array(values, type=field.type)
    except (pa.ArrowException, OverflowError) as exc:
        raise ValueError(f"column {field.name} ({field.type}): {exc}") from exc
    # Arrow rounds 1.5 to 1 without a word, and writes a null where the schema allows none.
    if column.to_pylist() != values or (column.null_count and not field.nullable):
        raise ValueError(f"column {field.name} ({field.type}): a value does not fit")
    return column


def _plain(value: object) -> object:
    if isinstance(value, Sha256):
        return value.raw
    return str(value) if isinstance(value, UUID | Version) else value


# A field without a column would silently be left out of every release.
for _kind, _columns in _COLUMNS.items():
    if [field.name for field in dataclasses.fields(_kind)] != list(_columns):
        raise TypeError(f"{_kind.__name__} and its table do not have the same columns")
