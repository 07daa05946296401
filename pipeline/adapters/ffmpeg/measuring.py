"""What did ffmpeg's measuring filters say, as series of numbers?

They print, for each frame, a line `frame:… pts:…` and a line `lavfi.name=value` for each number. What is printed comes
from a child that read untrusted footage: what is no number is left out, and another count than of samples is refused.
"""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from pipeline.adapters.ffmpeg.observing import LOUDNESS_PER_S, MEASURED_PER_S
from pipeline.adapters.ffmpeg.sampling import Sampling
from pipeline.domain.measures import PictureMeasures, SoundMeasures, Thousandths
from pipeline.errors import MediaToolError

_PICTURE = {
    "luma_mean": "lavfi.signalstats.YAVG",
    "luma_low": "lavfi.signalstats.YLOW",
    "luma_high": "lavfi.signalstats.YHIGH",
    "change": "lavfi.signalstats.YDIF",
    "scene": "lavfi.scd.score",
    "blur": "lavfi.blur",
}
_MOMENTARY, _INTEGRATED = "lavfi.r128.M", "lavfi.r128.I"

_NUMBER = re.compile(r"-?\d{1,7}(?:\.\d{1,9})?")
_NOTHING_LUFS, _NEVER_LOUD_LUFS = -120_691, -70_000


def read_picture_measures(files: Sequence[Path], *, frame_rate: Fraction, frame_count: int) -> PictureMeasures:
    """The measures of a recording's picture from the lines of each of its chunks, in order.

    Raises:
        MediaToolError: there are more or fewer than frames that were looked at.
    """
    looked_at = [values for path in files for values in _frames(path)]
    repeats = list(Sampling(Fraction(MEASURED_PER_S), frame_rate).repeats(frame_count))
    if len(repeats) != len(looked_at):
        raise MediaToolError(f"expected measures of {len(repeats)} frames, found {len(looked_at)}")
    samples = [values for values, times in zip(looked_at, repeats, strict=True) for _ in range(times)]
    return PictureMeasures(
        Fraction(MEASURED_PER_S),
        **{name: tuple(values.get(key, 0) for values in samples) for name, key in _PICTURE.items()},
    )


def read_sound_measures(path: Path) -> SoundMeasures:
    """The measures of a recording's sound."""
    frames = list(_frames(path))
    momentary: Thousandths = tuple(values.get(_MOMENTARY, _NOTHING_LUFS) for values in frames)
    integrated = frames[-1].get(_INTEGRATED, _NEVER_LOUD_LUFS) if frames else _NEVER_LOUD_LUFS
    return SoundMeasures(Fraction(LOUDNESS_PER_S), momentary, integrated)


def _frames(path: Path) -> Iterable[dict[str, int]]:
    """For each printed frame its numbers, in thousandths; what is no number, such as `nan`, is left out."""
    found: dict[str, int] | None = None
    with path.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith("frame:"):
                if found is not None:
                    yield found
                found = {}
                continue
            name, _, value = line.strip().partition("=")
            if found is not None and _NUMBER.fullmatch(value):
                found[name] = round(float(value) * 1000)
    if found is not None:
        yield found
