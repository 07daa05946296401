"""What did the camera hand in, as far as its container and packets say?

Rules kept here:

* Times are exact seconds. Zero of a recording's timeline is the moment its first video frame is shown
  (`VideoFacts.start_s` on the container's own timeline).
* Clocks are claims: their text is kept as found, with the place it was found in, and never interpreted here.
* A keyframe counts only when it is a clean entry: nothing that follows it in the file is shown before it. The
  I-frames of an open GOP are not, because what follows them needs what came before.

Facts travel as plain JSON with the number of their form (`SCHEMA`) and come back equal; what an older Firsthand wrote
is read as well, with nothing where it had not asked. How the frame rate is chosen is in `frame_grid`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from pipeline.domain.media_stream import ColourFacts, StreamFacts, TimecodeFacts
from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.timeline import Span

SCHEMA = 3
"""Form 1 was written without a number; form 2 knows more of each stream; form 3 digests tags that are cut."""

_NO_COLOUR = ColourFacts()
_QUARTER_TURNS_DEG = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True)
class ClockClaim:
    """What one clock in the container says, word for word."""

    source: str
    """Where it was found, for example `container:creation_time` or `stream 0:timecode`."""
    text: str


@dataclass(frozen=True, slots=True)
class CutTag:
    """A tag of which only the beginning is kept as a claim."""

    source: str
    """As in `ClockClaim`."""
    length: int
    """Characters of the whole."""
    sha256: str
    """Of the whole, in UTF-8."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Black bars around a picture, each as a share of its width or height."""

    left: Fraction = Fraction(0)
    top: Fraction = Fraction(0)
    right: Fraction = Fraction(0)
    bottom: Fraction = Fraction(0)


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
    codec_profile: str | None = None
    channel_layout: str | None = None
    bit_rate_bps: int | None = None
    """What the container claims."""


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
    codec_profile: str | None = None
    codec_level: int | None = None
    """As the codec counts: 42 is H.264's 4.2, 93 is HEVC's 3.1."""
    bit_rate_bps: int | None = None
    """What the container claims."""
    average_rate: Fraction | None = None
    """Frames a second by the container's own sum; `frame_rate` is the measured one."""
    field_order: str | None = None
    """`progressive`, or in which order half-pictures are shown: `tt`, `bb`, `tb`, `bt`."""
    colour: ColourFacts = _NO_COLOUR
    hidden_packet_count: int = 0
    """Packets that an edit list hides; `hidden_s` is how long they would be shown."""
    hidden_s: Fraction = Fraction(0)

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
    more_audio: tuple[AudioFacts, ...] = ()
    """Sound beside `audio`, such as a second microphone; renditions carry `audio` alone."""
    streams: tuple[StreamFacts, ...] = ()
    """All of them; empty where an older Firsthand did not ask."""
    timecodes: tuple[TimecodeFacts, ...] = ()
    bit_rate_bps: int | None = None
    """What the container claims for the whole."""
    cut_tags: tuple[CutTag, ...] = ()
    """Tags that are longer than what is kept of them."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; fractions as "num/den"."""
        return {"schema": SCHEMA, **to_plain(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The facts that `to_json` wrote, now or in an older form.

        Raises:
            ValueError: it is something else, or of a newer form than this code knows.
        """
        said = dict(data)
        schema = said.pop("schema", 1)
        if schema in {1, 2}:
            said = {"cut_tags": [], **(_from_form_1(said) if schema == 1 else said)}
        elif schema != SCHEMA:
            raise ValueError(f"MediaFacts: expected a schema up to {SCHEMA}, found {schema!r:.40}: Firsthand is older")
        return from_plain(cls, said)


_ADDED_IN_2: Mapping[str, Mapping[str, Any]] = {
    "video": {
        "codec_profile": None,
        "codec_level": None,
        "bit_rate_bps": None,
        "average_rate": None,
        "field_order": None,
        "colour": {"primaries": None, "transfer": None, "matrix": None, "range": None},
        "hidden_packet_count": 0,
        "hidden_s": "0/1",
    },
    "audio": {"codec_profile": None, "channel_layout": None, "bit_rate_bps": None},
    "media": {"more_audio": [], "streams": [], "timecodes": [], "bit_rate_bps": None},
}
"""What form 2 has more, written out: what the classes say by default may change, what form 1 meant does not."""


def _from_form_1(said: Mapping[str, Any]) -> dict[str, Any]:
    """Form 1 as form 2. Fields that form 1 did not have stay where they are, to be refused."""
    read = {**said, **{name: added for name, added in _ADDED_IN_2["media"].items() if name not in said}}
    for part in ("video", "audio"):
        if isinstance(read.get(part), Mapping):
            read[part] = {**_ADDED_IN_2[part], **read[part]}
    return read
