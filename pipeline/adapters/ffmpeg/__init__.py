"""Ffmpeg and ffprobe, in a sandbox: what is in this footage, and how is it made viewable and cut?"""

from pipeline.adapters.ffmpeg.engine import Ffmpeg, Rendered
from pipeline.adapters.ffmpeg.limits import Limits

__all__ = ["Ffmpeg", "Limits", "Rendered"]
