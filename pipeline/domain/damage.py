"""Which parts of a damaged recording may still be trusted?

Rules kept here:

* A frame is lost when its packet is there and no frame comes of it under strict decoding, which drops a frame rather
  than guess at it.
* A lost frame spoils what is predicted from it: every frame up to the next clean keyframe, and the frames that a
  decoder may hold back before it shows them (16 at most, in every codec that cameras write).
* Damage in the sound is told apart: the picture may be whole where the sound is not.
* Where strict decoding failed and neither frame nor sound is lost (damage between frames), nobody can say where the
  damage is: all of it counts as damaged. Except a file that merely ends early: what is there is good.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.domain.timeline import Span

_HELD_BACK_FRAMES = 16
"""ITU-T H.264, A.3.1 (max_dec_frame_buffering), and as many in H.265: what reordering can span."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with a recording."""

    cause: str
    """What strict decoding said."""
    frames: int
    """How many frames the recording should have."""
    frames_lost: int
    spans: tuple[Span, ...]
    """Where it shows something else than was filmed, in order, on the recording's timeline."""
    reason: str
    """Why these spans."""
    sound_spans: tuple[Span, ...] = ()
    """Where the sound is lost, in order, on the recording's timeline."""

    def touches(self, span: Span) -> bool:
        """Whether anything within this span cannot be trusted."""
        return self.part_within(span) is not None

    def part_within(self, span: Span) -> str | None:
        """What cannot be trusted within this span: `picture`, `sound` or `picture and sound`; `None` where all can."""
        parts = {"picture": self.spans, "sound": self.sound_spans}
        return " and ".join(name for name, bad in parts.items() if any(one.overlaps(span) for one in bad)) or None

    @property
    def summary(self) -> str:
        """One line for people."""
        damaged_s, sound_s = (
            float(sum(span.end_s - span.start_s for span in spans)) for spans in (self.spans, self.sound_spans)
        )
        if self.sound_spans and not self.spans:
            return f"the picture is whole, {sound_s:.3f} s of the sound lost"
        sound = f", {sound_s:.3f} s of the sound lost" if self.sound_spans else ""
        return f"{self.frames_lost} of {self.frames} frames lost, {damaged_s:.3f} s damaged{sound}"


@dataclass(frozen=True, slots=True)
class DecodedFrames:
    """What strict decoding made of a recording, in frames of its grid."""

    expected: frozenset[int]
    """Frames that have a packet."""
    decoded: frozenset[int]
    ends_early: bool
    """Whether the container lists media that is not there."""
    lost_sound: tuple[Span, ...] = ()
    """Where no sound decodes although there is some, on the recording's timeline."""


def judge_damage(
    survey: DecodedFrames, *, cause: str, frame_count: int, frame_rate: Fraction, entries: Sequence[int]
) -> Damage:
    """Say which spans of a recording are damaged.

    Args:
        survey: what decoded.
        cause: what strict decoding said.
        frame_count: frames of the grid.
        frame_rate: frames a second of the grid.
        entries: clean keyframes as frames of the grid, ascending.
    """
    lost = sorted(survey.expected - survey.decoded)
    if lost:
        spans = _spoilt(lost, frame_count, entries)
        reason = "from each lost frame, and the 16 before it that may be shown after it, to the next clean keyframe"
    elif survey.lost_sound:
        spans, reason = [], "every frame decodes; packets of the sound do not, and each spoils the next"
    elif survey.ends_early:
        spans, reason = [], "it ends before its index says; every frame that is there decodes"
    else:
        spans, reason = [(0, frame_count)], "every frame decodes, so the damage is somewhere that cannot be told"
    return Damage(
        cause=cause,
        frames=frame_count,
        frames_lost=len(lost),
        spans=tuple(Span.of_frames(start, end, frame_rate) for start, end in spans),
        reason=reason,
        sound_spans=survey.lost_sound,
    )


def _spoilt(lost: Collection[int], frame_count: int, entries: Sequence[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for frame in lost:
        after = bisect_right(entries, frame)
        start, end = max(0, frame - _HELD_BACK_FRAMES), entries[after] if after < len(entries) else frame_count
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans
