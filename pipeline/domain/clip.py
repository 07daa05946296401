"""Where is a recording cut into clips?

Rules kept here:

* Clips tile: the first begins at frame 0, each begins where the one before ends, the last ends with the recording.
* Where the source has clean keyframes at most `keyframe_gop_max_s` apart, every cut lies on one, so that a clip can
  later be an excerpt of the original's own packets. Elsewhere cuts lie on the nearest frame.
* A break (something is lacking or doubled between two chapters) is always a cut: what lies on its two sides is planned
  as if it were two recordings.
* A tail shorter than the minimum stays with the clip before it. A recording shorter than the minimum is one clip.

A plan says which kind of cut it made and why. It is the same for the same facts on every machine.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from pipeline.domain.media import MediaFacts
from pipeline.domain.timeline import Span


@dataclass(frozen=True, slots=True)
class ClipPolicy:
    """How long clips should be."""

    stride_s: Fraction = Fraction(10)
    """The length to aim for. Body cameras do not cut, so there is no scene to follow."""
    minimum_s: Fraction = Fraction(3)
    """A shorter tail gives an annotator no context; it joins the clip before it."""
    keyframe_gop_max_s: Fraction = Fraction(2)
    """Cuts move to keyframes only where these are at most this far apart; else clip lengths would vary too much."""

    def __post_init__(self) -> None:
        if not 0 <= self.minimum_s <= self.stride_s or self.stride_s <= 0 or self.keyframe_gop_max_s < 0:
            raise ValueError(f"expected 0 <= minimum_s <= stride_s and 0 < stride_s, found {self}")


class CutKind(StrEnum):
    """What a cut lies on."""

    ON_KEYFRAMES = "on keyframes"
    BY_FRAME = "by frame"


@dataclass(frozen=True, slots=True)
class PlannedClip:
    """One clip to be cut: frames `[start_frame, end_frame)` of the rendition, counted from 0."""

    ordinal: int
    start_frame: int
    end_frame: int
    span: Span
    """The same, on the recording's timeline."""

    @property
    def frame_count(self) -> int:
        """How many frames the clip has."""
        return self.end_frame - self.start_frame


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """The clips of a recording, what their cuts lie on, and why."""

    clips: tuple[PlannedClip, ...]
    kind: CutKind
    reason: str

    @property
    def cut_frames(self) -> tuple[int, ...]:
        """Where each clip begins; the first is 0."""
        return tuple(clip.start_frame for clip in self.clips)


def plan_clips(*, facts: MediaFacts, policy: ClipPolicy, breaks: Sequence[int] = ()) -> ClipPlan:
    """Plan the clips of a recording from what the probe found.

    Args:
        facts: of the whole recording.
        policy: how long clips should be.
        breaks: frames, counted from 0 and ascending, that no clip may hold together with the frame before.
    """
    video = facts.video
    edges = [0, *breaks, video.frame_count]
    plans = [
        plan_cuts(
            frame_count=end - start,
            frame_rate=video.frame_rate,
            keyframe_frames=[frame - start for frame in video.keyframe_frames if start <= frame < end],
            policy=policy,
        )
        for start, end in pairwise(edges)
    ]
    if len(plans) == 1:
        return plans[0]
    cuts = [start + frame for start, plan in zip(edges, plans, strict=False) for frame in plan.cut_frames]
    kinds = {plan.kind for plan in plans}
    reason = "; ".join(dict.fromkeys(plan.reason for plan in plans))
    return ClipPlan(
        tile(cuts, video.frame_count, video.frame_rate),
        kinds.pop() if len(kinds) == 1 else CutKind.BY_FRAME,
        f"{reason}; and at {len(breaks)} breaks between chapters",
    )


def plan_cuts(
    *, frame_count: int, frame_rate: Fraction, keyframe_frames: Sequence[int], policy: ClipPolicy
) -> ClipPlan:
    """Plan the clips of so many frames.

    Args:
        frame_count: frames of the recording on its constant grid; at least 1.
        frame_rate: frames a second.
        keyframe_frames: clean entries of the source as frames of the grid, ascending.
        policy: how long clips should be.
    """
    kind, reason = _kind_of_cut(frame_count, frame_rate, keyframe_frames, policy)
    stride, minimum = policy.stride_s * frame_rate, policy.minimum_s * frame_rate
    cut_frames = [0]
    while (target := cut_frames[-1] + stride) < frame_count:
        if kind is CutKind.ON_KEYFRAMES:
            cut = _nearest_after(cut_frames[-1], target, keyframe_frames)
        else:
            cut = max(round(target), cut_frames[-1] + 1)
        if cut is None or cut >= frame_count or frame_count - cut < minimum:
            break
        cut_frames.append(cut)
    return ClipPlan(tile(cut_frames, frame_count, frame_rate), kind, reason)


def tile(cut_frames: Sequence[int], frame_count: int, frame_rate: Fraction) -> tuple[PlannedClip, ...]:
    """The clips that begin at these frames (the first at 0) and together hold all frames once."""
    edges = [*cut_frames, frame_count]
    if not cut_frames or cut_frames[0] != 0 or any(start >= end for start, end in pairwise(edges)):
        raise ValueError(f"expected cuts that ascend from 0 to below {frame_count}, found {list(cut_frames)[:20]}")
    return tuple(
        PlannedClip(ordinal, start, end, Span.of_frames(start, end, frame_rate))
        for ordinal, (start, end) in enumerate(pairwise(edges))
    )


def _kind_of_cut(
    frame_count: int, frame_rate: Fraction, keyframe_frames: Sequence[int], policy: ClipPolicy
) -> tuple[CutKind, str]:
    if not keyframe_frames:
        return CutKind.BY_FRAME, "the source has no keyframes that its frames can be counted from"
    if keyframe_frames[0] != 0:
        return CutKind.BY_FRAME, f"the source's first clean keyframe is frame {keyframe_frames[0]}, not its first frame"
    gap_s = max(end - start for start, end in pairwise([*keyframe_frames, frame_count])) / frame_rate
    limit_s = policy.keyframe_gop_max_s
    found = f"the source's clean keyframes are up to {float(gap_s):.3f} s apart"
    if gap_s > limit_s:
        return CutKind.BY_FRAME, f"{found}, more than {float(limit_s):g} s"
    return CutKind.ON_KEYFRAMES, f"{found}, at most {float(limit_s):g} s"


def _nearest_after(start: int, target: Fraction, keyframe_frames: Sequence[int]) -> int | None:
    """The keyframe after `start` that is nearest to `target`, the earlier of two; `None` when there is none."""
    at = bisect_left(keyframe_frames, target)
    near = [frame for frame in keyframe_frames[max(0, at - 1) : at + 1] if frame > start]
    return min(near, key=lambda frame: (abs(frame - target), frame)) if near else None
