"""Where keyframes do not fall on cuts: which frames does each tool lose, show twice, or hide in its clips?

The source of the main table is kind to whoever copies: a keyframe every second, none out of order. This one is what
most encoders make by themselves: keyframes up to eight seconds apart, B-frames. Every tool cuts it once, by the same
list; nothing is timed.
"""

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.bench import bare
from tests.bench.contender import CLIPS, Contender, clips_in, command
from tests.bench.frames import count_clips, pictures_of
from tests.bench.peers import datachain, datajuicer, pyscenedetect
from tests.bench.progress import say
from tests.bench.source import CLIP_FRAMES, SECONDS, Source, bench_source
from tests.bench.table import Cell, Section

FRAMES = 750
"""Three clips, the last one shorter."""
COLUMNS = ("", "does", "clips", "lost", "twice", "hidden")


def section(*, seconds: int = SECONDS, source: Path | None = None) -> Section:
    """Cut once with everything that cuts by a list."""
    with tempfile.TemporaryDirectory(prefix="firsthand-bench-") as place:
        footage = _made(bench_source(seconds, source), Path(place) / "long-gop.mp4")
        pictures = pictures_of(footage.path)
        rows: list[list[Cell]] = []
        notes = ["Hidden frames lie before the cut and are in the file for anybody who ignores its edit list."]
        for contender in _contenders():
            say(contender.name)
            folder = Path(place) / "cut"
            folder.mkdir()
            try:
                contender.run(footage, folder)
                found = count_clips(clips_in(folder), pictures)
                rows.append([contender.name, contender.does, found.clips, found.lost, found.twice, found.hidden])
            except RuntimeError as error:
                rows.append([contender.name, contender.does, None, None, None, None])
                notes.append(f"{contender.name} failed: {str(error).strip().splitlines()[-1][-300:]}")
            folder.rename(Path(place) / f"cut-{len(rows)}")
    title = f"Frames of {len(pictures)}, keyframes up to 250 frames apart, cut every {CLIP_FRAMES}"
    return Section(title, COLUMNS, rows, notes)


def _made(source: Source, target: Path) -> Source:
    """The beginning of the source, encoded as x264 does when it is told nothing."""
    small = ["-vf", "scale=640:-2", "-c:v", "libx264", "-preset", "veryfast", "-c:a", "copy"]
    argv = [*bare.QUIET, "-i", str(source.path), "-map", "0:v:0", "-map", "0:a:0", *small, "-frames:v", str(FRAMES)]
    subprocess.run([*argv, "-t", f"{float(FRAMES / source.frame_rate):.6f}", str(target)], check=True)
    return replace(source, path=target, frame_count=min(FRAMES, source.frame_count))


def _contenders() -> list[Contender]:
    ours = [sys.executable, "-m", "tests.bench.ours"]
    peers = [*pyscenedetect.contenders(), *datajuicer.contenders(), *datachain.contenders()]
    return [
        Contender(
            "ours",
            "one encode, cuts on frames",
            command(lambda source, folder: [*ours, str(source.path), str(folder)]),
        ),
        Contender("bare ffmpeg, one process", "one encode, cuts on frames", command(bare.clips_alone)),
        Contender("bare ffmpeg, stream copy", "-ss, -t and -c copy for each clip", command(_copies)),
        *(peer for peer in peers if not peer.is_once),
    ]


def _copies(source: Source, folder: Path) -> list[str]:
    """What is found in most answers to how a video is cut."""
    (folder / CLIPS).mkdir()
    commands = []
    for number, (begin_s, end_s) in enumerate(source.cuts_s):
        cut = ("-ss", f"{begin_s:.6f}", "-i", str(source.path), "-t", f"{end_s - begin_s:.6f}", "-c", "copy")
        commands.append([*bare.QUIET, *cut, f"{folder}/{bare.CLIP_NAME % number}"])
    return bare.script(commands)
