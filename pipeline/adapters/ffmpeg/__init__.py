"""Ffmpeg and ffprobe, in a sandbox: what is in this footage, and how is it made viewable and cut?"""

from pipeline.adapters.ffmpeg.engine import Ffmpeg
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.rendering import Rendered

__all__ = ["Ffmpeg", "Limits", "Rendered"]
