"""Can an annotator's browser play this clip, and are its frames the ones that labels will be counted in?

Each rule stands for a way in which a page went wrong without a word (measured with Label Studio 1.23 and Chromium):

* H.264, 8 bit, 4:2:0: HEVC shows an empty picture and no error.
* One constant rate, starting at 0: frame numbers on the page are only time times rate.
* As many frames as were planned, none hidden by an edit list: what a page counts is what we count.
* A sound track, AAC, starting with the picture: without one the waveform is an error box.
* The index before the media (faststart): else a browser reads to the end of the file before it shows anything.
"""

from fractions import Fraction

from pipeline.domain.media import MediaFacts


def misfits(found: MediaFacts, *, index_comes_first: bool, frame_rate: Fraction, frame_count: int) -> tuple[str, ...]:
    """Why a clip must not be shown to annotators; empty when it may.

    Args:
        found: what the probe read from the clip's own bytes.
        index_comes_first: whether the MP4's index stands before its media.
        frame_rate: frames a second, as planned.
        frame_count: frames, as planned.
    """
    video, audio = found.video, found.audio
    asked = (
        ("container", True, "mp4" in found.container, found.container),
        ("codec", "h264", video.codec, video.codec),
        ("pixel format", "yuv420p", video.pixel_format, video.pixel_format),
        ("rotation", 0, video.rotation_deg, video.rotation_deg),
        ("constant frame rate", False, video.is_variable_rate, "a varying one"),
        ("frames a second", frame_rate, video.frame_rate, video.frame_rate),
        ("frames", frame_count, video.packet_count, video.packet_count),
        ("hidden frames", 0, video.hidden_packet_count or 0, video.hidden_packet_count),
        ("start in s", Fraction(0), video.start_s, video.start_s),
        ("sound", "aac", audio.codec if audio else None, audio.codec if audio else "none"),
        ("index before the media", True, index_comes_first, "it after the media"),
    )
    return tuple(
        f"expected {_expected(name, expected)}, found {told}" for name, expected, is_, told in asked if is_ != expected
    )


def _expected(name: str, expected: object) -> str:
    return name if isinstance(expected, bool) else f"{name} {expected}"
