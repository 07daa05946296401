"""The main table: what does an ingest cost beside bare ffmpeg and what people use elsewhere?

Everything works on the same source, with the same cut list and, where a tool takes them, the same encoder settings.
Contenders take turns, so that whatever else the machine does slows all of them; the numbers are medians. Those that
take minutes and only show how a tool behaves as it comes, or are there for orientation, run once: `runs` says so.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import bare
from tests.bench.contender import Contender, Measured, clips_in, command
from tests.bench.frames import FrameCount, Pictures, count_clips, pictures_of
from tests.bench.ingest import ingests
from tests.bench.measure import ROOT, Cost, cost_of
from tests.bench.peers import datachain, datajuicer, pyscenedetect
from tests.bench.progress import say
from tests.bench.source import SECONDS, Source, bench_source
from tests.bench.table import Cell, Section

WHOLE, ENGINE, BARE = "ours, whole ingest", "ours, engine alone", "bare ffmpeg, one process"
EVERYTHING = "rendition, clips, thumbnails, sheets, numbers, 16 kHz sound, grey pictures"

COLUMNS = (
    *("", "does", "CPU s", "of it imports", "servers CPU s", "CPU s per s", "against bare", "wall s", "alone, s"),
    *("times real time", "cores while encoding", "peak MB", "lost", "twice", "hidden", "runs"),
)
NOTES = (
    (
        "CPU s: user and system time of the process and all that it started, imports included; *of it imports* is what "
        "loading its libraries alone costs. Servers: Postgres, the object store and the Prefect server meanwhile."
    ),
    "Against bare: CPU s divided by those of *bare ffmpeg, one process* in the same rounds.",
    (
        "Alone: what it would have taken had nobody else used the machine, estimated from how long its threads waited "
        "for a processor; *times real time* is the length of the footage divided by it. On a quiet machine it is the "
        "wall time; elsewhere servers that were kept waiting make it longer."
    ),
    (
        "Cores while encoding: used / wanted, while an x264 runs. Wanted counts threads that waited for a processor: "
        "on a quiet machine what is used is what is wanted, up to the processors that there are."
    ),
    (
        "Lost, twice, hidden: frames of the source that no clip shows, that clips show again, and that lie in clips "
        "where only an edit list hides them; every frame shown is compared with every frame of the source."
    ),
    "Peers cut clips and do nothing else of an ingest, so they do less work than the rows above them.",
)


PEERS = {"PySceneDetect": pyscenedetect, "data-juicer": datajuicer, "DataChain": datachain}


@dataclass
class Runs:
    """What was seen of one contender."""

    measured: list[Measured] = field(default_factory=list)
    imports: list[Cost] = field(default_factory=list)
    frames: FrameCount | None = None
    failure: str | None = None


def section(
    *, seconds: int = SECONDS, repeats: int = 5, source: Path | None = None, among: Sequence[str] = ()
) -> Section:
    """Measure everything, or the contenders with one of these words in their names, in turns."""
    footage = bench_source(seconds, source)
    with ExitStack() as held:
        contenders = [one for one in _contenders(held, among) if _is_among(one.name, among)]
        runs = {contender.name: Runs() for contender in contenders}
        interrupted = _take_turns(contenders, footage, runs, repeats)
    return Section(
        f"Ingest of {float(footage.duration_s):.0f} s of footage",
        COLUMNS,
        [_row(contender, runs[contender.name], runs.get(BARE, Runs()), footage) for contender in contenders],
        [*NOTES, *interrupted, *(f"{name} failed: {one.failure}" for name, one in runs.items() if one.failure)],
        {name: _plain(one) for name, one in runs.items()},
    )


def ingest_cpu_s(made: Section) -> float | None:
    """What the whole ingest took in a section that was made here."""
    return next((float(row[2]) for row in made.rows if row[0] == WHOLE and isinstance(row[2], float)), None)


def _take_turns(contenders: Sequence[Contender], source: Source, runs: dict[str, Runs], repeats: int) -> list[str]:
    """Run everything so often. Interrupted, it ends, and what was measured counts.

    Returns:
        What there is to note about it.
    """
    say("reading the frames of the source")
    pictures = pictures_of(source.path)
    try:
        for number in range(1, repeats + 1):
            for contender in contenders:
                if number == 1 or not (contender.is_once or runs[contender.name].failure):
                    say(f"round {number} of {repeats}: {contender.name}")
                    _once(contender, source, pictures, runs[contender.name])
    except KeyboardInterrupt:
        return [f"Interrupted in round {number} of {repeats}: later contenders have a run less."]
    return []


def _contenders(held: ExitStack, among: Sequence[str]) -> list[Contender]:
    """All, or at least those among which; servers are started and tools installed only for those."""
    engine = [sys.executable, "-m", "tests.bench.ours"]
    found = [
        Contender(
            ENGINE,
            "the media work of it, in the sandbox",
            command(lambda source, folder: [*engine, str(source.path), str(folder)]),
            lambda: cost_of(engine, cwd=ROOT),
        ),
        *_bare(),
    ]
    if _is_among(WHOLE, among):
        stack = held.enter_context(ingests())
        does = "receive, hash, keep, probe, encode, cut, compare, store, record"
        found.insert(0, Contender(WHOLE, does, stack.run, stack.imports))
    for tool, module in PEERS.items():
        if not among or any(tool in word or word in tool for word in among):
            found += module.contenders()
    return found


def _is_among(name: str, words: Sequence[str]) -> bool:
    return not words or any(word in name for word in words)


def _bare() -> list[Contender]:
    return [
        Contender(BARE, EVERYTHING, command(bare.one_process)),
        Contender(
            "bare ffmpeg, its own threads",
            "the same",
            command(lambda source, folder: bare.one_process(source, folder, own_threads=True)),
            is_once=True,
        ),
        Contender("separate ffmpeg passes", "the same, a process each", command(bare.separate_passes)),
        Contender("bare ffmpeg, clips alone", "rendition and clips", command(bare.clips_alone), is_once=True),
    ]


def _once(contender: Contender, source: Source, pictures: Pictures, seen: Runs) -> None:
    with tempfile.TemporaryDirectory(prefix="firsthand-bench-") as place:
        try:
            seen.measured.append(contender.run(source, Path(place)))
            if contender.imports is not None:
                seen.imports.append(contender.imports())
            if seen.frames is None:
                # Once: the same input and settings give the same frames.
                seen.frames = count_clips(clips_in(Path(place)), pictures)
        except RuntimeError as error:
            seen.failure = str(error).strip().splitlines()[-1][-300:]
            say(f"{contender.name} failed: {seen.failure}")


def _row(contender: Contender, seen: Runs, bare_runs: Runs, source: Source) -> list[Cell]:
    runs = seen.measured
    if not runs:
        return [contender.name, contender.does, *[None] * (len(COLUMNS) - 3), "0: see below"]
    seconds = float(source.duration_s)
    cpu_s, alone_s = _median(runs, "cpu_s"), _median(runs, "alone_s")
    bare_s = _median(bare_runs.measured, "cpu_s") if bare_runs.measured else None
    servers = [run.servers_cpu_s for run in runs if run.servers_cpu_s is not None]
    encoded = _median(runs, "encoding_s") > 0
    cores = f"{_median(runs, 'encoding_cores'):.2f} / {_median(runs, 'encoding_wanted_cores'):.2f}" if encoded else None
    counted = seen.frames
    return [
        contender.name,
        contender.does,
        cpu_s,
        statistics.median(one.cpu_s for one in seen.imports) if seen.imports else None,
        statistics.median(servers) if servers else None,
        cpu_s / seconds,
        cpu_s / bare_s if bare_s else None,
        _median(runs, "wall_s"),
        alone_s,
        seconds / alone_s,
        cores,
        round(max(run.cost.peak_mb for run in runs)),
        *((counted.lost, counted.twice, counted.hidden) if counted else (None, None, None)),
        len(runs),
    ]


def _median(runs: Sequence[Measured], what: str) -> float:
    of: Callable[[Measured], float] = lambda run: getattr(run.cost, what)  # noqa: E731 - a name for the key
    return statistics.median(map(of, runs))


def _plain(seen: Runs) -> dict[str, Any]:
    return asdict(seen)
