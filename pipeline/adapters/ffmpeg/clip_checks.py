"""Is a clip that was made for partners exactly what was planned, and nothing more?

Read back from the file itself, before it gets a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from pipeline.domain.encoding import Piece
from pipeline.domain.encoding_plan import EncodingPlan
from pipeline.domain.media import MediaFacts
from pipeline.errors import RenditionMismatchError

_CODER_FRAME_SAMPLES = 1024
_LONGEST_PACKET_SAMPLES = 2048


@dataclass(frozen=True, slots=True)
class PacketHash:
    """One packet, as `packet_hashes_argv` tells of it."""

    at_s: Fraction
    """When it is shown or heard, on the file's timeline."""
    duration_s: Fraction
    tick_s: Fraction
    """How exactly both are told."""
    digest: str

    @property
    def middle_s(self) -> Fraction:
        """The moment between its beginning and its end."""
        return self.at_s + self.duration_s / 2

    @classmethod
    def of_stream(cls, lines: Sequence[bytes], stream: int) -> list[Self]:
        """Those of one stream, in the order of the file."""
        clock = next((line for line in lines if line.startswith(f"#tb {stream}: ".encode())), b": 1/1")
        tick_s = Fraction(clock.rsplit(b" ", 1)[1].strip().decode())
        fields = [line.split(b",") for line in lines if line[:1].isdigit()]
        return [
            cls(int(found[2]) * tick_s, int(found[3]) * tick_s, tick_s, found[5].strip().decode())
            for found in fields
            if int(found[0]) == stream
        ]


def check_encoding(made: MediaFacts, plan: EncodingPlan) -> None:
    """Compare a variant with its plan.

    Raises:
        RenditionMismatchError: anything differs.
    """
    video, audio = made.video, made.audio
    _same("codec", "h264", video.codec)
    _same("pixel format", "yuv420p", video.pixel_format)
    _same("size", (plan.layout.width_px, plan.layout.height_px), (video.width_px, video.height_px))
    _same("constant frame rate", (plan.frame_rate, False), (video.frame_rate, video.is_variable_rate))
    _same("frames", plan.frame_count, video.frame_count)
    _same("sound", "aac" if plan.audio_sample_rate_hz else None, audio.codec if audio else None)
    if audio is not None:
        _same("start of sound in s", Fraction(0), audio.start_s)
        _same("channels", plan.audio_channels, audio.channels)
        off = abs(audio.duration_s * audio.sample_rate_hz - plan.audio_samples)
        if off > _CODER_FRAME_SAMPLES:
            raise RenditionMismatchError(f"samples: expected {plan.audio_samples}, found {off} more or fewer")
    check_nothing_hidden(made)


def check_nothing_hidden(made: MediaFacts) -> None:
    """Refuse frames that an edit list hides, streams beside picture and sound, tags, and a picture on its side.

    Raises:
        RenditionMismatchError: there are some.
    """
    _same("frames that are hidden", 0, made.video.hidden_packet_count)
    _same("rotation", 0, made.video.rotation_deg)
    _same("start in s", Fraction(0), made.video.start_s)
    _same("streams beside picture and sound", (), made.other_streams)
    _same("words about when it was made", ((), ()), (made.clock_claims, made.timecodes))


def check_excerpt(made: MediaFacts, source: MediaFacts, piece: Piece) -> None:
    """Compare an excerpt with the frames that it must have.

    Raises:
        RenditionMismatchError: anything differs.
    """
    _same("codec", source.video.codec, made.video.codec)
    _same("size", (source.video.width_px, source.video.height_px), (made.video.width_px, made.video.height_px))
    _same("frames", piece.end_frame - piece.start_frame, made.video.frame_count)
    _same("frame rate", source.video.frame_rate, made.video.frame_rate)
    check_nothing_hidden(made)


def check_sound(made: MediaFacts, source: MediaFacts, piece: Piece, around: Sequence[PacketHash]) -> None:
    """Refuse an excerpt without sound, unless the original has none there: it may begin late or end early.

    Raises:
        RenditionMismatchError: the sound is missing, or of another kind.
    """
    if made.audio is not None or source.audio is None:
        _same("sound", source.audio.codec if source.audio else None, made.audio.codec if made.audio else None)
        return
    video = source.video
    first_s, end_s = (video.start_s + frame / video.frame_rate for frame in (piece.start_frame, piece.end_frame))
    packet_s = Fraction(_LONGEST_PACKET_SAMPLES, source.audio.sample_rate_hz)
    _same("packets of sound left out", [], [one.at_s for one in around if first_s <= one.at_s <= end_s - packet_s])


def check_run(mine: Sequence[PacketHash], theirs: Sequence[PacketHash], *, what: str) -> int:
    """Where in a row of the original's packets those of an excerpt are, one after the other, none between.

    Raises:
        RenditionMismatchError: they are no such run.
    """
    digests = [packet.digest for packet in theirs]
    wanted = [packet.digest for packet in mine]
    for at in range(len(digests) - len(wanted) + 1):
        if digests[at : at + len(wanted)] == wanted:
            return at
    raise RenditionMismatchError(
        f"{what}: expected {len(wanted)} packets in a row of the original's, found no such run"
    )


def check_in_step(
    mine: Sequence[PacketHash], theirs: Sequence[PacketHash], at: int, source: MediaFacts, piece: Piece
) -> None:
    """Refuse sound that is not where it was beside the picture, or not the packets whose middle lies in the piece.

    Args:
        mine: the packets of sound of an excerpt.
        theirs: those of the original around it.
        at: where among them the first of the excerpt is.
        source: the original.
        piece: what the excerpt is of.

    Raises:
        RenditionMismatchError: a packet is moved, lacking or too much.
    """
    video = source.video
    first_s, end_s = (video.start_s + frame / video.frame_rate for frame in (piece.start_frame, piece.end_frame))
    for one, original in ((mine[0], theirs[at]), (mine[-1], theirs[at + len(mine) - 1])):
        off_s, tick_s = abs(one.at_s + first_s - original.at_s), one.tick_s + original.tick_s
        if off_s > tick_s:
            raise RenditionMismatchError(f"sound: expected it in step to {float(tick_s)} s, found {float(off_s)} s off")
    around = [theirs[at - 1]] if at else []
    around += theirs[at + len(mine) : at + len(mine) + 1]
    lacking = [one for one in around if first_s + one.tick_s <= one.middle_s < end_s - one.tick_s]
    too_much = [
        one for one in theirs[at : at + len(mine)] if not first_s - one.tick_s <= one.middle_s < end_s + one.tick_s
    ]
    _same("packets of sound lacking and too much", (0, 0), (len(lacking), len(too_much)))


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise RenditionMismatchError(f"{what}: expected {expected}, found {found}")
