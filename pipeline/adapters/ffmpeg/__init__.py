"""Ffmpeg and ffprobe, in a sandbox: what is in this footage, and how is it made viewable and cut?"""

from pipeline.adapters.ffmpeg.boxes import index_comes_first
from pipeline.adapters.ffmpeg.clipmaker import ClipMaker, Made
from pipeline.adapters.ffmpeg.encoding import ClipJob
from pipeline.adapters.ffmpeg.engine import Ffmpeg
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.observing import BARS, GREY
from pipeline.adapters.ffmpeg.renderer import Beside, Rendered

__all__ = [
    "BARS",
    "GREY",
    "Beside",
    "ClipJob",
    "ClipMaker",
    "Ffmpeg",
    "Limits",
    "Made",
    "Rendered",
    "index_comes_first",
]
