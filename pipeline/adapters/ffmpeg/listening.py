"""From when on is there anything to hear?

Cameras keep the seconds before the button was pressed, often without sound (a pre-event buffer): the sound is absent
there, or digital silence. That is expected, and a fact.
"""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from pipeline.adapters.ffmpeg.argv import compile_command, open_source
from pipeline.adapters.ffmpeg.faults import blame
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.lost_sound import Read
from pipeline.domain.media import MediaFacts
from pipeline.errors import DamagedMediaError

LISTENED_S = 180
"""Pre-event buffers hold up to two minutes (Axon); beyond that nobody waits for a sound."""

SILENCE_DB = -60
"""Below the noise of any microphone that is on."""

SHORTEST_S = Fraction(1, 2)

_HEARD = re.compile(rb"lavfi\.silence_(start|end)=(\d{1,9}(?:\.\d{1,9})?)")
_AT_ONCE_S = Fraction(1, 10)
"""Encoders begin with a little silence of their own."""


def listening_argv(stream_index: int, limits: Limits) -> list[str]:
    """Ffmpeg: decode the beginning of one sound stream and print where silence begins and ends."""
    sound: Any = open_source(limits, t=LISTENED_S)[str(stream_index)]
    silence = sound.filter("silencedetect", noise=f"{SILENCE_DB}dB", duration=float(SHORTEST_S))
    told = ffmpeg.filter(silence, "ametadata", mode="print", file="-")
    return compile_command(told.output("pipe:2", format="null"), "level+error")


class SilenceReader:
    """Takes the lines that `listening_argv` prints."""

    def __init__(self) -> None:
        self._starts_s: list[Fraction] = []
        self._ends_s: list[Fraction] = []

    def add_line(self, line: bytes) -> None:
        """Take one line; most say nothing of silence."""
        found = _HEARD.match(line)
        if found is not None and not self._ends_s:
            (self._starts_s if found[1] == b"start" else self._ends_s).append(Fraction(found[2].decode()))

    def heard_from_s(self, *, sound_start_s: Fraction, sound_s: Fraction) -> Fraction:
        """When the first sound is, on the container's timeline.

        Args:
            sound_start_s: when the sound stream begins, on the same timeline.
            sound_s: how long it is; where nothing is heard, it ends with this or with our patience.
        """
        if not self._starts_s or self._starts_s[0] > sound_start_s + _AT_ONCE_S:
            return sound_start_s
        if not self._ends_s:
            return sound_start_s + min(sound_s, Fraction(LISTENED_S))
        return self._ends_s[0]


def find_silent_head(read: Read, path: Path, facts: MediaFacts, limits: Limits, wall_s: int) -> Fraction | None:
    """Seconds from the first frame in which there is nothing to hear; `None` where there is no sound at all.

    Raises:
        RejectedInputError: as `Ffmpeg.silent_head_s`.
        MediaToolError: likewise.
    """
    audio = facts.audio
    if audio is None:
        return None
    reader = SilenceReader()
    finished = read(listening_argv(audio.stream_index, limits), "ffmpeg", path, wall_s, reader.add_line)
    if finished.returncode != 0:
        raise blame(finished, "listening to the sound", DamagedMediaError)
    heard_s = reader.heard_from_s(sound_start_s=audio.start_s, sound_s=audio.duration_s)
    return max(Fraction(0), heard_s - facts.video.start_s)
