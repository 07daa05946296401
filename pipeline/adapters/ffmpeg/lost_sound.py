"""Which parts of the sound do not decode?

What is there is told by packets, what decodes by frames; both carry times, and what lies in packets only is lost.
Packets of AAC, MP3 and Opus overlap when they are decoded, so that a lost one spoils the next as well.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

from pipeline.adapters.ffmpeg.argv import compile_command, open_source, probe_packets_argv
from pipeline.adapters.ffmpeg.faults import blame
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.sandbox import Finished
from pipeline.domain.media import AudioFacts, MediaFacts
from pipeline.domain.timeline import Span
from pipeline.errors import DamagedMediaError, MediaLimitError

PACKETS_MAX = 4_000_000
"""A day of AAC at 48 kHz; the sound of a camera has 47 packets a second."""

Read = Callable[[list[str], str, Path, int, Callable[[bytes], None]], Finished]
"""Runs a command on a file in the sandbox: arguments, program, file, seconds allowed, what takes each line."""

_Piece = tuple[Fraction, Fraction]
"""From when to when, in seconds on the container's timeline."""


def find_lost_sound(read: Read, path: Path, facts: MediaFacts, limits: Limits, wall_s: int) -> tuple[Span, ...]:
    """Where sound of damaged footage is lost, in order, on the recording's timeline; nowhere where there is none.

    Raises:
        DamagedMediaError: the container cannot be read any more.
        MediaLimitError: it took longer than allowed, or there are more than `PACKETS_MAX` packets.
        MediaToolError: ffmpeg was stopped from outside, or the file is gone.
    """
    audio = facts.audio
    if audio is None:
        return ()
    packets, frames = _Pieces(), _Pieces()
    for argv, program, pieces in (
        (_packets_argv(audio, limits), "ffprobe", packets),
        (_frames_argv(audio, limits), "ffmpeg", frames),
    ):
        finished = read(argv, program, path, wall_s, pieces.add_line)
        if finished.returncode != 0:
            raise blame(finished, "decoding what is left of the sound", DamagedMediaError)
    return tuple(lost_spans(packets.found, frames.found, facts))


def lost_spans(packets: Iterable[_Piece], frames: Iterable[_Piece], facts: MediaFacts) -> list[Span]:
    """What no frame covers of each packet, and the packet after it; pieces shorter than half a packet are no loss.

    A decoder drops what it was primed with, which lies before the first frame of the picture, and counts a little
    otherwise than a container does.
    """
    zero_s, length_s = facts.video.start_s, facts.video.duration_s
    covered = _united(frames)
    found: list[_Piece] = []
    place = 0
    for start_s, end_s in sorted(packets):
        while place < len(covered) and covered[place][1] <= start_s:
            place += 1
        heard_s = sum(
            (
                max(Fraction(0), min(end_s, end) - max(start_s, start))
                for start, end in covered[place : place + _NEIGHBOURS]
            ),
            Fraction(0),
        )
        if end_s > zero_s and 2 * heard_s < end_s - start_s:
            found.append((start_s, end_s + (end_s - start_s)))
    shown = [(max(Fraction(0), start - zero_s), min(length_s, end - zero_s)) for start, end in _united(found)]
    return [Span(start, end) for start, end in shown if start < end]


_NEIGHBOURS = 3
"""Pieces that a packet can lie across, once pieces that touch are one."""


class _Pieces:
    """Takes lines of ffprobe (`pts_time,duration_time,flags`) or of framecrc (`stream, dts, pts, duration, …`)."""

    def __init__(self) -> None:
        self.found: list[_Piece] = []
        self._tick_s = Fraction(0)

    def add_line(self, line: bytes) -> None:
        """Take one packet or frame; one without a time says nothing, and one that is hidden is not there.

        Raises:
            MediaLimitError: there are more than `PACKETS_MAX`.
        """
        if line.startswith(b"#tb 0:"):
            self._tick_s = Fraction(line.partition(b":")[2].decode().strip())
            return
        fields = [field.strip() for field in line.split(b",")]
        try:
            if self._tick_s:
                start_s, lasts_s = int(fields[2]) * self._tick_s, int(fields[3]) * self._tick_s
            else:
                start_s, lasts_s = Fraction(fields[0].decode()), Fraction(fields[1].decode())
        except (ValueError, IndexError):
            return
        if len(self.found) >= PACKETS_MAX:
            raise MediaLimitError(f"expected at most {PACKETS_MAX} packets of sound, found more")
        is_hidden = not self._tick_s and b"D" in fields[-1]
        if lasts_s > 0 and not is_hidden:
            self.found.append((start_s, start_s + lasts_s))


def _united(pieces: Iterable[_Piece]) -> list[_Piece]:
    """Pieces that touch or overlap as one, in order."""
    found: list[_Piece] = []
    for start, end in sorted(pieces):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _packets_argv(audio: AudioFacts, limits: Limits) -> list[str]:
    """Ffprobe: one line `pts_time,duration_time,flags` for each packet."""
    argv = probe_packets_argv(audio.stream_index, limits)
    return ["packet=pts_time,duration_time,flags" if word.startswith("packet=") else word for word in argv]


def _frames_argv(audio: AudioFacts, limits: Limits) -> list[str]:
    """Ffmpeg: a line for each piece of sound that decodes strictly, with its time."""
    sound = open_source(limits, err_detect="explode", threads=1)[str(audio.stream_index)]
    told = sound.output("pipe:1", format="framecrc", acodec="pcm_s16le")
    return compile_command(told, "level+fatal", "-max_error_rate", "1")
