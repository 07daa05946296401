"""Which parts of a recording are placed, each as a whole?

A recording whose chapters follow one another without a break is one stretch. Where time is known to be lacking between
two chapters, the recording's timeline jumps: what comes after the break is a stretch of its own, with a clock that
knows of the gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from pipeline.domain.clock import ClockSource, CorrectedStart
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Chapter, Recording
from pipeline.domain.ids import CameraSerial, RecordingId
from pipeline.domain.timeline import Span

CHAPTER_MAX_S = Fraction(3600)
"""How long a chapter that never came may have been: cameras split at 4 GB, some later."""


@dataclass(frozen=True, slots=True, order=True)
class StretchKey:
    """A stretch by its recording and its number in it, counted from 0."""

    recording_id: RecordingId
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class StretchClock:
    """When moment 0 of a recording was, as the clocks tell, for one of its stretches."""

    start_at: datetime
    uncertainty_s: Fraction
    source: ClockSource
    because: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording in which no time is lacking, with all that it can be placed by."""

    key: StretchKey
    span: Span
    camera_serial: CameraSerial
    clock: StretchClock
    sound: Sha256 | None
    """The digest of its recording's sound; `None` when there is none."""
    gap_s: Fraction | None = None
    """Real time since the stretch before it in the same recording, where that is known."""
    gap_uncertainty_s: Fraction = Fraction(0)


def stretches_of(
    recording: Recording, chapters: Sequence[Chapter], start: CorrectedStart, sound: Sha256 | None
) -> list[Stretch]:
    """The stretches of a recording in order; one, when nothing lacks.

    Args:
        recording: the recording.
        chapters: its files in order.
        start: when it began.
        sound: the digest of its sound.
    """
    breaks = [part for part in chapters if part.join is not None and part.join.is_broken]
    edges = [Fraction(0), *(part.start_frame / recording.frame_rate for part in breaks), recording.duration_s]
    late_s, doubt_s = Fraction(0), start.uncertainty_s
    found = []
    for ordinal, part in enumerate([None, *breaks]):
        join = part.join if part is not None else None
        if join is not None:
            late_s += join.gap_s or 0
            doubt_s += join.uncertainty_s if join.gap_s is not None else join.missing * CHAPTER_MAX_S
        found.append(
            Stretch(
                key=StretchKey(recording.recording_id, ordinal),
                span=Span(edges[ordinal], edges[ordinal + 1]),
                camera_serial=recording.camera_serial,
                clock=StretchClock(
                    start.start_at + timedelta(microseconds=round(late_s * 1_000_000)),
                    doubt_s,
                    start.source,
                    start.because,
                ),
                sound=sound,
                gap_s=join.gap_s if join is not None else None,
                gap_uncertainty_s=join.uncertainty_s if join is not None else Fraction(0),
            )
        )
    return found
