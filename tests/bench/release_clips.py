"""What do clips for a release cost beside bare ffmpeg, and beside encoding everything full-size first?

`python -m tests.bench.release_clips SOURCE [--share 5] [--repeats 3]` measures CPU seconds, alternating:

* ours: every fifth clip of the source by `standard`, checked, as `steps/encode.py` makes them (`ClipMaker.encode`);
* bare: the same clips by one ffmpeg each, with the same encoder settings, cut by seeking;
* all: the whole source full-size, with the same encoder settings, in one ffmpeg.

With `--ingest` (CPU seconds that ingest takes for the source, from `make bench`), it tells what ingest and release cost
together against ingest and everything full-size.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipeline.adapters.ffmpeg import ClipJob, ClipMaker, Ffmpeg, Limits
from pipeline.domain.clip import ClipPolicy, PlannedClip, plan_clips
from pipeline.domain.clip_recipe import STANDARD
from pipeline.domain.encoding import Piece, Wanted, runs_of
from pipeline.domain.encoding_plan import ClipSource, plan_encoding
from pipeline.domain.footage import Clip
from pipeline.domain.ids import ClipId, RecordingId, derive
from pipeline.domain.media import MediaFacts
from tests.bench.measure import cost_of
from tests.bench.source import SECONDS, bench_source
from tests.bench.table import Section

ROOT = Path(__file__).parents[2]
SHARE = 5
"""One clip of so many is released."""
REPEATS = 3
ENCODER = (
    *("-c:v", "libx264", "-preset", "medium", "-crf", "20", "-threads:v", "1", "-g", "30", "-sc_threshold", "0"),
    *("-bf", "0", "-flags:v", "+cgop", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k"),
)
"""What `standard` asks of ffmpeg, for a source of 30 frames a second and one channel of sound."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians, in CPU seconds."""

    ours_s: float
    bare_s: float
    everything_s: float
    clips: int
    clips_s: float
    source_s: float

    @property
    def against_bare(self) -> float:
        """Ours over bare ffmpeg."""
        return self.ours_s / self.bare_s

    def against_everything(self, ingest_s: float) -> float:
        """Ingest and everything full-size, over ingest and what is released."""
        return (ingest_s + self.everything_s) / (ingest_s + self.ours_s)


