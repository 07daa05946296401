"""When is each frame of the picture shown, and where can reading begin?

Packets come in the order of the file, one line each, and may be millions: they are kept as machine integers.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.domain.media import VideoFacts
from pipeline.errors import MediaLimitError, UnreadableMediaError

_NO_TIME = b"N/A"
_FIELDS = 4


@dataclass(frozen=True, slots=True)
class Packets:
    """The shown frames of a video stream; all times in ticks of its clock."""

    shown_ticks: tuple[int, ...]
    """When each frame is shown, ascending; at least one. What an edit list hides is left out."""
    entry_ticks: tuple[int, ...]
    """Clean entries among them: keyframes that nothing later in the file is shown before."""
    last_duration_ticks: int
    """How long the last frame is shown; 0 where the file does not say."""
    hidden_count: int = 0
    """Packets that an edit list hides."""
    hidden_ticks: int = 0
    """How long they would be shown."""


class PacketReader:
    """Takes ffprobe's lines `pts,dts,duration,flags`, one a packet, as they come."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pts = array("q")
        self._dts = array("q")
        self._is_entry = bytearray()
        self._durations = array("q")
        self._hidden_count = 0
        self._hidden_ticks = 0
        self._without_pts = 0
        self._without_dts = 0

    def add_line(self, line: bytes) -> None:
        """Take one packet; what is hidden (flag D) is only counted.

        Raises:
            MediaLimitError: there are more packets than frames allowed.
        """
        fields = line.split(b",")
        if len(fields) < _FIELDS:
            return
        if b"D" in fields[3]:
            self._hidden_count += 1
            self._hidden_ticks += max(0, _ticks(fields[2]))
            return
        if len(self._pts) >= self._limits.frames_max:
            raise MediaLimitError(f"expected at most {self._limits.frames_max} packets, found more")
        self._without_pts += fields[0] == _NO_TIME
        self._without_dts += fields[1] == _NO_TIME
        self._pts.append(_ticks(fields[0]))
        self._dts.append(_ticks(fields[1]))
        self._durations.append(_ticks(fields[2]))
        self._is_entry.append(b"K" in fields[3])

    def read(self) -> Packets:
        """Everything taken so far.

        Old containers (AVI) know only when a packet is decoded. Then that is taken for when it is shown: the number
        of frames and their spacing are the same, and so is the place of a clean entry.

        Raises:
            UnreadableMediaError: no packet is shown, or packets have no times.
        """
        if not self._pts:
            raise UnreadableMediaError("expected packets of video, found none")
        if self._without_pts and self._without_dts:
            raise UnreadableMediaError(f"expected a time on each packet, found {self._without_pts} without")
        times = self._dts if self._without_pts else self._pts
        last = max(range(len(times)), key=times.__getitem__)
        return Packets(
            shown_ticks=tuple(sorted(times)),
            entry_ticks=self._entries(times),
            last_duration_ticks=max(0, self._durations[last]),
            hidden_count=self._hidden_count,
            hidden_ticks=self._hidden_ticks,
        )

    def _entries(self, times: "array[int]") -> tuple[int, ...]:
        entries: list[int] = []
        earliest_after: int | None = None
        for time, is_entry in zip(reversed(times), reversed(self._is_entry), strict=True):
            if earliest_after is None or time <= earliest_after:
                earliest_after = time
                if is_entry:
                    entries.append(time)
        return tuple(reversed(entries))


def _ticks(field: bytes) -> int:
    return 0 if field == _NO_TIME else int(field)


def grid_frames(ticks: Iterable[int], video: VideoFacts) -> frozenset[int]:
    """The places on the grid of these moments of the stream's clock."""
    places = (round((at * video.time_base - video.start_s) * video.frame_rate) for at in ticks)
    return frozenset(place for place in places if 0 <= place < video.frame_count)
