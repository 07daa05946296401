"""What else comes out of a decode that makes a viewing rendition?

Branches of the same graph, taken from the small picture and the sound of the rendition: they cost some three parts in a
hundred of the encode, and a decode of their own would cost a third of it. Of each picture branch only as many frames
are taken as are looked at (`sampling`).

* thumbnails: JPEGs one after the other, for the sheets that `assembling` makes;
* grey pictures, for picture hashes and for how the camera moves;
* larger grey pictures of the first minutes, for black bars;
* measures, as lines of text: `measures`;
* the sound for analysis, as WAV, and its loudness.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from pipeline.adapters.ffmpeg.argv import NOTHING_ELSE
from pipeline.adapters.ffmpeg.sampling import Sampling
from pipeline.domain.chunk import Chunk
from pipeline.domain.small_pictures import BARS_SIDE_PX, BARS_WITHIN_S, GREY_PER_S, GREY_SIDE_PX

THUMBNAILS, GREY, BARS, MEASURES = "thumbnails.mjpeg", "grey", "bars", "measures.txt"
WAV, LOUDNESS = "sound.wav", "loudness.txt"

THUMBNAIL_EVERY_S = Fraction(2)
THUMBNAIL_SIDE_PX = 192
"""The longer side."""
MEASURED_PER_S = 2
MEASURED_SIDE_PX = 180
"""The shorter side. Blur of 1080p costs 55 ms of CPU a frame, of this 1.5 ms (media measured in 2026)."""
WAV_RATE_HZ = 16_000
LOUDNESS_PER_S = 10
"""EBU R 128 looks at the momentary loudness ten times a second."""
_LOUDNESS_RATE_HZ = 48_000
"""The only rate that ffmpeg's filter knows the weights for."""

_JPEG_QUALITY = 5
"""On ffmpeg's scale, 2 best, 31 worst."""
_PASS = {"fps_mode": "passthrough"}


def observe_picture(
    pictures: Sequence[Any], chunk: Chunk, *, frame_rate: Fraction, size_px: tuple[int, int]
) -> list[Any]:
    """The outputs made of copies of a chunk's small picture: as many copies as `picture_branches` says."""
    thumbnails, grey, measured, *bars = pictures
    width_px, height_px = _fitted(size_px, longer_px=THUMBNAIL_SIDE_PX)
    outputs = [
        _looked_at(thumbnails, chunk, 1 / THUMBNAIL_EVERY_S, frame_rate)
        .filter("scale", width_px, height_px, flags="bilinear", out_range="pc")
        .filter("format", "yuvj420p")
        .output(
            f"file:out/{THUMBNAILS}",
            format="mjpeg",
            **{"c:v": "mjpeg", "q:v": _JPEG_QUALITY, "flags:v": "+bitexact"},
            **_PASS,
        ),
        _grey(_looked_at(grey, chunk, Fraction(GREY_PER_S), frame_rate), GREY_SIDE_PX, "area", GREY),
        _looked_at(measured, chunk, Fraction(MEASURED_PER_S), frame_rate)
        .filter("scale", *_fitted(size_px, shorter_px=MEASURED_SIDE_PX), flags="bilinear")
        .filter("scdet")
        .filter("signalstats")
        .filter("blurdetect")
        .filter("metadata", mode="print", file=f"out/{MEASURES}")
        .output("pipe:2", format="null", **_PASS),
    ]
    if bars:
        (within,) = bars
        first_s = within.filter("trim", end_frame=_frames_within(chunk, frame_rate))
        outputs.append(_grey(_looked_at(first_s, chunk, Fraction(1), frame_rate), BARS_SIDE_PX, "neighbor", BARS))
    return outputs


def picture_branches(chunk: Chunk, frame_rate: Fraction) -> int:
    """How many copies of a chunk's picture are looked at."""
    return 4 if _frames_within(chunk, frame_rate) > 0 else 3


def observe_sound(heard: Any, *, duration_s: Fraction) -> Any:
    """The output made of a copy of a recording's sound, from its first frame's moment to its last frame's end."""
    return (
        heard.filter("aresample", WAV_RATE_HZ)
        .filter("aformat", sample_fmts="s16", channel_layouts="mono")
        .filter("apad")
        .filter("atrim", end_sample=round(duration_s * WAV_RATE_HZ))
        .output(f"file:out/{WAV}", format="wav", **{"c:a": "pcm_s16le"}, **NOTHING_ELSE)
    )


def observe_loudness(wav: Any) -> Any:
    """The output made of the sound for analysis: its loudness, as lines of text.

    Not of the graph that decodes the footage: the filter logs each value at a level that we need there.
    """
    return (
        wav.filter("aresample", _LOUDNESS_RATE_HZ)
        .filter("asetnsamples", nb_out_samples=_LOUDNESS_RATE_HZ // LOUDNESS_PER_S, pad=0)
        .filter("ebur128", metadata=1)
        .filter("ametadata", mode="print", file=f"out/{LOUDNESS}")
        .output("pipe:2", format="null")
    )


def _looked_at(picture: Any, chunk: Chunk, per_s: Fraction, frame_rate: Fraction) -> Any:
    return picture.filter("select", Sampling(per_s, frame_rate).expression(chunk.start_frame))


def _grey(frames: Any, side_px: int, flags: str, name: str) -> Any:
    small = frames.filter("scale", side_px, side_px, flags=flags).filter("format", "gray")
    return small.output(f"file:out/{name}", format="rawvideo", **_PASS)


def _frames_within(chunk: Chunk, frame_rate: Fraction) -> int:
    return min(chunk.frame_count, int(BARS_WITHIN_S * frame_rate) - chunk.start_frame)


def _fitted(
    size_px: tuple[int, int], *, longer_px: int | None = None, shorter_px: int | None = None
) -> tuple[int, int]:
    """A size of this shape whose longer or shorter side is at most so long; even sides, at least 16."""
    scale = Fraction(longer_px, max(size_px)) if longer_px else Fraction(shorter_px or 1, min(size_px))
    wide, high = (max(16, 2 * round(side * min(scale, Fraction(1)) / 2)) for side in size_px)
    return wide, high
