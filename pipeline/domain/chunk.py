"""Which stretches of a recording can be encoded on their own, side by side?

A long recording would keep one core busy for hours and the others idle. Rules kept here:

* Chunks tile the recording. None holds frames of two files.
* A chunk begins where a clip begins and where the source has a clean keyframe: nothing is decoded twice, and every
  clip lies in one chunk.
* Where reading cannot begin in the middle (a variable rate, damage, a container without an index), a file is one chunk.
* Chunks follow from the facts, the recipe and the cuts alone, never from the machine: the same bytes everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil

from pipeline.domain.media import MediaFacts, VideoFacts

_INDEXED = frozenset({"mov", "matroska"})
"""Containers that tell where each keyframe lies, by the first of the names that probing tools give them."""

_NOT_WORTH_ANOTHER = Fraction(1, 10)
"""Of a chunk's length. Two minutes at 30000/1001 are a little more than 120 s, and no reason for a third."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames `[start_frame, end_frame)` of a recording, counted from 0, all in one of its files."""

    number: int
    file: int
    """Which file of the recording, counted from 0."""
    file_start_frame: int
    """The frame of the recording that is the file's first."""
    start_frame: int
    end_frame: int
    from_s: Fraction | None = None
    """When its first frame is shown, on the file's own timeline; `None` from the file's beginning on."""
    to_s: Fraction | None = None
    """When the first frame after it is shown; `None` to the file's end."""

    @property
    def frame_count(self) -> int:
        """How many frames it has."""
        return self.end_frame - self.start_frame

    @property
    def is_whole_file(self) -> bool:
        """Whether nothing of its file lies outside."""
        return self.from_s is None and self.to_s is None

    def local(self, frames: Sequence[int]) -> list[int]:
        """Those of these frames of the recording that lie in it, counted from its own first frame."""
        return [frame - self.start_frame for frame in frames if self.start_frame <= frame < self.end_frame]


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """The chunks of a recording, and why they are these."""

    chunks: tuple[Chunk, ...]
    reason: str


def plan_chunks(
    files: Sequence[MediaFacts], *, cut_frames: Sequence[int], longest_s: Fraction, is_damaged: bool = False
) -> ChunkPlan:
    """Plan the chunks of a recording.

    Args:
        files: the facts of each of its files, in order.
        cut_frames: frames of the recording at which clips begin.
        longest_s: how long a chunk should be; a tenth more is allowed, and the next clip's beginning may lie beyond.
        is_damaged: whether frames may be lost.
    """
    starts = [0, *accumulate(facts.video.frame_count for facts in files)]
    chunks: list[Chunk] = []
    reasons: list[str] = []
    for file, facts in enumerate(files):
        cuts = [cut - starts[file] for cut in cut_frames if starts[file] < cut < starts[file + 1]]
        edges, reason = _edges(facts, cuts, longest_s, is_damaged=is_damaged)
        reasons.append(reason)
        times = dict(zip(facts.video.keyframe_frames, facts.video.keyframes_s, strict=False))
        for start, end in pairwise(edges):
            chunks.append(
                Chunk(
                    number=len(chunks),
                    file=file,
                    file_start_frame=starts[file],
                    start_frame=starts[file] + start,
                    end_frame=starts[file] + end,
                    from_s=times[start] if start else None,
                    to_s=times[end] if end < facts.video.frame_count else None,
                )
            )
    return ChunkPlan(tuple(chunks), "; ".join(dict.fromkeys(reasons)))


def _edges(facts: MediaFacts, cuts: Sequence[int], longest_s: Fraction, *, is_damaged: bool) -> tuple[list[int], str]:
    """Where chunks of one file begin, in its own frames, then its end; and why."""
    video = facts.video
    whole = [0, video.frame_count]
    if is_damaged:
        return whole, "one chunk a file: it is damaged"
    if video.is_variable_rate:
        return whole, "one chunk a file: its rate varies"
    if facts.container.partition(",")[0] not in _INDEXED:
        return whole, f"one chunk a file: {facts.container} has no index"
    at_keyframes = sorted(set(cuts) & _seekable(video))
    count = ceil(video.duration_s / longest_s - _NOT_WORTH_ANOTHER)
    if count <= 1 or not at_keyframes:
        return whole, "one chunk a file: it is short, or no clip begins at a keyframe"
    near = {_nearest(at_keyframes, Fraction(video.frame_count * number, count)) for number in range(1, count)}
    return [0, *sorted(near), video.frame_count], f"chunks of about {float(longest_s):g} s, on keyframes"


def _nearest(cuts: Sequence[int], ideal: Fraction) -> int:
    return min(cuts, key=lambda cut: (abs(cut - ideal), cut))


def _seekable(video: VideoFacts) -> set[int]:
    """Frames that are clean keyframes of their own: of two that share a place on the grid, neither is."""
    frames = video.keyframe_frames
    return set(frames) if len(set(frames)) == len(frames) else set()
