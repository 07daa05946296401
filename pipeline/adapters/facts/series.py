"""What did motion sensors and satellites say, sample by sample? Telemetry as lines of JSON, gzipped.

Each line is one sample, in the order of the file, and says when it was taken: milliseconds from the beginning of the
telemetry, which is the first frame. Runs within the walls, in the child that read the telemetry.

    {"position_ms": 5.06, "accelerometer_m_s2": [8.61, 0.47, 1.61], "gyroscope_deg_s": [-12.7, 4.1, -8.9]}
    {"position_ms": 0.0, "row": 0, "rows": 18, "latitude_deg": 33.1, "longitude_deg": -117.3, "altitude_m": 9.9, …}

A GoPro tells one time for a block of places; the place that is number `row` of the `rows` in a block has no time of its
own, and none is made up. Numbers are as telemetry-parser gives them.
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_SENSORS = {"accl": "accelerometer_m_s2", "gyro": "gyroscope_deg_s", "magn": "magnetometer_ut"}
"""telemetry-parser brings every make's samples to these units: https://github.com/AdrianEddy/telemetry-parser."""
_PLACE = ("latitude_deg", "longitude_deg", "altitude_m", "speed_m_s", "speed_3d_m_s")
"""The columns of GPS5, which GPS9 begins with: https://github.com/gopro/gpmf-parser#hero5-black-with-gps-enabled-adds."""


_NUMBER_MAX = 2**63


def write_series(path: str, blocks: Sequence[Mapping[str, Any]], motion: Sequence[Mapping[str, Any]]) -> int:
    """Write every sample into a file; how many there were. The same samples give the same bytes, none an empty file."""
    count = 0
    with Path(path).open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed:
        for line in _lines(blocks, motion):
            packed.write(json.dumps(line, allow_nan=False, separators=(",", ":")).encode() + b"\n")
            count += 1
    if count == 0:
        Path(path).write_bytes(b"")
    return count


def _lines(blocks: Sequence[Mapping[str, Any]], motion: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    for sample in motion:
        told = {name: list(sample[key]) for key, name in _SENSORS.items() if _are_numbers(sample.get(key))}
        if told and _are_numbers([sample.get("timestamp_ms")]):
            yield {"position_ms": sample["timestamp_ms"], **told}
    for block in blocks:
        said = block.get("GPS")
        if isinstance(said, Mapping):
            yield from _places(said)


def _places(said: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    rows, scales, at_us = said.get("Data"), said.get("Scale"), said.get("TimestampUs")
    if not isinstance(rows, list) or not isinstance(scales, list) or not _are_numbers(scales) or 0 in scales:
        return
    position_ms = at_us / 1000 if at_us is not None and _are_numbers([at_us]) else None
    for number, row in enumerate(rows):
        if isinstance(row, list) and len(row) == len(scales) and _are_numbers(row):
            values = [value / scale for value, scale in zip(row, scales, strict=True)]
            if _are_numbers(values):
                told = dict(zip(_PLACE, values, strict=False))
                yield {"position_ms": position_ms, "row": number, "rows": len(rows), **told}


def _are_numbers(said: object) -> bool:
    """Whether these are numbers, and such as a sensor can say: no others can be divided, or written in JSON."""
    if not isinstance(said, list | tuple):
        return False
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _NUMBER_MAX for value in said
    )
