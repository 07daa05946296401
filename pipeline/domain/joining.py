"""How does one chapter of a recording follow the other, and what are they together?

Rules kept here:

* Chapters are shown one after the other without a pause: frame counts add up, and a chapter begins where the one before
  ends. How much real time lies between is told beside it, as a `Join`; no frame is made up for it.
* That time is measured, never assumed: by timecode (to the frame), else by satellites, else by the container's clock. A
  clock that says both files began at the same moment tells of the recording, not of its files, and is not believed.
* Where nothing tells, the gap is unknown and the chapters are taken as contiguous, which is how cameras mean them.
* A chapter fits the one before when the same settings of the same camera can have made both.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate

from pipeline.domain.media import MediaFacts, VideoFacts

SATELLITE_UNCERTAINTY_S = Fraction(2)
"""Two readings, each right to a second."""
CLOCK_UNCERTAINTY_S = Fraction(2)
"""Two readings of one clock that tells whole seconds, each written about when a file was opened."""

_DAY_S = 24 * 3600
_TIMECODE = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2,3})")
_DROPPED_A_MINUTE = Fraction(2, 30)
"""Drop-frame timecode leaves out this part of the frame numbers a second, each minute but every tenth (SMPTE 12M)."""
_ALIKE = ("codec", "width_px", "height_px", "rotation_deg", "pixel_aspect", "pixel_format", "frame_rate", "time_base")


@dataclass(frozen=True, slots=True)
class Join:
    """What lies between a chapter and the one shown before it."""

    gap_s: Fraction | None
    """Real time from the end of the one to the beginning of the other; negative where they overlap; `None`: unknown."""
    uncertainty_s: Fraction
    """How far the true gap may be from it, to either side."""
    missing: int
    """How many chapters between them never came."""
    because: str

    @property
    def is_broken(self) -> bool:
        """Whether something is known to be lacking or doubled here, so that no clip should show both sides."""
        return self.missing > 0 or (self.gap_s is not None and abs(self.gap_s) > self.uncertainty_s)


def why_not_alike(before: MediaFacts, after: MediaFacts) -> str | None:
    """Why two files cannot be chapters of one recording; `None` when they can."""
    for name in _ALIKE:
        one, other = getattr(before.video, name), getattr(after.video, name)
        if one != other:
            return f"{name.replace('_', ' ')}: expected {one}, found {other}"
    return None


def measure_join(
    before: MediaFacts,
    after: MediaFacts,
    *,
    missing: int = 0,
    satellites: tuple[datetime | None, datetime | None] = (None, None),
) -> Join:
    """Measure the real time between two chapters.

    Args:
        before: facts of the chapter that ends.
        after: facts of the one that begins.
        missing: chapters between them that never came.
        satellites: when each began by satellite time, where that is known.
    """
    length_s = before.video.duration_s
    frame_s = 1 / before.video.frame_rate
    doubts: list[str] = []
    for what, begun_s, uncertainty_s in (
        ("timecode", _between_timecodes(before, after), frame_s),
        ("satellite time", _between(*satellites), SATELLITE_UNCERTAINTY_S),
        ("the container's clock", _between(created_at(before), created_at(after)), CLOCK_UNCERTAINTY_S),
    ):
        if begun_s is None:
            continue
        gap_s = begun_s - length_s
        if 2 * begun_s < length_s:
            doubts.append(f"by {what} the second began {float(begun_s):.3f} s after the first, which is too soon")
            continue
        return Join(gap_s, uncertainty_s, missing, _told(gap_s, uncertainty_s, missing, what))
    lacking = "; ".join(doubts) or "neither timecode nor satellites nor a clock is in both"
    if missing:
        return Join(None, Fraction(0), missing, f"a gap of unknown length, {_chapters(missing)} missing: {lacking}")
    return Join(None, Fraction(0), 0, f"unknown, taken as contiguous: {lacking}")


def join_facts(chapters: Sequence[MediaFacts]) -> MediaFacts:
    """The facts of the recording that these chapters are, shown one after the other; of one, its own.

    Words (clocks, other streams, container) are those of the first.
    """
    first = chapters[0]
    starts = start_frames([chapter.video for chapter in chapters])
    rate = first.video.frame_rate
    video = replace(
        first.video,
        frame_count=sum(chapter.video.frame_count for chapter in chapters),
        packet_count=sum(chapter.video.packet_count for chapter in chapters),
        is_variable_rate=any(chapter.video.is_variable_rate for chapter in chapters),
        keyframes_s=tuple(
            at_s + start / rate
            for start, chapter in zip(starts, chapters, strict=True)
            for at_s in chapter.video.keyframes_s
        ),
    )
    audio = next((chapter.audio for chapter in chapters if chapter.audio is not None), None)
    return replace(first, duration_s=sum((one.duration_s for one in chapters), Fraction(0)), video=video, audio=audio)


def start_frames(chapters: Sequence[VideoFacts]) -> tuple[int, ...]:
    """At which frame of the recording each chapter begins; the first at 0."""
    return tuple(accumulate((video.frame_count for video in chapters[:-1]), initial=0))


def _told(gap_s: Fraction, uncertainty_s: Fraction, missing: int, what: str) -> str:
    within = f"give or take {float(uncertainty_s):.3f} s, by {what}"
    told = f", {_chapters(missing)} missing" if missing else ""
    if abs(gap_s) <= uncertainty_s:
        return f"contiguous, {within}{told}"
    return f"{'a gap' if gap_s > 0 else 'an overlap'} of {float(abs(gap_s)):.3f} s, {within}{told}"


def _chapters(count: int) -> str:
    return "1 chapter" if count == 1 else f"{count} chapters"


def _between(before: datetime | None, after: datetime | None) -> Fraction | None:
    """Seconds from one moment to the other; `None` where one is not known."""
    if before is None or after is None:
        return None
    return Fraction((after - before) // timedelta(microseconds=1), 10**6)


def created_at(facts: MediaFacts) -> datetime | None:
    """When the container says that it was begun; `None` where it says nothing that is a moment."""
    for claim in facts.clock_claims:
        if claim.source == "container:creation_time":
            return _moment(claim.text)
    return None


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _between_timecodes(before: MediaFacts, after: MediaFacts) -> Fraction | None:
    """Seconds from one file's first timecode to the other's, within half a day; `None` where one has none."""
    rate = before.video.frame_rate
    first, second = _first_timecode(before), _first_timecode(after)
    if first is None or second is None:
        return None
    day = _frames_a_day(rate, is_dropping=first[1])
    frames = (second[0] - first[0] + day // 2) % day - day // 2
    return frames / rate


def _first_timecode(facts: MediaFacts) -> tuple[int, bool] | None:
    """The timecode of the first frame as a count of frames since midnight, and whether it drops numbers."""
    for claim in facts.clock_claims:
        found = _TIMECODE.fullmatch(claim.text.strip()) if claim.source.endswith(":timecode") else None
        if found:
            hours, minutes, seconds, frames = (int(found[group]) for group in (1, 2, 3, 5))
            nominal = round(facts.video.frame_rate)
            is_dropping = found[4] != ":" and nominal % 30 == 0
            count = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
            if is_dropping:
                whole_minutes = hours * 60 + minutes
                count -= int(nominal * _DROPPED_A_MINUTE) * (whole_minutes - whole_minutes // 10)
            return count, is_dropping
    return None


def _frames_a_day(rate: Fraction, *, is_dropping: bool) -> int:
    nominal = round(rate)
    minutes = _DAY_S // 60
    dropped = int(nominal * _DROPPED_A_MINUTE) * (minutes - minutes // 10) if is_dropping else 0
    return max(1, nominal * _DAY_S - dropped)
