"""Makes small pieces of footage with ffmpeg, each with one trait: a rate, a container, a fault.

Every frame has a brightness of its own (`shown_frames` reads it back), so that a test can tell which source frame a
rendered one shows. Sound is a tone. Nothing here is random: the same call makes the same picture.

`make_clip` makes one to order; `make_trait(name, folder)` makes one of `TRAITS` (good footage) or `FAULTS` (bad).
"""

import atexit
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SECONDS = 2
"""How long footage is unless told otherwise: two clips at a stride of one second."""


def make_clip(
    target: Path,
    *,
    seconds: float = SECONDS,
    rate: str = "25",
    size: str = "192x108",
    gop_frames: int = 25,
    video_filter: str = "null",
    video_options: str = "-c:v libx264 -preset ultrafast -bf 0",
    audio: str | None = "sine=frequency=440:sample_rate=48000",
    audio_options: str = "-c:a aac -b:a 64k",
    output_options: str = "",
) -> Path:
    """Make one clip; options are ffmpeg's words, split on spaces; `audio` is a source, cut to the same seconds.

    What this process made before from the same words is copied.
    """
    brightness = "eq=brightness='(mod(n*37,101)-50)/160':eval=frame"
    picture = f"testsrc2=size={size}:rate={rate},{brightness},format=yuv420p,{video_filter}"
    sound = ["-f", "lavfi", "-t", str(seconds), "-i", audio, *audio_options.split()] if audio else []
    inputs = ["-f", "lavfi", "-t", str(seconds), "-i", picture, *sound[:6]]
    encoding = [*video_options.split(), "-g", str(gop_frames), *sound[6:], *output_options.split()]
    words = [*inputs, *encoding]
    kept = _kept() / f"{hashlib.sha256(repr(words).encode()).hexdigest()}{target.suffix}"
    if not kept.exists():
        _ffmpeg(*words, str(kept))
    shutil.copyfile(kept, target)
    return target


