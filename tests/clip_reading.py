"""What plain ffprobe and ffmpeg say of a clip that was made for partners."""

import subprocess
from array import array
from fractions import Fraction
from pathlib import Path

from pipeline.adapters.ffmpeg import Limits, Made
from pipeline.adapters.ffmpeg.excerpting import packet_hashes_argv
from pipeline.domain.clip import PlannedClip
from pipeline.domain.media import MediaFacts

NEVER = Fraction(0)
AAC_FRAME_SAMPLES = 1024


def ends_of(clips: tuple[PlannedClip, ...]) -> list[PlannedClip]:
    """The first two, which follow one another, and the last."""
    return [clip for number, clip in enumerate(clips) if number < 2 or number == len(clips) - 1]


def samples_of(path: Path, rate_hz: int, *options: str) -> "array[int]":
    """What is heard from 0 on."""
    argv = ["ffmpeg", "-v", "error", "-nostdin", *options, "-i", str(path), "-map", "0:a", "-ac", "1"]
    argv += ["-ar", str(rate_hz), "-af", "aresample=first_pts=0"]
    return array("h", subprocess.run([*argv, "-f", "s16le", "-"], check=True, capture_output=True).stdout)


def clicks_in(samples: "array[int]") -> list[int]:
    """Where each click is loudest."""
    found: list[int] = []
    for at in sorted(range(len(samples)), key=lambda at: -abs(samples[at])):
        if abs(samples[at]) < 6000:  # a fifth of what was put in
            break
        if all(abs(at - other) > 2000 for other in found):  # what rings on is the same click
            found.append(at)
    return sorted(found)


def at_least_as_near(found: list[int], wanted: list[int], *, samples: int) -> bool:
    return len(found) == len(wanted) and all(abs(a - b) <= samples for a, b in zip(found, wanted, strict=True))


def assert_nothing_hidden(made: Made, frame_count: int, source: MediaFacts, *, sound_late_s: Fraction = NEVER) -> None:
    """What any tool sees, edit lists or not: as many frames as declared, and nothing but picture and sound."""
    ask = ["ffprobe", "-v", "error", "-ignore_editlist", "1", "-show_entries", "packet=codec_type", "-of", "csv=p=0"]
    told = subprocess.run([*ask, str(made.path)], check=True, capture_output=True, text=True).stdout.split()
    assert told.count("video") == frame_count == made.frame_count
    assert set(told) <= {"video", "audio"}
    starts = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,start_time", "-of", "csv=p=0"]
    lines = subprocess.run([*starts, str(made.path)], check=True, capture_output=True, text=True).stdout.split()
    starts_s = dict(line.split(",")[:2] for line in lines)
    assert abs(Fraction(starts_s["video"])) < Fraction(1, 10**5)
    if "audio" in starts_s:
        assert abs(Fraction(starts_s["audio"]) - sound_late_s) < 1 / source.video.frame_rate


def sound_edges_s(path: Path) -> tuple[Fraction, Fraction]:
    """When the first packet of sound begins, and the last ends: by its edit list, and by how long its packets are."""
    ask = ["ffprobe", "-v", "error", "-select_streams", "a", "-of", "csv=p=0", str(path), "-show_entries"]
    first, *_ = _words([*ask, "packet=pts"])
    *lengths, rate_hz = _words([*ask, "packet=duration:stream=sample_rate", "-ignore_editlist", "1"])
    return Fraction(first, rate_hz), Fraction(first + sum(lengths), rate_hz)


def _words(argv: list[str]) -> list[int]:
    """The first number of each line."""
    lines = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()
    return [int(line.split(",")[0]) for line in lines if line[:1] in "-0123456789"]


def packet_hashes(path: Path, facts: MediaFacts) -> dict[str, list[str]]:
    """The digest of each packet, in the order of the file, by stream."""
    folder = path.parent
    argv = packet_hashes_argv(facts, Limits())
    argv[argv.index("file:in/source")] = f"file:{path}"
    lines = subprocess.run(
        ["ffmpeg", *argv], check=True, capture_output=True, text=True, cwd=folder
    ).stdout.splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        if line[:1].isdigit():
            # The sixth word; after it, transport streams tell of what lies beside a packet.
            found.setdefault(line.split(",")[0], []).append(line.split(",")[5].strip())
    return found


def frame_hashes(path: Path, stream: int = 0) -> list[str]:
    """The digest of each decoded frame."""
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-map", f"0:{stream}", "-fps_mode", "passthrough"]
    lines = subprocess.run(
        [*argv, "-f", "framemd5", "-"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return [line.rsplit(",", 1)[1].strip() for line in lines if line[:1].isdigit()]


def is_run(mine: list[str], theirs: list[str]) -> bool:
    """Whether these are some of those, one after the other."""
    return any(theirs[at : at + len(mine)] == mine for at in range(len(theirs) - len(mine) + 1))
