"""What did the camera hand in, as far as its container and packets say?

Rules kept here:

* Times are exact seconds. Zero of a recording's timeline is the moment its first video frame is shown
  (`VideoFacts.start_s` on the container's own timeline).
* Clocks are claims: their text is kept as found, with the place it was found in, and never interpreted here.
* A keyframe counts only when it is a clean entry: nothing that follows it in the file is shown before it. The
  I-frames of an open GOP are not, because what follows them needs what came before.

Facts travel as plain JSON and come back equal. How the frame rate is chosen is in `frame_grid`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.timeline import Span

_QUARTER_TURNS_DEG = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True)
class ClockClaim:
    """What one clock in the container says, word for word."""

    source: str
    """Where it was found, for example `container:creation_time` or `stream 0:timecode`."""
    text: str


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """The sound that goes with the picture."""

    stream_index: int
    codec: str
    sample_rate_hz: int
    channels: int
    start_s: Fraction
    """On the container's timeline, like `VideoFacts.start_s`."""
    duration_s: Fraction
    """What the container claims; 0 where it claims nothing."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """The picture, as stored (width and height before any turning), and the constant grid it is shown on."""

    stream_index: int
    codec: str
    width_px: int
    height_px: int
    rotation_deg: int
    """How far to turn the stored picture clockwise so that it stands upright: 0, 90, 180 or 270."""
    pixel_aspect: Fraction
    """Width of a pixel over its height."""
    pixel_format: str
    frame_rate: Fraction
    """Frames a second of the grid that renditions and clips count on."""
    frame_count: int
    """Frames on that grid. For a constant rate: the frames of the source, each once."""
    is_variable_rate: bool
    time_base: Fraction
    """Seconds a tick of the stream's clock."""
    start_s: Fraction
    """When the first frame is shown, on the container's timeline: the zero of the recording's timeline."""
    packet_count: int
    """Packets whose frame is shown; what an edit list hides is not counted."""
    keyframes_s: tuple[Fraction, ...]
    """When each clean entry is shown, on the recording's timeline, ascending."""

    def __post_init__(self) -> None:
        if self.rotation_deg not in _QUARTER_TURNS_DEG:
            raise ValueError(f"rotation_deg: expected one of {_QUARTER_TURNS_DEG}, found {self.rotation_deg}")
        if self.frame_rate <= 0 or self.frame_count < 1 or self.pixel_aspect <= 0:
            raise ValueError(f"expected frames and a rate, found {self.frame_count} at {self.frame_rate}")

    @property
    def duration_s(self) -> Fraction:
        """Length of the recording's timeline: all frames of the grid."""
        return self.frame_count / self.frame_rate

    @property
    def span(self) -> Span:
        """The whole recording on its own timeline."""
        return Span(Fraction(0), self.duration_s)

    @property
    def keyframe_frames(self) -> tuple[int, ...]:
        """Clean entries as frames of the grid; none for a variable rate, whose frames are not those of the grid."""
        if self.is_variable_rate:
            return ()
        return tuple(int(at_s * self.frame_rate + Fraction(1, 2)) for at_s in self.keyframes_s)

    @property
    def upright_size_px(self) -> tuple[int, int]:
        """Width and height as a viewer sees them: square pixels, turned upright."""
        width_px = max(1, round(self.width_px * self.pixel_aspect))
        return (self.height_px, width_px) if self.rotation_deg in (90, 270) else (width_px, self.height_px)


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """Everything the probe found in one original."""

    container: str
    """The container's name as the probing tool spells it."""
    duration_s: Fraction
    """What the container claims for the whole; 0 where it claims nothing. `video.duration_s` is the measured one."""
    video: VideoFacts
    audio: AudioFacts | None
    clock_claims: tuple[ClockClaim, ...]
    other_streams: tuple[str, ...]
    """Streams that are neither the picture nor its sound: their kind, then the container's tag where it has one."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; fractions as "num/den"."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The facts that `to_json` wrote.

        Raises:
            ValueError: it is something else.
        """
        return from_plain(cls, data)
