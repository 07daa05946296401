"""Valid media facts, with any field spoiled by keyword: ten seconds of 1080p at 29.97 with a keyframe a second."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from pipeline.domain.media import AudioFacts, MediaFacts, VideoFacts

VIDEO = VideoFacts(
    stream_index=0,
    codec="h264",
    width_px=1920,
    height_px=1080,
    rotation_deg=0,
    pixel_aspect=Fraction(1),
    pixel_format="yuv420p",
    frame_rate=Fraction(30000, 1001),
    frame_count=300,
    is_variable_rate=False,
    time_base=Fraction(1, 90000),
    start_s=Fraction(0),
    packet_count=300,
    keyframes_s=tuple(Fraction(second * 1001, 1000) for second in range(10)),
)
AUDIO = AudioFacts(1, "aac", 48_000, 2, Fraction(0), Fraction(10))


def video_facts(**changes: Any) -> VideoFacts:
    """Facts of a picture."""
    return replace(VIDEO, **changes)


def media_facts(video: VideoFacts = VIDEO, audio: AudioFacts | None = AUDIO) -> MediaFacts:
    """Facts of a whole original."""
    return MediaFacts("mov,mp4,m4a,3gp,3g2,mj2", video.duration_s, video, audio, (), ())