def chosen(facts: MediaFacts, share: int) -> list[PlannedClip]:
    """One clip of so many, from the middle of each."""
    return list(plan_clips(facts=facts, policy=ClipPolicy()).clips)[share // 2 :: share]


def make(source: Path, folder: Path, share: int) -> None:
    """Probe, plan, make and check, in runs as the step does."""
    media = Ffmpeg(limits=Limits(), scratch=folder / "scratch")
    maker = ClipMaker(media, limits=Limits(), scratch=folder / "scratch")
    facts = media.probe(source)
    clips = {clip_id_of(clip): clip for clip in chosen(facts, share)}
    wanted = [Wanted(clip_id, clip.start_frame, clip.end_frame) for clip_id, clip in clips.items()]
    video = facts.video
    for run in runs_of(wanted, video.frame_rate, pixels=video.width_px * video.height_px):
        jobs = [
            ClipJob(
                str(one.clip_id),
                (Piece(0, one.start_frame, one.end_frame),),
                (plan_encoding(STANDARD, ClipSource.of(facts, one.end_frame - one.start_frame), one.clip_id),),
            )
            for one in run
        ]
        maker.encode(jobs, {0: source}, [facts], target_dir=folder / "made")


def clip_id_of(clip: PlannedClip) -> ClipId:
    """An id as a recording's clip has it."""
    return Clip.id_for(RecordingId(derive("recording", "bench")), clip.span)


def bare_commands(source: Path, folder: Path, clips: Sequence[PlannedClip]) -> list[list[str]]:
    """The same cut list, by ffmpeg alone."""
    commands = []
    for clip in clips:
        # Rounded down: a seek that lands past the frame loses it.
        start = f"{int(clip.span.start_s * 1000) / 1000:.3f}"
        where = ("-ss", start, "-i", str(source), "-frames:v", str(clip.frame_count))
        length = ("-t", f"{float(clip.span.duration_s):.6f}")
        ffmpeg = ("ffmpeg", "-v", "error", "-nostdin", "-y")
        commands.append([*ffmpeg, *where, *length, *ENCODER, str(folder / f"{clip.ordinal}.mp4")])
    return commands


def measure(source: Path, *, share: int, repeats: int, everything: bool = True) -> Measured:
    """Alternate between the contenders; medians.

    Raises:
        RuntimeError: one of them failed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        facts = Ffmpeg(limits=Limits(), scratch=Path(scratch)).probe(source)
    clips = chosen(facts, share)
    ourselves = [sys.executable, "-m", "tests.bench.release_clips"]
    contenders: dict[str, Callable[[Path], list[list[str]]]] = {
        "ours": lambda folder: [[*ourselves, str(source), "--make", str(folder), "--share", str(share)]],
        "bare": lambda folder: bare_commands(source, folder, clips),
    }
    costs: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, commands in contenders.items():
            with tempfile.TemporaryDirectory() as folder:
                costs[name].append(sum(cost_of(argv, cwd=ROOT).cpu_s for argv in commands(Path(folder))))
    medians = {name: statistics.median(runs) for name, runs in costs.items()}
    made_s = sum((clip.span.duration_s for clip in clips), Fraction(0))
    duration_s = float(facts.video.duration_s)
    whole_s = medians["bare"] / float(made_s) * duration_s
    if everything:
        with tempfile.TemporaryDirectory() as folder:
            argv = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(source), *ENCODER, f"{folder}/whole.mp4"]
            whole_s = cost_of(argv, cwd=ROOT).cpu_s
    return Measured(medians["ours"], medians["bare"], whole_s, len(clips), float(made_s), duration_s)


def section(*, seconds: int = SECONDS, source: Path | None = None, ingest_s: float | None = None) -> Section:
    """For `make bench`: with what ingest took in its main table, what ingest and release cost together."""
    found = measure(bench_source(seconds, source).path, share=SHARE, repeats=REPEATS)
    rows = [
        ("ours: standard clips", found.ours_s, found.clips_s),
        ("bare ffmpeg, same clips", found.bare_s, found.clips_s),
        ("bare ffmpeg, everything full-size", found.everything_s, found.source_s),
    ]
    notes = ["Everything full-size: one run; the others: medians of alternating runs."]
    if ingest_s is not None:
        saved = found.against_everything(ingest_s)
        notes.append(f"Ingest and everything full-size, against ingest and this release: {saved:.2f}.")
    return Section(
        f"{found.clips} clips ({found.clips_s:.1f} s) of {found.source_s:.1f} s for a release",
        ("", "CPU s", "CPU s per s", "against bare"),
        [[name, cpu_s, cpu_s / of_s, cpu_s / found.bare_s] for name, cpu_s, of_s in rows],
        notes,
    )


def main() -> None:
    """Measure, print a table, and write JSON to bench-out/."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("source", type=Path)
    asked.add_argument("--share", type=int, default=SHARE, help="one clip of so many")
    asked.add_argument("--repeats", type=int, default=REPEATS)
    asked.add_argument("--ingest", type=float, help="CPU seconds of ingest of the source")
    asked.add_argument("--quick", action="store_true", help="reckon everything full-size from the clips by bare ffmpeg")
    asked.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.make:
        make(options.source, options.make, options.share)
        return
    found = measure(options.source, share=options.share, repeats=options.repeats, everything=not options.quick)
    lines = [
        f"# {found.clips} clips ({found.clips_s:.1f} s) of {found.source_s:.1f} s for a release",
        "",
        f"{os.cpu_count()} CPUs; {options.repeats} alternating runs, medians; everything full-size: "
        + ("reckoned from the clips by bare ffmpeg." if options.quick else "one run."),
        "",
        "| | CPU s | CPU s per second of footage |",
        "| --- | --- | --- |",
        f"| ours: standard clips | {found.ours_s:.1f} | {found.ours_s / found.clips_s:.3f} |",
        f"| bare ffmpeg, same clips | {found.bare_s:.1f} | {found.bare_s / found.clips_s:.3f} |",
        f"| bare ffmpeg, everything full-size | {found.everything_s:.1f} | {found.everything_s / found.source_s:.3f} |",
        "",
        f"Ours against bare ffmpeg: {found.against_bare:.3f}.",
    ]
    if options.ingest:
        saved = found.against_everything(options.ingest)
        lines.append(f"Ingest and everything full-size, against ingest and this release: {saved:.2f}.")
    (ROOT / "bench-out").mkdir(exist_ok=True)
    fields = ("ours_s", "bare_s", "everything_s", "clips", "clips_s", "source_s")
    told = {name: getattr(found, name) for name in fields}
    (ROOT / "bench-out" / "release-clips.json").write_text(json.dumps(told, indent=2))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
