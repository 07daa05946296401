"""Ffmpeg ended badly: whose fault is it?

The kernel's limits and our own time limit mean the footage asked too much. A full disk or a kill from outside is the
world's fault and may pass. Everything else, a crash of the decoder included, is the footage's.
"""

import re
from collections.abc import Iterable

from pipeline.adapters.sandbox import Finished
from pipeline.adapters.sandbox.endings import LIMIT_SIGNALS, NOT_STARTED, OUTSIDE_SIGNALS, signal_of
from pipeline.domain.chunk import Chunk
from pipeline.domain.media import MediaFacts
from pipeline.errors import DamagedMediaError, MediaLimitError, MediaToolError, RejectedInputError

_SAID_WHEN_CUT_SHORT = ("partial file", "File ended prematurely", "corrupt input packet")
"""What demuxers say, without failing, when packets that the container lists are not in the file."""

_SAID_OF_LIMITS = (
    "exceeds specified max pixel count",
    "exceeds max_streams",
    "Cannot allocate memory",
    "malloc of size",  # x264's own words
)
_SAID_OF_WORLD = ("No space left on device", "Disk quota exceeded", "Read-only file system")
"""Not "Input/output error": demuxers say it of corrupt files, and the working copy was read whole a moment ago."""

_COMPLAINT = re.compile(r"^(?:\[[^\[\]]+ @ 0x[0-9a-f]+\] )*\[(?:warning|error|fatal|panic)\] ")
"""How a line begins that ffmpeg itself complains with. Tags of the footage are printed too, at other levels: what a
title says must decide nothing."""

_STOPPED_BY_REQUEST = 255
"""What ffmpeg returns when a signal asked it to stop and it did so in order."""

_LEVEL = re.compile(r"\[(?:error|fatal|panic)\] ?(.*)$")
_OUR_OWN_LIST = re.compile(r" on whitelist '[^']*'")
_LINES_SHOWN = 3
_WORDS_SHOWN = 300

_DECODED = re.compile(r"Input stream #0:(\d+) \(video\):.*?(\d+) frames decoded")
_ENCODED = re.compile(r"Output stream #0:0 \(video\): (\d+) frames encoded")


def blame(finished: Finished, doing: str, at_fault: type[RejectedInputError]) -> RejectedInputError | MediaToolError:
    """The error that a child's bad end amounts to.

    Args:
        finished: how it ended.
        doing: what it was doing, for the message: "reading the container".
        at_fault: the error when nothing but the footage can be at fault.
    """
    said = last_words(finished)
    stopped_by = signal_of(finished.returncode)
    if stopped_by in LIMIT_SIGNALS:
        return MediaLimitError(f"{doing} took more {LIMIT_SIGNALS[stopped_by]} than allowed")
    if finished.returncode == _STOPPED_BY_REQUEST or stopped_by in OUTSIDE_SIGNALS:
        return MediaToolError(f"{doing} was stopped from outside (return code {finished.returncode})")
    if NOT_STARTED.search(finished.stderr) or _complained_of(finished, _SAID_OF_WORLD):
        return MediaToolError(f"{doing} failed on this machine: {said}")
    if asked_too_much(finished):
        return MediaLimitError(f"{doing} asked for more than allowed: {said}")
    if stopped_by is not None:
        return at_fault(f"{doing} crashed the decoder ({stopped_by.name})")
    return at_fault(f"{doing} failed: {said}")


def asked_too_much(finished: Finished) -> bool:
    """Whether a limit that ffmpeg keeps for us was met, however the run ended."""
    return _complained_of(finished, _SAID_OF_LIMITS)


def refuse_cut_short(finished: Finished) -> None:
    """Refuse what ffmpeg read to a premature end and called good.

    Raises:
        DamagedMediaError: packets that the container lists are not in the file.
    """
    if _complained_of(finished, _SAID_WHEN_CUT_SHORT):
        raise DamagedMediaError(f"expected every packet that the container lists, found fewer: {last_words(finished)}")


def refuse_lost(finished: Finished, file: MediaFacts, chunk: Chunk) -> None:
    """Refuse a strict decode of a chunk that lost a frame, or gave more of them than there are packets.

    Of a chunk that is a whole file all decoded frames are counted; of others those that were encoded: around them some
    may be decoded that belong to the next.

    Raises:
        DamagedMediaError: it did.
        MediaToolError: ffmpeg did not say how many frames it decoded or encoded.
    """
    refuse_decoder_errors(finished, [stream.codec for stream in (file.video, file.audio) if stream])
    if chunk.is_whole_file:
        refuse_lost_frames(finished, stream_index=file.video.stream_index, packet_count=file.video.packet_count)
        return
    encoded = _ENCODED.search(finished.stderr)
    if encoded is None:
        raise MediaToolError("expected ffmpeg to tell how many frames it encoded, found nothing")
    if int(encoded[1]) != chunk.frame_count:
        raise DamagedMediaError(f"expected {chunk.frame_count} frames from as many packets, found {encoded[1]}")


def refuse_lost_frames(finished: Finished, *, stream_index: int, packet_count: int) -> None:
    """Refuse a decode that gave fewer or more frames of its input's picture than it has packets.

    Raises:
        DamagedMediaError: the counts differ.
        MediaToolError: ffmpeg did not say how many frames it decoded.
    """
    decoded = {int(stream): int(frames) for stream, frames in _DECODED.findall(finished.stderr)}
    found = decoded.get(stream_index)
    if found is None:
        raise MediaToolError("expected ffmpeg to tell how many frames it decoded, found nothing")
    if found != packet_count:
        raise DamagedMediaError(f"expected {packet_count} frames from as many packets, found {found}")


def refuse_decoder_errors(finished: Finished, codecs: Iterable[str]) -> None:
    """Refuse a decode that reported errors and ended well all the same: `-xerror` does not see every one.

    Raises:
        DamagedMediaError: a decoder of these codecs reported an error.
    """
    names = "|".join(re.escape(codec) for codec in codecs)
    if re.search(rf"^\[(?:{names}) @ 0x[0-9a-f]+\] \[error\]", finished.stderr, re.MULTILINE):
        raise DamagedMediaError(f"expected every frame to decode without error, found: {last_words(finished)}")


def last_words(finished: Finished) -> str:
    """The last errors that ffmpeg reported, without the addresses that change from run to run; else its last words."""
    found = [match[1].strip() for line in finished.stderr.splitlines() if (match := _LEVEL.search(line))]
    found = list(dict.fromkeys(_OUR_OWN_LIST.sub(" on our list", words)[:_WORDS_SHOWN] for words in found))
    said = "; ".join(found[-_LINES_SHOWN:]) or finished.stderr.strip()[-_WORDS_SHOWN:]
    return said or f"no reason given (return code {finished.returncode})"


def _complained_of(finished: Finished, words: Iterable[str]) -> bool:
    complaints = [line for line in finished.stderr.splitlines() if _COMPLAINT.match(line)]
    return any(word in complaint for word in words for complaint in complaints)
