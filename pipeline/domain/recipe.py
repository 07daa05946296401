"""What do we want from an encoding?

A recipe is intent: sizes, rates and qualities, never the words of the tool that carries it out. Its digest names what
it makes: two recipes that differ in any field have different digests, so a changed recipe makes a new rendition and
never replaces one.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from pipeline.domain.digest import Sha256
from pipeline.domain.media import VideoFacts
from pipeline.domain.plain import to_plain

QUANTISER_MAX = 51
SIDE_PX_MIN = 2
"""The smallest side that 4:2:0 colour can have."""


class Effort(StrEnum):
    """How much work to spend on making the same quality smaller."""

    LOW = "low"
    MEDIUM = "medium"


@dataclass(frozen=True, slots=True)
class Recipe:
    """An encoding intent. Picture: H.264, 4:2:0, 8 bit, upright, square pixels, constant rate, starting at 0."""

    name: str
    version: int
    short_side_px_max: int
    """The shorter side of the upright picture is scaled down to this; nothing is ever scaled up."""
    gop_s: Fraction
    """Seconds from keyframe to keyframe, to the nearest frame; every GOP is closed."""
    quantiser: int
    """Constant quality on H.264's own scale: 0 best, 51 worst."""
    effort: Effort
    audio_sample_rate_hz: int
    audio_channels_max: int
    audio_bits_per_s: int
    """For each channel. The sound is AAC; where the source has none, it is silence of the picture's length."""
    chunk_s: Fraction
    """Longer recordings are encoded in chunks of about this length, side by side (`chunk`)."""
    beside_version: int
    """Counts up when what is made beside the rendition changes: `byproduct`, and what is measured."""

    def __post_init__(self) -> None:
        if (
            self.audio_channels_max not in (1, 2)
            or not 0 <= self.quantiser <= QUANTISER_MAX
            or min(self.gop_s, self.chunk_s) <= 0
        ):
            raise ValueError(
                f"expected 1 or 2 channels, a quantiser of 0 to {QUANTISER_MAX}, a GOP and chunks, found {self}"
            )

    @property
    def digest(self) -> Sha256:
        """The SHA-256 of the recipe's canonical JSON."""
        return Sha256.of(json.dumps(to_plain(self), sort_keys=True, separators=(",", ":")).encode())

    def size_px(self, video: VideoFacts) -> tuple[int, int]:
        """Width and height of what this recipe makes of a video: both even, as 4:2:0 colour needs."""
        width_px, height_px = video.upright_size_px
        scale = min(Fraction(1), Fraction(self.short_side_px_max, min(width_px, height_px)))
        return _even(width_px, scale), _even(height_px, scale)

    def gop_frames(self, frame_rate: Fraction) -> int:
        """Frames from keyframe to keyframe at this rate."""
        return max(1, round(self.gop_s * frame_rate))

    def audio_channels(self, source_channels: int | None) -> int:
        """Channels of the sound that this recipe makes; one where there is none."""
        return min(source_channels or 1, self.audio_channels_max)


VIEWING = Recipe(
    name="viewing",
    version=2,
    short_side_px_max=540,
    gop_s=Fraction(1),
    quantiser=23,
    effort=Effort.LOW,
    audio_sample_rate_hz=48_000,
    audio_channels_max=2,
    audio_bits_per_s=64_000,
    chunk_s=Fraction(60),
    beside_version=1,
)
"""What people look at to find and label: small, seekable every second, on every browser."""


def _even(side_px: int, scale: Fraction) -> int:
    """The even number nearest to the scaled side, never above the side itself."""
    return max(SIDE_PX_MIN, min(2 * round(side_px * scale / 2), side_px // 2 * 2))
