"""Which ffmpeg command cuts a rendition of ours into its clips?

By stream copy, in one read, at the keyframes that the encode forced at every cut.
"""

from collections.abc import Sequence
from fractions import Fraction

import ffmpeg

from pipeline.adapters.ffmpeg.argv import NOTHING_ELSE, compile_command, mp4_options, open_source
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.domain.clip import PlannedClip

CLIP_LIST = "clips.csv"

_CLIP_PATTERN = "%06d.mp4"


def clip_name(planned: PlannedClip) -> str:
    """The file of one clip: its ordinal."""
    return _CLIP_PATTERN % planned.ordinal


def cut_argv(
    planned: Sequence[PlannedClip], frame_rate: Fraction, audio_sample_rate_hz: int, limits: Limits
) -> list[str]:
    """Ffmpeg: the clips of a rendition of ours, by stream copy, in one read.

    Cuts are counted in frames: ten seconds are 299.7 frames at 30000/1001. The last edge is given too, though nothing
    follows it: without any, the muxer would cut every two seconds.
    """
    source = open_source(limits)
    ends = [clip.end_frame for clip in planned]
    edges = [round(end / frame_rate * audio_sample_rate_hz) for end in ends]
    options = mp4_options(frame_rate, audio_sample_rate_hz)
    return compile_command(
        ffmpeg.output(
            source["v:0"],
            source["a:0"],
            f"file:out/{_CLIP_PATTERN}",
            c="copy",
            format="segment",
            segment_frames=",".join(map(str, ends)),
            segment_list=f"out/{CLIP_LIST}",
            segment_format=options.pop("format"),
            segment_format_options=":".join(f"{name}={value}" for name, value in sorted(options.items())),
            reset_timestamps=1,
            # Else the first clip's picture would begin 21 ms late, to make room for the sound encoder's run-in.
            avoid_negative_ts="disabled",
            **NOTHING_ELSE,
            # A sound packet that reaches past the cut ends at it, so that no clip lasts longer than its picture.
            **{"bsf:a": f"setts=duration='min(DURATION,{_next_edge(edges)}-PTS)'"},
        ),
        "level+error",
    )


def _next_edge(edges: Sequence[int]) -> str:
    """An expression for the first edge after PTS: a balanced tree, so that thousands of cuts cost a dozen questions."""
    if len(edges) == 1:
        return str(edges[0])
    middle = len(edges) // 2
    return f"if(lt(PTS,{edges[middle - 1]}),{_next_edge(edges[:middle])},{_next_edge(edges[middle:])})"
