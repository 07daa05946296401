"""What anyone would write instead of us: the same outputs with ffmpeg alone, in one process or in one for each output.

What an ingest makes of a recording, and with which filters, stands here once, after `observing` and `assembling` in
`pipeline/adapters/ffmpeg`: who changes those changes these, so that both do the same work.

* the viewing rendition: 540 lines, x264 superfast crf 23, closed GOP of 1 s, no B-frames, AAC, index first
* clips of ten seconds cut from it by stream copy
* a thumbnail every two seconds, 192 px wide; a sheet of all and one of thirty
* 16 kHz mono sound, and its loudness
* numbers, twice a second, on a picture of 320 by 180: scene changes, light and dark, blur. What is black or frozen
  follows from them
* grey pictures: of 64 by 64, ten a second; of 320 by 320 for black bars, one a second
"""

import shlex
from collections.abc import Iterable
from pathlib import Path

from tests.bench.source import Source

QUIET = ("ffmpeg", "-nostdin", "-v", "error", "-y")
ONE_THREAD = ("-threads", "1")

PICTURE = "scale=-2:540:flags=bilinear,format=yuv420p"
X264 = ("-c:v", "libx264", "-preset", "superfast", "-crf", "23", "-g", "30", "-sc_threshold", "0", "-bf", "0")
X264_CLOSED = (*X264, "-flags:v", "+cgop")
AAC = ("-c:a", "aac", "-b:a", "64k")

LOOKED_AT = "fps=2,scale=320:180:flags=bilinear,scdet,signalstats,blurdetect"
HEARD = "ebur128=metadata=1"
THUMBNAILS = "fps=1/2,scale=192:108:flags=bilinear"
SHEET, CONTACT = "tile=10x10", "select=not(mod(n\\,2)),tile=6x5"
GREY = "fps=10,scale=64:64:flags=area,format=gray"
BARS = "fps=1,scale=320:320:flags=neighbor,format=gray"
JPEG = ("-q:v", "5")
WAVE = ("-ar", "16000", "-ac", "1", "-c:a", "pcm_s16le")

CLIP_NAME = "clips/%05d.mp4"


def one_process(source: Source, folder: Path, *, own_threads: bool = False) -> list[str]:
    """Ffmpeg, once: one decode, one encode, every output of an ingest."""
    graph = (
        f"[0:v:0]{PICTURE},split=5[view][look][thumb][small][large];"
        f"[look]{LOOKED_AT},metadata=mode=print:file={folder}/looked-at.txt[looked];"
        f"[thumb]{THUMBNAILS},split=3[thumbs][all][some];[all]{SHEET}[sheets];[some]{CONTACT}[contact];"
        f"[small]{GREY}[greys];[large]{BARS}[bars];"
        f"[0:a:0]asplit=3[sound][wave][hear];[hear]{HEARD},ametadata=mode=print:file={folder}/heard.txt[heard]"
    )
    _folders(folder)
    threads = () if own_threads else ONE_THREAD
    return [
        *(*QUIET, *threads, "-i", str(source.path), "-filter_complex", graph),
        *("-map", "[view]", "-map", "[sound]", *X264_CLOSED, *_encoder_threads(threads), *AAC),
        *("-flags", "+global_header", "-f", "tee", _rendition_and_clips(source, folder)),
        *("-map", "[wave]", *WAVE, f"{folder}/sound.wav"),
        *("-map", "[thumbs]", *JPEG, f"{folder}/thumbnails/%04d.jpg"),
        *("-map", "[sheets]", *JPEG, f"{folder}/sheet-%05d.jpg"),
        *("-map", "[contact]", *JPEG, "-frames:v", "1", "-update", "1", f"{folder}/contact.jpg"),
        *("-map", "[greys]", "-f", "rawvideo", f"{folder}/grey", "-map", "[bars]", "-f", "rawvideo", f"{folder}/bars"),
        *("-map", "[looked]", "-f", "null", "-", "-map", "[heard]", "-f", "null", "-"),
    ]


def separate_passes(source: Source, folder: Path) -> list[str]:
    """Naive: a process for each output, each clip encoded from the source once more, as scripts do."""
    _folders(folder)
    given = ("-i", str(source.path))
    printed = f"metadata=mode=print:file={folder}/looked-at.txt"
    heard = f"{HEARD},ametadata=mode=print:file={folder}/heard.txt"
    return script(
        [
            [*QUIET, *given, "-vf", PICTURE, *X264_CLOSED, *AAC, "-movflags", "+faststart", f"{folder}/rendition.mp4"],
            *clip_passes(source, folder),
            [*QUIET, *given, "-vn", *WAVE, f"{folder}/sound.wav"],
            [*QUIET, *given, "-an", "-vf", THUMBNAILS, *JPEG, f"{folder}/thumbnails/%04d.jpg"],
            [*QUIET, "-r", "1", "-i", f"{folder}/thumbnails/%04d.jpg", "-vf", SHEET, *JPEG, f"{folder}/sheet-%05d.jpg"],
            [*QUIET, *given, "-an", "-vf", f"{LOOKED_AT},{printed}", "-f", "null", "-"],
            [*QUIET, *given, "-vn", "-af", heard, "-f", "null", "-"],
            [*QUIET, *given, "-an", "-vf", GREY, "-f", "rawvideo", f"{folder}/grey"],
            [*QUIET, *given, "-an", "-vf", BARS, "-f", "rawvideo", f"{folder}/bars"],
        ]
    )


def clips_alone(source: Source, folder: Path) -> list[str]:
    """Ffmpeg, once: the rendition and its clips, and nothing else of an ingest. What those do who only cut."""
    _folders(folder)
    return [
        *(*QUIET, "-i", str(source.path), "-map", "0:v:0", "-map", "0:a:0", "-vf", PICTURE, *X264_CLOSED, *AAC),
        *("-flags", "+global_header", "-f", "tee", _rendition_and_clips(source, folder)),
    ]


def clip_passes(source: Source, folder: Path) -> Iterable[list[str]]:
    """A process for each clip: found by time, encoded from the source."""
    for number, (begin_s, end_s) in enumerate(source.cuts_s):
        cut = ["-ss", f"{begin_s:.6f}", "-i", str(source.path), "-t", f"{end_s - begin_s:.6f}"]
        yield [*QUIET, *cut, "-vf", PICTURE, *X264_CLOSED, *AAC, f"{folder}/{CLIP_NAME % number}"]


def _rendition_and_clips(source: Source, folder: Path) -> str:
    cuts = "\\,".join(str(frame) for frame in source.cut_frames[1:])
    segment = f"f=segment:segment_frames={cuts}:segment_format=mp4:reset_timestamps=1"
    return f"[f=mp4:movflags=+faststart]{folder}/rendition.mp4|[{segment}]{folder}/{CLIP_NAME}"


def _encoder_threads(threads: tuple[str, ...]) -> tuple[str, ...]:
    return ("-threads:v", "1", "-filter_complex_threads", "1") if threads else ()


def _folders(folder: Path) -> None:
    for name in ("clips", "thumbnails"):
        (folder / name).mkdir()


def script(commands: Iterable[list[str]]) -> list[str]:
    """One command that runs these one after the other, and ends where one fails."""
    return ["sh", "-ec", "\n".join(shlex.join(command) for command in commands)]