@cache
def _kept() -> Path:
    """A folder for what was made, gone with this process."""
    folder = Path(tempfile.mkdtemp(prefix="firsthand-footage-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def remux(source: Path, target: Path, *, before: str = "", after: str = "") -> Path:
    """Copy all streams into another file without encoding; options stand before the input or before the target."""
    _ffmpeg(*before.split(), "-i", str(source), *["-map", "0", "-c", "copy"], *after.split(), str(target))
    return target


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One frame as a plain decoder shows it."""

    at_s: float
    is_keyframe: bool
    brightness: int
    """The mean, 0 to 255; neighbours differ by 40 and more."""


def shown_frames(path: Path, stream: str = "v:0") -> list[ShownFrame]:
    """Every frame of a video stream, in the order shown."""
    argv = ["ffmpeg", "-v", "info", "-nostdin", "-copyts", "-i", str(path), "-map", f"0:{stream}", "-f", "rawvideo"]
    argv += ["-fps_mode", "passthrough", "-vf", "showinfo=checksum=0,scale=96:96:flags=area,format=gray", "-"]
    done = subprocess.run(argv, check=True, capture_output=True)
    pixels, size = done.stdout, 96 * 96
    told = re.findall(rb" n: *\d+ .*pts_time:(\S+) .*iskey:(\d)", done.stderr)
    means = [round(sum(pixels[at : at + size]) / size) for at in range(0, len(pixels), size)]
    return [ShownFrame(float(at), key == b"1", mean) for (at, key), mean in zip(told, means, strict=True)]


def small_pictures(path: Path, stream: str = "v:0") -> NDArray[np.int16]:
    """Every frame of a video stream as 64 by 36 grey points, in the order shown."""
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-map", f"0:{stream}", "-fps_mode", "passthrough"]
    argv += ["-vf", "scale=64:36:flags=area,format=gray", "-f", "rawvideo", "-"]
    pixels = subprocess.run(argv, check=True, capture_output=True).stdout
    return np.frombuffer(pixels, np.uint8).reshape(-1, 36, 64).astype(np.int16)


DISTINCT = 1.0
"""Of 255, the mean over a small picture: of frames that are nearer to one another, an encoder may show either."""


def frames_that_show_another(mine: NDArray[np.int16], theirs: NDArray[np.int16]) -> list[int]:
    """Frames of mine that look more like the frame before or after theirs than like their own, where these differ.

    Clearly more: by a quarter of the difference. An encoder may lag a little; a wrong frame is off by all of it.
    """
    assert len(mine) == len(theirs)
    own = np.abs(mine - theirs).mean(axis=(1, 2))
    step = np.abs(theirs[1:] - theirs[:-1]).mean(axis=(1, 2))
    before = np.abs(mine[1:] - theirs[:-1]).mean(axis=(1, 2))
    after = np.abs(mine[:-1] - theirs[1:]).mean(axis=(1, 2))
    late = np.flatnonzero((own[1:] - before > step / 4) & (step > DISTINCT)) + 1
    early = np.flatnonzero((own[:-1] - after > step / 4) & (step > DISTINCT))
    return sorted({int(frame) for frame in (*late, *early)})


def make_trait(name: str, folder: Path) -> Path:
    """Make the footage of this name, one of `TRAITS` or `FAULTS`, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    return {**TRAITS, **FAULTS}[name](folder)


def _clip(name: str = "footage.mp4", **options: object) -> Callable[[Path], Path]:
    return lambda folder: make_clip(folder / name, **options)  # type: ignore[arg-type] # options are make_clip's own


def _variable_rate(folder: Path) -> Path:
    """Thirty a second that loses single frames and three in a row, so that no constant grid shows each frame once."""
    keep = "select='not(eq(mod(n,10),7)+between(n,33,35))'"
    return make_clip(folder / "footage.mp4", rate="30", video_filter=keep, output_options="-fps_mode vfr")


def _jittered(folder: Path) -> Path:
    """Frames up to an eighth of their place away from it, as a camera's clock has it."""
    jitter = "settb=1/90000,setpts='PTS+450*sin(N)'"
    return make_clip(folder / "footage.mp4", video_filter=jitter, output_options="-fps_mode passthrough")


def _rotated(degrees: int) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        stored = make_clip(folder / "stored.mp4")
        return remux(stored, folder / "footage.mp4", after=f"-metadata:s:v rotate={360 - degrees}")

    return make


def _edit_list(folder: Path) -> Path:
    """Cut by stream copy in the middle of a GOP: an edit list hides the frames from the keyframe to the cut."""
    return remux(make_clip(folder / "whole.mp4", seconds=4), folder / "footage.mp4", before="-ss 1.4", after="-t 2")


def _sound_from(start_s: float, seconds: float) -> Callable[[Path], Path]:
    """Sound that begins and ends elsewhere than the picture; a negative start is before the picture's."""

    def make(folder: Path) -> Path:
        picture = make_clip(folder / "picture.mp4", audio=None)
        shift = ("-itsoffset", str(start_s))
        tone = ("-f", "lavfi", "-t", str(seconds), "-i", "sine=frequency=440:sample_rate=44100")
        target = folder / "footage.mkv"
        _ffmpeg("-i", str(picture), *shift, *tone, *["-c:v", "copy", "-c:a", "aac", "-copyts"], str(target))
        return target

    return make


def _sound_track_empty(folder: Path) -> Path:
    """A sound track that was announced and never written, as of a camera that was muted."""
    picture, target = make_clip(folder / "picture.mp4", audio=None), folder / "footage.mkv"
    nothing = (
        "-f",
        "lavfi",
        "-i",
        "sine",
        "-filter_complex",
        "[1:a]atrim=end_sample=0[a]",
        "-map",
        "0:v",
        "-map",
        "[a]",
    )
    _ffmpeg("-i", str(picture), *nothing, *["-c:v", "copy", "-c:a", "aac", "-t", "2"], str(target))
    return target


def _picture_late(folder: Path) -> Path:
    sound_and_picture = make_clip(folder / "together.mp4")
    target = folder / "footage.mp4"
    late = ("-itsoffset", "0.7", "-i", str(sound_and_picture), "-i", str(sound_and_picture))
    _ffmpeg(*late, *["-map", "0:v", "-map", "1:a", "-c", "copy"], str(target))
    return target


def _with_cover(folder: Path) -> Path:
    """A second video stream that is only a cover."""
    film, cover, target = make_clip(folder / "film.mp4"), folder / "cover.png", folder / "footage.mp4"
    _ffmpeg("-i", str(film), *["-frames:v", "1", "-update", "1"], str(cover))
    inputs = ("-i", str(cover), "-i", str(film))
    _ffmpeg(*inputs, *["-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic"], str(target))
    return target


TRAITS: Mapping[str, Callable[[Path], Path]] = {
    "rate_10": _clip(rate="10", gop_frames=10),
    "rate_24": _clip(rate="24", gop_frames=24),
    "rate_25": _clip(),
    "rate_29_97": _clip(rate="30000/1001", gop_frames=15),
    "rate_30": _clip(rate="30", gop_frames=30, audio="sine=sample_rate=44100,aformat=channel_layouts=stereo"),
    "rate_50": _clip(rate="50", gop_frames=50, audio="sine=sample_rate=44100"),
    "rate_59_94": _clip(rate="60000/1001", gop_frames=30, audio="sine=sample_rate=44100"),
    "rate_60": _clip(rate="60", gop_frames=60, audio=None),
    "variable_rate": _variable_rate,
    "jittered_rate": _jittered,
    "no_audio": _clip(audio=None),
    "audio_longer": _sound_from(0, 3.5),
    "audio_shorter": _sound_from(0, 1.2),
    "audio_late": _sound_from(0.8, 1.0),
    "audio_empty": _sound_track_empty,
    "picture_late": _picture_late,
    "portrait": _clip(size="108x192"),
    "rotated_90": _rotated(90),
    "rotated_180": _rotated(180),
    "rotated_270": _rotated(270),
    "odd_size": _clip(size="191x107", video_filter="format=yuv444p", name="footage.mkv"),
    "wide_pixels": _clip(video_filter="setsar=4/3"),
    "large": _clip(size="1280x720"),
    "b_frames": _clip(video_options="-c:v libx264 -preset ultrafast -bf 3"),
    "open_gop": _clip(
        video_options="-c:v libx264 -preset ultrafast -bf 3 -x264-params open-gop=1", gop_frames=22, seconds=4
    ),
    "long_gop": _clip(gop_frames=200, seconds=9),
    "ten_bit": _clip(video_filter="format=yuv420p10le"),
    "hevc": _clip(video_options="-c:v libx265 -preset ultrafast -x265-params log-level=none", seconds=4),
    "full_range": _clip(video_filter="scale=out_range=pc,format=yuvj420p"),
    "fragmented": _clip(audio=None, output_options="-movflags +frag_keyframe+empty_moov+default_base_moof"),
    "edit_list": _edit_list,
    "with_cover": _with_cover,
    "matroska": _clip(name="footage.mkv", rate="30000/1001"),
    "transport_stream": _clip(name="footage.ts", rate="30000/1001", output_options="-f mpegts"),
    "avi": _clip(name="footage.avi", video_options="-c:v mjpeg", audio_options="-c:a pcm_s16le"),
    "one_frame": _clip(seconds=0.04),
}
"""Good footage by name; about two seconds and a few kilobytes each."""


def _empty(folder: Path) -> Path:
    return _written(folder, b"")


def _text(folder: Path) -> Path:
    return _written(folder, b"This is not a film.\n" * 100)


def _ffconcat(folder: Path) -> Path:
    make_clip(folder / "secret.mp4")
    return _written(folder, b"ffconcat version 1.0\nfile secret.mp4\n")


def _playlist(folder: Path) -> Path:
    make_clip(folder / "secret.ts", output_options="-f mpegts")
    return _written(folder, b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nsecret.ts\n#EXT-X-ENDLIST\n")


def _index_missing(folder: Path) -> Path:
    whole = make_clip(folder / "whole.mp4").read_bytes()
    return _written(folder, whole[: len(whole) * 7 // 10])


def _truncated(flags: str, *, at_packet: int | None = None) -> Callable[[Path], Path]:
    """Index first, then cut: in the middle of a packet, or exactly where one begins."""

    def make(folder: Path) -> Path:
        whole = make_clip(folder / "whole.mp4", audio=None, output_options=f"-movflags {flags}")
        end = whole.stat().st_size * 7 // 10
        if at_packet is not None:
            ask = ["ffprobe", "-v", "error", "-show_entries", "packet=pos", "-of", "default=nk=1:nw=1"]
            positions = subprocess.run([*ask, str(whole)], check=True, capture_output=True, text=True).stdout.split()
            end = int(positions[at_packet])
        return _written(folder, whole.read_bytes()[:end])

    return make


def _bits_flipped(folder: Path) -> Path:
    """Twenty wrong bytes in the pictures; the index is whole."""
    whole = bytearray(make_clip(folder / "whole.mp4", output_options="-movflags +faststart").read_bytes())
    first = whole.index(b"mdat") + 2000
    for position in range(first, len(whole) - 100, (len(whole) - first) // 20):
        whole[position] ^= 0xFF
    return _written(folder, bytes(whole))


def _begins_mid_stream(folder: Path) -> Path:
    """A transport stream that was joined late: its first frames need what came before."""
    whole = make_clip(folder / "whole.ts", audio=None, output_options="-f mpegts").read_bytes()
    packets = [whole[at : at + 188] for at in range(0, len(whole), 188)]
    return _written(folder, b"".join(packets[:3] + packets[len(packets) // 5 :]))


def _bomb(folder: Path) -> Path:
    """A few hundred bytes that ask for a picture of 16000 by 16000: its own header does, the container's does not."""
    target = folder / "footage.mp4"
    _ffmpeg(*["-f", "lavfi", "-i", "color=black:size=64x64:rate=1", "-frames:v", "1", "-c:v", "png"], str(target))
    head, honest = b"IHDR", (64).to_bytes(4, "big") * 2
    return _written(folder, target.read_bytes().replace(head + honest, head + (16_000).to_bytes(4, "big") * 2))


def _sound_only(folder: Path) -> Path:
    target = folder / "footage.mp4"
    _ffmpeg(*["-f", "lavfi", "-t", "2", "-i", "sine=frequency=440", "-c:a", "aac"], str(target))
    return target


def _sound_with_cover(folder: Path) -> Path:
    """A piece of music: its one picture is a cover."""
    sound, cover, target = _sound_only(folder), folder / "cover.png", folder / "covered.m4a"
    _ffmpeg(*["-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", "-update", "1"], str(cover))
    both = ("-i", str(sound), "-i", str(cover))
    _ffmpeg(*both, *["-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic"], str(target))
    return target


def _written(folder: Path, data: bytes) -> Path:
    target = folder / "footage.mp4"
    target.write_bytes(data)
    return target


FAULTS: Mapping[str, Callable[[Path], Path]] = {
    "empty": _empty,
    "text": _text,
    "ffconcat": _ffconcat,
    "playlist": _playlist,
    "sound_only": _sound_only,
    "sound_with_cover": _sound_with_cover,
    "bomb": _bomb,
    "index_missing": _index_missing,
    "truncated": _truncated("+faststart"),
    "truncated_at_a_packet": _truncated("+faststart", at_packet=40),
    "truncated_fragments": _truncated("+frag_keyframe+empty_moov+default_base_moof"),
    "bits_flipped": _bits_flipped,
    "begins_mid_stream": _begins_mid_stream,
}
"""Bad footage by name."""


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], check=True, capture_output=True)
