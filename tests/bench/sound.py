"""`python -m tests.bench.sound`: how well are bangs and speech found, and what does it cost?

Everything is measured on sound of which it is known what is in it: the benchmark source (bangs, slams of doors, no
speech) and sentences that espeak-ng speaks into quiet. Noise is added at a ratio of what is to be found (the first
20 ms of the bangs; the sentences) to the noise, in power: hiss, and the real sound of somebody walking with a camera.
Bangs and speech are synthetic: the figures tell of the detectors, not of guns. Real footage is listened to as well, and
what is found is told without a verdict: nobody has labelled it.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.adapters.listening import Listener
from pipeline.domain.impulse import judge_impulses
from pipeline.domain.sound_hint import SoundHint
from pipeline.domain.speech import judge_speech
from pipeline.domain.timeline import Span
from tests.bench import speaking
from tests.bench.measure import ROOT
from tests.bench.source import OUT, Source, bench_source, footage_folder
from tests.bench.table import Section, markdown
from tests.sounds import RATE_HZ, write_wav

TOLERANCE_S = 0.02
"""A hint is right where it begins so near to a bang, and is the only one for it."""
SLAM_WITHIN_S = 0.05
BANG_S = 0.02
"""Of a bang, what its power is measured over."""
RATIOS_DB = (None, 20, 10)
SEEDS = (1, 2, 3)
REPEATS = 5
HOUR_S = 3600
SMALL = 0.1
"""What is smaller is shown with more digits."""

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ImpulseRow:
    """Bangs found in the source under one condition, added up over the seeds."""

    noise: str
    ratio_db: int | None
    bangs: int
    found: int
    false_slams: int
    """Hints that are a slam of a door."""
    false_others: int
    precision: float
    precision_without_slams: float
    recall: float
    average_precision: float
    """Over the order of scores: 1 where every bang has a higher score than everything else."""
    onset_error_ms: float
    """The largest."""


@dataclass(frozen=True, slots=True)
class SpeechRow:
    """Speech found under one condition, in seconds."""

    sound: str
    noise: str
    ratio_db: int | None
    seconds: float
    spoken_s: float
    hinted_s: float
    right_s: float
    precision: float | None
    """Of the seconds hinted; null where nothing was."""
    recall: float | None
    """Of the seconds spoken; null where nothing is."""


@dataclass(frozen=True, slots=True)
class RealRow:
    """What is found in footage that nobody has labelled."""

    name: str
    seconds: float
    impulses: int
    impulses_of_half: int
    """With a score of 0.5 or more."""
    speech_s: float


@dataclass(frozen=True, slots=True)
class CostRow:
    """What listening costs."""

    what: str
    cpu_s_per_s: float
    peak_mb: float | None = None


@dataclass(frozen=True, slots=True)
class SoundRows:
    """All tables."""

    impulses: list[ImpulseRow]
    speech: list[SpeechRow]
    real: list[RealRow]
    costs: list[CostRow]


def measure(source: Path | None = None) -> SoundRows:
    """Every row, on the benchmark source or another one made by the same script. It takes a minute or two.

    Where espeak-ng is not installed there are no rows of spoken sentences, and that is said on standard error.
    """
    onsets = bench_source(path=source)
    source, listener = onsets.path, Listener()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(listener, Path(folder))
        sound, walk = bench.sound_of(source), bench.sound_of(footage_folder() / "video" / "gopro-max-heromode.mp4")
        noises = {"hiss": None, "a real walk": walk}
        return SoundRows(
            impulses=[bench.impulse_row(sound, onsets, *condition) for condition in _conditions(noises)],
            speech=[
                *(bench.no_speech_row(sound, onsets, *condition) for condition in _conditions(noises)),
                *(bench.speech_row(*condition) for condition in _conditions(noises) if speaking.is_there()),
            ],
            real=[bench.real_row(path) for path in sorted((footage_folder() / "video").glob("*.mp4"))],
            costs=list(bench.costs(sound)),
        )


def _conditions(noises: dict[str, Samples | None]) -> Iterator[tuple[str, Samples | None, int | None]]:
    """No noise once, then every noise at every ratio."""
    yield "none", None, None
    yield from ((name, noise, ratio) for name, noise in noises.items() for ratio in RATIOS_DB if ratio is not None)


class Bench:
    """Listens, in a folder of its own."""

    def __init__(self, listener: Listener, folder: Path) -> None:
        self._listener, self._folder = listener, folder

    def sound_of(self, path: Path) -> Samples:
        """The sound of footage as rendering writes it; empty where there is none."""
        target = self._folder / "decoded.wav"
        argv = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(path), "-map", "0:a:0", "-vn", "-ac", "1"]
        done = subprocess.run([*argv, "-ar", str(RATE_HZ), str(target)], check=False, capture_output=True)
        return read_wav(target) if done.returncode == 0 else np.empty(0)

    def impulse_row(
        self, sound: Samples, onsets: Source, name: str, noise: Samples | None, ratio_db: int | None
    ) -> ImpulseRow:
        """How many of the bangs are found."""
        power = float(np.mean([np.mean(_part(sound, at, BANG_S) ** 2) for at in onsets.impulses_s]))
        found = slams = others = 0
        ranked: list[tuple[float, bool]] = []
        errors_s: list[float] = [0.0]
        seeds = SEEDS if ratio_db is not None else SEEDS[:1]
        for seed in seeds:
            hints = self.impulses(_noisy(sound, noise, power, ratio_db, seed))
            right = _matched(hints, onsets.impulses_s)
            wrong = [hint for hint in hints if hint not in right]
            of_slams = [hint for hint in wrong if _is_near(hint, onsets.door_slams_s)]
            found, slams, others = found + len(right), slams + len(of_slams), others + len(wrong) - len(of_slams)
            ranked += [(hint.score, hint in right) for hint in hints]
            errors_s += right.values()
        bangs = len(onsets.impulses_s) * len(seeds)
        return ImpulseRow(
            noise=name,
            ratio_db=ratio_db,
            bangs=bangs,
            found=found,
            false_slams=slams,
            false_others=others,
            precision=_share(found, found + slams + others),
            precision_without_slams=_share(found, found + others),
            recall=_share(found, bangs),
            average_precision=_average_precision(ranked, bangs),
            onset_error_ms=1000 * max(errors_s),
        )

    def no_speech_row(
        self, sound: Samples, onsets: Source, name: str, noise: Samples | None, ratio_db: int | None
    ) -> SpeechRow:
        """How much speech is found where there is none."""
        power = float(np.mean([np.mean(_part(sound, at, BANG_S) ** 2) for at in onsets.impulses_s]))
        regions = self.speech(_noisy(sound, noise, power, ratio_db, SEEDS[0]))
        return _speech_row("the source: no speech", name, ratio_db, samples=len(sound), truth=[], regions=regions)

    def speech_row(self, name: str, noise: Samples | None, ratio_db: int | None) -> SpeechRow:
        """How much of what is spoken is found."""
        sound, spoken = speaking.sentences(self._folder)
        power = float(np.mean(np.concatenate([sound[start:end] for start, end in spoken]) ** 2))
        regions = self.speech(_noisy(sound, noise, power, ratio_db, SEEDS[0]))
        truth = [Span(Fraction(start, RATE_HZ), Fraction(end, RATE_HZ)) for start, end in spoken]
        return _speech_row("sentences by espeak-ng", name, ratio_db, samples=len(sound), truth=truth, regions=regions)

    def real_row(self, path: Path) -> RealRow:
        """What is found in real footage."""
        sound = self.sound_of(path)
        impulses, regions = self.impulses(sound), self.speech(sound)
        return RealRow(
            name=path.name,
            seconds=len(sound) / RATE_HZ,
            impulses=len(impulses),
            impulses_of_half=sum(hint.score >= 0.5 for hint in impulses),
            speech_s=float(sum(region.span.duration_s for region in regions)),
        )

    def costs(self, sound: Samples) -> Iterator[CostRow]:
        """Processor time for each second of footage, medians of alternating repeats; then an hour in a process."""
        path = write_wav(self._folder / "cost.wav", sound)
        taken: dict[str, list[float]] = {"impulses": [], "speech": []}
        for _ in range(REPEATS):
            for what, listen in (
                ("impulses", self._listener.find_impulses),
                ("speech", self._listener.speech_probabilities),
            ):
                began = time.process_time()
                listen(path)
                taken[what].append((time.process_time() - began) * RATE_HZ / len(sound))
        for what, costs in taken.items():
            yield CostRow(what, statistics.median(costs))
        hour = self._folder / "hour.wav"
        with wave.open(str(path)) as once, wave.open(str(hour), "wb") as again:
            again.setparams(once.getparams())
            data = once.readframes(once.getnframes())
            for _ in range(HOUR_S * RATE_HZ // len(sound)):
                again.writeframes(data)
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.sound", "--listen-to", str(hour)],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        told = json.loads(done.stdout)
        yield CostRow("an hour, both, in a process of its own", told["cpu_s"] / HOUR_S, told["peak_mb"])

    def impulses(self, sound: Samples) -> list[SoundHint]:
        """The hints of bangs."""
        return [] if not len(sound) else hear(self._listener, write_wav(self._folder / "noisy.wav", sound))[0]

    def speech(self, sound: Samples) -> list[SoundHint]:
        """The hints of speech."""
        return [] if not len(sound) else hear(self._listener, write_wav(self._folder / "noisy.wav", sound))[1]


def hear(listener: Listener, path: Path) -> tuple[list[SoundHint], list[SoundHint]]:
    """All hints of a WAV: of bangs, of speech."""
    with wave.open(str(path)) as sound:
        within = Span(Fraction(0), Fraction(sound.getnframes(), RATE_HZ))
    impulses = judge_impulses(listener.find_impulses(path), listener.impulse_parameters, within)
    regions = judge_speech(listener.speech_probabilities(path), listener.speech_parameters, within)
    heard, spoken = ([one.hint for one in judged if one.hint is not None] for judged in (impulses, regions))
    return heard, spoken


def read_wav(path: Path) -> Samples:
    """Its samples, from -1 to 1."""
    with wave.open(str(path)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / (1 << 15)


def _part(sound: Samples, at_s: float, lasts_s: float) -> Samples:
    return sound[round(at_s * RATE_HZ) : round((at_s + lasts_s) * RATE_HZ)]


def _noisy(sound: Samples, noise: Samples | None, power: float, ratio_db: int | None, seed: int) -> Samples:
    """Sound with noise so many decibels below this power: hiss, or this one over and over."""
    if ratio_db is None:
        return sound
    chance = np.random.default_rng(seed)
    added = chance.normal(0, 1, len(sound))
    if noise is not None:
        added = np.resize(np.roll(noise, chance.integers(len(noise))), len(sound))
    return np.clip(sound + added * np.sqrt(power / 10 ** (ratio_db / 10) / np.mean(added**2)), -1, 1)


def _matched(hints: Sequence[SoundHint], truth: Sequence[float]) -> dict[SoundHint, float]:
    """For each hint that is the nearest to a bang and near enough, by how many seconds it is off; one for a bang."""
    found: dict[SoundHint, float] = {}
    for at in truth:
        free = [hint for hint in hints if hint not in found]
        nearest = min(free, key=lambda hint: abs(float(hint.span.start_s) - at), default=None)
        if nearest is not None and abs(float(nearest.span.start_s) - at) <= TOLERANCE_S:
            found[nearest] = abs(float(nearest.span.start_s) - at)
    return found


def _is_near(hint: SoundHint, moments: Sequence[float]) -> bool:
    return any(abs(float(hint.span.start_s) - at) <= SLAM_WITHIN_S for at in moments)


def _average_precision(ranked: list[tuple[float, bool]], bangs: int) -> float:
    """The mean, over all bangs, of the precision among hints with at least the score of its hint; 0 for one missed."""
    total = 0.0
    for score, is_right in ranked:
        if is_right:
            at_least = [right for other, right in ranked if other >= score]
            total += sum(at_least) / len(at_least)
    return total / bangs


def _speech_row(
    sound: str, noise: str, ratio_db: int | None, *, samples: int, truth: list[Span], regions: list[SoundHint]
) -> SpeechRow:
    parts = [part for region in regions for span in truth if (part := region.span.clamped(span)) is not None]
    spoken, hinted, right = (
        float(sum(span.duration_s for span in spans)) for spans in (truth, [region.span for region in regions], parts)
    )
    return SpeechRow(
        sound=sound,
        noise=noise,
        ratio_db=ratio_db,
        seconds=samples / RATE_HZ,
        spoken_s=spoken,
        hinted_s=hinted,
        right_s=right,
        precision=_share(right, hinted) if hinted else None,
        recall=_share(right, spoken) if spoken else None,
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def section(*, source: Path | None = None) -> list[Section]:
    """For `make bench`."""
    return _tables(measure(source))


def _tables(rows: SoundRows) -> list[Section]:
    found = []
    for title, table in (
        (f"Bangs in the benchmark source, right within {1000 * TOLERANCE_S:g} ms", rows.impulses),
        ("Speech, in seconds", rows.speech),
        ("Sound of real footage, which nobody has labelled", rows.real),
        ("Cost of hints in the sound, in CPU-seconds for a second of footage", rows.costs),
    ):
        plain = [asdict(row) for row in table]
        names = [name.replace("_", " ") for name in (plain[0] if plain else {"none": None})]
        found.append(Section(title, names, [[_shown(value) for value in row.values()] for row in plain], data=plain))
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if 0 < value < SMALL else f"{value:.2f}"


def main() -> None:
    """Measure everything and write bench-out/sound.md and sound.json."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--source", type=Path, help="a benchmark source that is there already, beside its impulses.json")
    asked.add_argument("--listen-to", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.listen_to:
        hear(Listener(), options.listen_to)
        # The kernel counts what this process held before it became this program as its own peak; not so in `status`.
        peak_kb = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
        told = {"cpu_s": time.process_time(), "peak_mb": int(peak_kb[1]) / 1024 if peak_kb else None}
        sys.stdout.write(json.dumps(told))
        return
    rows = measure(options.source)
    OUT.mkdir(exist_ok=True)
    (OUT / "sound.json").write_text(json.dumps(asdict(rows), indent=2))
    about = [f"Python {platform.python_version()}; {os.cpu_count()} CPUs."]
    page = markdown({table.title: table for table in _tables(rows)}, about=about)
    (OUT / "sound.md").write_text(page)
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
