"""What every peer is told: the cut list and the encoding. Standard library only: it is read in each environment."""

import sys
from pathlib import Path

ENCODING = (
    "-map 0:v:0 -map 0:a:0 -vf scale=-2:540:flags=bilinear,format=yuv420p -c:v libx264 -preset superfast -crf 23 "
    "-g 30 -sc_threshold 0 -bf 0 -flags:v +cgop -c:a aac -b:a 64k"
)
"""As `tests.bench.bare` encodes; a test compares them."""


def told() -> tuple[Path, Path, str, list[tuple[float, float]]]:
    """From the command line: the source, the folder for clips, how to cut, begin and end of clips in seconds."""
    source, folder, how, cuts = sys.argv[1:5]
    edges = [cut.split("-") for cut in cuts.split(",")]
    return Path(source), Path(folder), how, [(float(begin_s), float(end_s)) for begin_s, end_s in edges]
