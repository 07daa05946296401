"""What does a container claim of each of its streams, whether or not it is picture or sound?"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class ColourFacts:
    """How stored numbers are colours, in ffmpeg's words; `None` where nothing is said."""

    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    range: str | None = None
    """`tv` for limited, `pc` for full."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream of a container, in the order of the file; picture and sound are among them."""

    index: int
    kind: str
    """`video`, `audio`, `subtitle`, `data`, `attachment` or `unknown`."""
    codec: str | None
    tag: str | None
    """The container's four letters, where they are letters."""
    start_s: Fraction | None
    """When it begins, on the container's timeline."""
    duration_s: Fraction | None
    """What the container claims."""
    bit_rate_bps: int | None = None


@dataclass(frozen=True, slots=True)
class TimecodeFacts:
    """A timecode track (QuickTime `tmcd`), or a timecode that is told of the picture."""

    stream_index: int
    first: str
    """Of the first frame, `HH:MM:SS:FF`; before the frames stands `;` where numbers are dropped."""
    frame_rate: Fraction | None
    """Frames a second that it counts."""
    is_drop_frame: bool
