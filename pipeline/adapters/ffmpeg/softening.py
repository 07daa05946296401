"""The ffmpeg command that softens a clip: the same frames without colour, detail and sound.

What happens can still be told (who moves where, when something begins), so that a clip can be labelled to the frame;
faces, wounds and cries cannot. The sound track stays, silent: Label Studio shows an error where there is none.
"""

from fractions import Fraction

from pipeline.adapters.ffmpeg.argv import compile_command, mp4_options, open_source
from pipeline.adapters.ffmpeg.limits import Limits

SOFTENED = "softened.mp4"
BLUR_PART = 24
"""The radius of the blur, as a part of the picture's height: a head that fills a sixth of it has no face any more."""
_QUANTISER = 28


def soften_argv(frame_rate: Fraction, audio_sample_rate_hz: int, height_px: int, limits: Limits) -> list[str]:
    """Ffmpeg: a clip of ours in, the softened one in `out/`.

    Args:
        frame_rate: frames a second, constant.
        audio_sample_rate_hz: of its sound.
        height_px: of its picture.
        limits: what it may take.
    """
    source = open_source(limits)
    # Twice, because one box leaves edges; on the chroma planes nothing is left to blur.
    radius = max(2, height_px // BLUR_PART)
    picture = source["v:0"].filter("boxblur", luma_radius=radius, luma_power=2, chroma_power=0).filter("hue", s=0)
    sound = source["a:0"].filter("volume", 0)
    made = picture.output(
        sound,
        f"file:out/{SOFTENED}",
        **mp4_options(frame_rate, audio_sample_rate_hz),
        **{
            "c:v": "libx264",
            "preset": "superfast",
            "crf": _QUANTISER,
            "threads:v": 1,
            "pix_fmt": "yuv420p",
            "bf": 0,
            "flags:v": "+cgop+bitexact",
            "fps_mode": "passthrough",
            "c:a": "aac",
            "b:a": "32k",
        },
    )
    return compile_command(made, "level+error")
