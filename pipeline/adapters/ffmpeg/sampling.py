"""Which frames of a recording are looked at, when it is looked at so many times a second?

By their number, never by a clock that begins anew in each chunk: a recording that is encoded in chunks is looked at
where one that is encoded whole would be. Sample k belongs to the moment k / per_s; it is the first frame that is not
before it, and where frames are rarer than samples, the frame that is shown then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor


@dataclass(frozen=True, slots=True)
class Sampling:
    """So many looks a second at frames of a constant rate."""

    per_s: Fraction
    frame_rate: Fraction

    def expression(self, first_frame: int) -> str:
        """For ffmpeg's `select`, whose frame `n` is frame `first_frame + n` of the recording: is it looked at?

        Whole numbers far below 2**53, so that ffmpeg's doubles do not round.
        """
        step = self.per_s / self.frame_rate
        here, before = (f"floor((n+{first_frame - back})*{step.numerator}/{step.denominator})" for back in (0, 1))
        return f"gt({here},{before})"

    def frames(self, frame_count: int) -> Iterator[int]:
        """The frame of each sample of a recording of so many frames, in order; one may be several samples."""
        step = self.frame_rate / self.per_s
        place = ceil if step >= 1 else floor
        sample = 0
        while (frame := place(sample * step)) < frame_count:
            yield frame
            sample += 1

    def repeats(self, frame_count: int) -> Iterator[int]:
        """How many samples each looked-at frame is, in order."""
        last, times = -1, 0
        for frame in self.frames(frame_count):
            if frame != last and times:
                yield times
                times = 0
            last, times = frame, times + 1
        if times:
            yield times
