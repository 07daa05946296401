"""How do chunks become one rendition, and thumbnails sheets?

Nothing is decoded but thumbnails and nothing encoded but sheets. The pictures of all chunks lie one after the other as
a bare H.264 stream: each begins with a keyframe and its own parameters, none is reordered, so a count of frames is
their clock.
"""

from fractions import Fraction
from math import ceil
from typing import Any

import ffmpeg

from pipeline.adapters.ffmpeg.argv import NOTHING_ELSE, compile_command, mp4_options, ratio
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.observing import THUMBNAIL_EVERY_S, THUMBNAILS, WAV, observe_loudness
from pipeline.adapters.ffmpeg.rendering import PICTURE, SOUND

RENDITION, CONTACT_SHEET = "rendition.mp4", "contact.jpg"
SHEETS = "sheet-*.jpg"

SHEET_COLUMNS, SHEET_ROWS = 10, 10
_CONTACT_COLUMNS, _CONTACT_ROWS = 6, 5
_SHEET_PATTERN = "sheet-%05d.jpg"
_JPEG_QUALITY = 4


def assemble_argv(
    frame_rate: Fraction, audio_sample_rate_hz: int, limits: Limits, *, duration_s: Fraction, has_wav: bool
) -> list[str]:
    """Ffmpeg: the rendition from the pictures of all chunks and the sound, by stream copy; sheets and loudness beside.

    Args:
        frame_rate: of the pictures.
        audio_sample_rate_hz: of the sound.
        limits: what it may cost.
        duration_s: how long the recording is.
        has_wav: whether there is sound to be measured.
    """
    # The clock of a bare stream is said before it is opened: `-r`, exact to the tick where `-framerate` rounds.
    picture = ffmpeg.input(f"file:in/{PICTURE}", **_guards("h264", limits), r=ratio(frame_rate))
    sound = ffmpeg.input(f"file:in/{SOUND}", **_guards("mov", limits))
    small = ffmpeg.input(f"file:in/{THUMBNAILS}", **_guards("mjpeg", limits), codec_whitelist="mjpeg")
    rendition = ffmpeg.output(
        picture["v:0"],
        sound["a:0"],
        f"file:out/{RENDITION}",
        c="copy",
        **mp4_options(frame_rate, audio_sample_rate_hz),
        **NOTHING_ELSE,
    )
    copies = small["v:0"].filter_multi_output("split", 2)
    every = max(1, ceil(duration_s / THUMBNAIL_EVERY_S / (_CONTACT_COLUMNS * _CONTACT_ROWS)))
    sheets = (
        copies.stream(0)
        .filter("tile", f"{SHEET_COLUMNS}x{SHEET_ROWS}")
        .output(f"file:out/{_SHEET_PATTERN}", format="image2", **_jpeg())
    )
    contact = (
        copies.stream(1)
        .filter("select", f"not(mod(n,{every}))")
        .filter("tile", f"{_CONTACT_COLUMNS}x{_CONTACT_ROWS}")
        .output(f"file:out/{CONTACT_SHEET}", format="mjpeg", **_jpeg(), **{"frames:v": 1})
    )
    outputs = [rendition, sheets, contact]
    if has_wav:
        outputs.append(observe_loudness(ffmpeg.input(f"file:in/{WAV}", **_guards("wav", limits))["a:0"]))
    return compile_command(ffmpeg.merge_outputs(*outputs), "level+error", "-xerror", "-filter_complex_threads", "1")


def _guards(demuxer: str, limits: Limits) -> dict[str, Any]:
    return {
        "format": demuxer,
        "protocol_whitelist": "file",
        "format_whitelist": demuxer,
        "max_streams": limits.streams_max,
        "max_pixels": limits.pixels_max,
    }


def _jpeg() -> dict[str, Any]:
    return {"c:v": "mjpeg", "q:v": _JPEG_QUALITY, "flags:v": "+bitexact", "fps_mode": "passthrough"}
