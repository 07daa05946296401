"""Where in a recording is this, exactly?

Rules kept here:

* A span is half-open, `[start_s, end_s)`, in exact seconds (`Fraction`) on the recording's timeline, whose zero is
  the presentation time of the first video frame.
* Frame numbers are derived from seconds and a frame rate, never the other way round as identity.
* Label Studio counts frames from 1 and includes both ends: onset = (start - 1) / fps, offset = end / fps.

This file knows nothing of clips, files or clocks on walls.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open interval `[start_s, end_s)` in exact seconds on a recording's timeline."""

    start_s: Fraction
    end_s: Fraction

    def __post_init__(self) -> None:
        if self.start_s < 0 or self.end_s <= self.start_s:
            raise ValueError(f"a span needs 0 <= start < end, found [{self.start_s}, {self.end_s})")

    @property
    def duration_s(self) -> Fraction:
        """Length in exact seconds."""
        return self.end_s - self.start_s

    def overlaps(self, other: Self) -> bool:
        """Whether the two share any moment; spans that only touch do not."""
        return self.start_s < other.end_s and other.start_s < self.end_s

    def shifted(self, by_s: Fraction) -> "Span":
        """The same length, `by_s` seconds later (or earlier when negative)."""
        return Span(self.start_s + by_s, self.end_s + by_s)

    def clamped(self, within: Self) -> "Span | None":
        """The part of this span inside another; `None` when there is none."""
        start_s, end_s = max(self.start_s, within.start_s), min(self.end_s, within.end_s)
        return Span(start_s, end_s) if start_s < end_s else None

    @classmethod
    def of_frames(cls, start_frame: int, end_frame: int, frame_rate: Fraction) -> Self:
        """The span of frames `[start_frame, end_frame)`, counted from 0, at a constant rate in frames a second."""
        return cls(start_frame / frame_rate, end_frame / frame_rate)

    @classmethod
    def of_label_studio_range(cls, start: int, end: int, frame_rate: Fraction) -> Self:
        """The span of a Label Studio range: frames counted from 1, both ends included."""
        return cls(Fraction(start - 1) / frame_rate, Fraction(end) / frame_rate)

    def to_label_studio_range(self, frame_rate: Fraction) -> tuple[int, int]:
        """The smallest Label Studio range, `(start, end)` from 1 and inclusive, that covers this span."""
        start = int(self.start_s * frame_rate) + 1
        end = -int(-self.end_s * frame_rate // 1)
        return start, max(start, end)
