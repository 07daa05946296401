"""How much may one piece of footage cost us before we stop?

Every upload is hostile until proven otherwise: these limits are checked by us, by ffmpeg or by the kernel, and each
ends in `MediaLimitError`.
"""

from dataclasses import dataclass
from fractions import Fraction

from pipeline.adapters.sandbox import ChildLimits


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that reading or encoding one piece of footage may take."""

    wall_s: int = 4 * 3600
    """The longest run of one child process, whatever it does."""
    wall_floor_s: int = 60
    """What even the smallest piece of work gets: a busy machine must not look like a hung decoder."""
    wall_s_per_media_s: int = 15
    """For encoding. 1080p at 30 frames a second was measured at 0.4 CPU-seconds a second: this is 40 times that."""
    read_bytes_per_s: int = 5_000_000
    """The slowest disk that reading packets allows for."""
    memory_bytes: int = 4 << 30
    """Address space of one child."""
    output_bytes: int = 32 << 30
    """Largest file that a child may write."""
    pixels_max: int = 36_000_000
    """Pixels of one frame: 8192 x 4320 passes, the usual decompression bombs do not."""
    side_px_max: int = 16_384
    """What H.264 encoders take."""
    streams_max: int = 32
    frames_max: int = 24 * 3600 * 60
    """A day at 60 frames a second."""

    @property
    def of_a_child(self) -> ChildLimits:
        """What the kernel keeps of these."""
        return ChildLimits(memory_bytes=self.memory_bytes, file_bytes=self.output_bytes)

    def reading_wall_s(self, size_bytes: int) -> int:
        """Seconds allowed for reading a file of this size."""
        return min(self.wall_s, self.wall_floor_s + size_bytes // self.read_bytes_per_s)

    def encoding_wall_s(self, media_s: Fraction) -> int:
        """Seconds allowed for decoding and encoding this many seconds of media."""
        return min(self.wall_s, self.wall_floor_s + int(media_s) * self.wall_s_per_media_s)
