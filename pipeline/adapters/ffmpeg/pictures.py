"""How are pictures taken out of a clip, for people to see at a glance what is in it?"""

from pipeline.adapters.ffmpeg.argv import compile_command, open_source
from pipeline.adapters.ffmpeg.limits import Limits

STRIP = "strip.jpg"
_JPEG_QUALITY = 5
"""On ffmpeg's scale, 2 best, 31 worst."""


def strip_argv(frame_count: int, limits: Limits, *, pictures: int, height_px: int) -> list[str]:
    """Ffmpeg: that many pictures of a clip, evenly spaced and side by side, as one JPEG in `out/`.

    A clip with fewer frames leaves the rest black.
    """
    every = max(1, frame_count // pictures)
    row = (
        open_source(limits)["v:0"]
        .filter("select", f"not(mod(n,{every}))")
        .filter("scale", -2, height_px)
        .filter("tile", f"{pictures}x1")
    )
    output = row.output(
        f"file:out/{STRIP}", format="mjpeg", fps_mode="passthrough", **{"frames:v": 1, "q:v": _JPEG_QUALITY}
    )
    return compile_command(output, "level+error")
