"""Where are the labels of a release in one of its variants?

Labels are told on the clip as it was filmed. `tables/variants.parquet` says of each file of a clip what was done to it;
with that, every event is found again: exactly, or known not to be visible. Boxes and other places are carried over by
the same transforms: `transforms_of(...)[clip_id].picture`.
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.domain.plain import from_plain
from pipeline.domain.timeline import Span
from pipeline.domain.transform import Transform
from pipeline.errors import CustodyError, UsageError

_VARIANTS = "tables/variants.parquet"
_SEGMENTS = "tables/segments.parquet"


@dataclass(frozen=True, slots=True)
class CarriedSegment:
    """One event, in one file of its clip."""

    segment_id: UUID
    clip_id: UUID
    label: str
    span: Span | None
    """In seconds from the file's first frame; `None` where nothing of it is visible there."""
    media_sha256: str
    """Which file: `blobs/sha256/ab/<media_sha256>.mp4`."""
    annotation_no: int
    """0 for what counts, from 1 on for what each annotator said."""


def transforms_of(folder: Path, rendition: str) -> dict[UUID, Transform]:
    """What was done to each clip of a pulled release in its files of this rendition.

    Args:
        folder: of one version, such as `./data/attack-early/1.0.0`.
        rendition: such as `livestream-360p`.

    Raises:
        UsageError: the release has no such rendition, or there is no such release.
        CustodyError: its table is not what a release holds.
    """
    return {clip_id: transform for clip_id, (transform, _) in _read(folder, rendition).items()}


def carry_segments(folder: Path, rendition: str) -> list[CarriedSegment]:
    """Every event of a pulled release where it is in the files of a rendition, in the order of the release's table.

    Raises:
        UsageError: as `transforms_of`.
        CustodyError: as there.
    """
    done = _read(folder, rendition)
    found = []
    at = ["start_num", "start_den", "end_num", "end_den"]
    for row in _rows(folder / _SEGMENTS, ["segment_id", "clip_id", "label", *at, "annotation_no"]):
        clip_id = UUID(row["clip_id"])
        if clip_id not in done:
            continue
        transform, digest = done[clip_id]
        span = Span(Fraction(row["start_num"], row["start_den"]), Fraction(row["end_num"], row["end_den"]))
        there = transform.time.span_to_variant(span)
        named = UUID(row["segment_id"])
        found.append(CarriedSegment(named, clip_id, row["label"], there, digest, row["annotation_no"]))
    return found


def _read(folder: Path, rendition: str) -> dict[UUID, tuple[Transform, str]]:
    path = folder / _VARIANTS
    if folder.is_dir() and not path.exists():
        raise UsageError(f"{folder} was released before there were variants: labels are those of its only files")
    rows = _rows(path, ["clip_id", "rendition", "transform", "media_sha256"])
    try:
        found = {
            UUID(row["clip_id"]): (from_plain(Transform, json.loads(row["transform"])), row["media_sha256"].hex())
            for row in rows
            if row["rendition"] == rendition
        }
    except (ValueError, TypeError) as exc:
        raise CustodyError(f"{path} is not a table of variants: {exc}") from exc
    if not found:
        there = ", ".join(sorted({str(row["rendition"]) for row in rows})) or "none"
        raise UsageError(f"{folder} has no rendition {rendition!r:.80}; there are: {there}")
    return found


def _rows(path: Path, columns: list[str]) -> list[dict[str, Any]]:
    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns=columns).to_pylist()
    except FileNotFoundError as exc:
        raise UsageError(f"{path} is not there: expected the folder of a pulled version") from exc
    except (pa.ArrowException, OSError) as exc:
        raise CustodyError(f"{path} cannot be read: {exc}") from exc
