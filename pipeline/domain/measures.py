"""What was measured on a recording while it was rendered?

Series of numbers, each with its own rate; sample k belongs to the moment k / rate of the recording's timeline. They are
kept as they were measured: what they mean (black, frozen, blurred, shaken, silent) is a rule of `quality`, which may
change without anything being decoded again.

Every number is a whole number of thousandths, so that the same footage gives the same bytes. Luma is 0 to 255 as stored
(16 is black, 235 white).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from pipeline.domain.plain import from_plain, to_plain

SCHEMA = 1

Thousandths = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """Of the small picture."""

    per_s: Fraction
    luma_mean: Thousandths
    luma_low: Thousandths
    """What a tenth of the pixels lie below."""
    luma_high: Thousandths
    """What a tenth of the pixels lie above."""
    change: Thousandths
    """Mean difference of luma to the sample before; 0 for the first of a chunk."""
    scene: Thousandths
    """How much more it changed than samples around do: 0 to 100, by ffmpeg's `scdet`."""
    blur: Thousandths
    """Width of edges in pixels of a picture 180 lines high, by ffmpeg's `blurdetect`; 0 where there are none."""


@dataclass(frozen=True, slots=True)
class MotionMeasures:
    """Of grey pictures, 64 by 64."""

    per_s: Fraction
    shift: Thousandths
    """How far the picture moved since the sample before, as a share of its width."""
    flat: Thousandths
    """The share of 8 by 8 fields in which nothing is to be seen."""


@dataclass(frozen=True, slots=True)
class SoundMeasures:
    """Of the sound."""

    per_s: Fraction
    loudness_lufs: Thousandths
    """Momentary loudness (EBU R 128: of the 400 ms before); -120.691 is nothing at all."""
    integrated_lufs: int
    """Of the whole recording, in thousandths; -70 where nothing is loud enough to count."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything that was measured on one recording."""

    picture: PictureMeasures
    motion: MotionMeasures
    sound: SoundMeasures | None
    """`None` where there is no sound."""

    def to_bytes(self) -> bytes:
        """Canonical JSON: the same measures, the same bytes."""
        return json.dumps({"schema": SCHEMA, **to_plain(self)}, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The measures that `to_bytes` wrote.

        Raises:
            ValueError: it is something else, or of a newer form than this code knows.
        """
        said = json.loads(data)
        if not isinstance(said, Mapping) or said.get("schema") != SCHEMA:
            raise ValueError(f"expected measures of schema {SCHEMA}, found something else")
        return from_plain(cls, {name: value for name, value in said.items() if name != "schema"})
