"""`make bench BENCH="--only alignment"`: how exactly are two cameras placed, is a stranger refused, what does it cost?

Both hear one made-up scene through noise, gain and sample clock of their own: the second begins 3.217 s later, and its
seconds are 40 ppm too long. The error is the largest anywhere on the time that they share.
"""

import tempfile
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipeline.adapters.correlation import Listened, compare_sounds, listen, open_sound
from pipeline.domain.alignment import Heard, judge_hearing
from tests.bench.table import Section
from tests.microphones import Scene, automatic_gain
from tests.sounds import RATE_HZ, Samples, write_wav

OFFSET_S = 3.217
DRIFT_PPM = 40.0
LENGTHS_S = (30, 60, 120, 600, 3600)
PIECE_S = 60
"""A scene is made a minute at a time: an hour of it at once would not fit into memory."""
_SEED_OF_STRANGERS = 10_000


@dataclass(frozen=True, slots=True)
class AlignmentRow:
    """One pair of cameras."""

    case: str
    seconds: int
    """Of each recording."""
    accepted: bool
    error_ms: float | None
    """The largest on the shared time; null where it was refused."""
    drift_error_ppm: float | None
    confidence: float | None
    windows: str
    cpu_s: float
    """Of listening to both and comparing them, with every lag allowed."""


def two_cameras(seconds: int = 120, *, case: str = "generated", noise: float = 0.02) -> AlignmentRow:
    """The two cameras of the issue; `case` is `generated`, `echoes`, `automatic gain`, `loud noise` or `strangers`."""
    noise = 0.08 if case == "loud noise" else noise
    echo = 0.4 if case == "echoes" else 0.0
    other = _SEED_OF_STRANGERS if case == "strangers" else 0
    first = _heard(seconds, 1.0, 0.0, gain=0.5, noise=noise / 2, echo=echo, seed=1)
    second = _heard(seconds, 1.0 + OFFSET_S, DRIFT_PPM, gain=1.0, noise=noise, echo=echo, seed=2 + other, scene=other)
    if case == "automatic gain":
        first, second = automatic_gain(first), automatic_gain(second)
    with tempfile.TemporaryDirectory() as folder:
        paths = [write_wav(Path(folder) / f"{name}.wav", one) for name, one in (("first", first), ("second", second))]
        del first, second
        began_s = time.process_time()
        sounds: list[Listened] = [listen(open_sound(path)) for path in paths]
        every = Fraction(seconds - 5)
        outcome = judge_hearing(compare_sounds(*sounds, within=(-every, every), shared_min_s=Fraction(5)))
        cpu_s = time.process_time() - began_s
    if not isinstance(outcome, Heard):
        return AlignmentRow(case, seconds, False, None, None, None, outcome.reason, cpu_s)
    errors_s = [
        float(outcome.lag_from_s + outcome.drift_ppm / 10**6 * (Fraction(at_s) - outcome.from_s))
        - OFFSET_S
        - DRIFT_PPM * 1e-6 * at_s
        for at_s in (0.0, seconds - OFFSET_S)
    ]
    return AlignmentRow(
        case,
        seconds,
        True,
        1000 * max(abs(error_s) for error_s in errors_s),
        float(outcome.drift_ppm) - DRIFT_PPM,
        float(outcome.confidence),
        f"{outcome.agreeing} of {outcome.windows}",
        cpu_s,
    )


def section() -> Section:
    """For `make bench`."""
    rows = [two_cameras(seconds) for seconds in LENGTHS_S]
    rows += [two_cameras(120, case=case) for case in ("echoes", "automatic gain", "loud noise", "strangers")]
    rows.append(two_cameras(3600, case="strangers"))
    cells = [
        [
            row.case,
            row.seconds,
            "-" if row.error_ms is None else f"{row.error_ms:.3f}",
            "-" if row.drift_error_ppm is None else f"{row.drift_error_ppm:+.1f}",
            "-" if row.confidence is None else f"{row.confidence:.2f}",
            row.windows,
            f"{row.cpu_s:.2f}",
        ]
        for row in rows
    ]
    return Section(
        f"Two cameras, {OFFSET_S} s and {DRIFT_PPM:g} ppm apart",
        ("case", "seconds", "largest error, ms", "drift error, ppm", "confidence", "windows that agree", "CPU s"),
        cells,
        notes=(
            "The scene is made up: the error is of the method. Where cameras stand apart, sound adds 3 ms a metre.",
            "Refused pairs tell why in place of their windows.",
        ),
        data=[asdict(row) for row in rows],
    )


def _heard(
    seconds: int, start_s: float, drift_ppm: float, *, gain: float, noise: float, echo: float, seed: int, scene: int = 0
) -> Samples:
    """What a camera records of a scene that is made a minute at a time."""
    rate = 1 + drift_ppm / 1e6
    parts = []
    at = 0
    for number in range(int((start_s + seconds * rate) // PIECE_S) + 1):
        # Up to the last sample that lies before the end of this minute of the scene.
        end = min(int(np.ceil(((number + 1) * PIECE_S - start_s) / rate * RATE_HZ)), seconds * RATE_HZ)
        if end <= at:
            continue
        piece = Scene.of(PIECE_S + 1, seed=scene + number)
        from_s = start_s + at / RATE_HZ * rate - number * PIECE_S
        heard = piece.heard(
            from_s,
            (end - at) / RATE_HZ + 0.5 / RATE_HZ,
            drift_ppm=drift_ppm,
            gain=gain,
            noise=noise,
            echo=echo,
            seed=seed * 1000 + number,
        )
        parts.append(heard[: end - at])
        at = end
    return np.concatenate(parts)
