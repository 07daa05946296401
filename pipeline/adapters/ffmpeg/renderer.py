"""How is a recording rendered, with all cores at work, and nothing left behind by a failure?

Each chunk, and the sound of a recording of several, is one ffmpeg process in a folder of its own; at most as many
chunks are encoded at once as there are slots, whichever recordings they are of. The first that fails stops the others
of its recording. What they made is then put together, read back and compared with the plan, and only then gets a name.
Where there are several, each is kept when it is done, until all are: who comes after a kill goes on from there.
"""

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import BoundedSemaphore, Lock

from pipeline.adapters.ffmpeg import argv
from pipeline.adapters.ffmpeg.assembling import CONTACT_SHEET, RENDITION, SHEETS, assemble_argv
from pipeline.adapters.ffmpeg.checks import check_rendition
from pipeline.adapters.ffmpeg.faults import blame, last_words, refuse_cut_short, refuse_lost
from pipeline.adapters.ffmpeg.kept_parts import KeptParts
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.measuring import read_picture_measures, read_sound_measures
from pipeline.adapters.ffmpeg.observing import BARS, GREY, LOUDNESS, MEASURES, THUMBNAILS, WAV
from pipeline.adapters.ffmpeg.rendering import PICTURE, SOUND, Work, chunk_argv, progress_reader, sound_argv
from pipeline.adapters.ffmpeg.sampling import Sampling
from pipeline.adapters.sandbox import OUTPUT_FOLDER, Finished, Sandbox, Stop, StoppedError, working_folder
from pipeline.domain.chunk import Chunk, plan_chunks
from pipeline.domain.measures import PictureMeasures, SoundMeasures
from pipeline.domain.media import MediaFacts
from pipeline.domain.small_pictures import GREY_PER_S, GREY_SIDE_PX
from pipeline.errors import DamagedMediaError, MediaToolError, RejectedInputError

_COPIED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Beside:
    """What came out beside a rendition, as files in a folder of the caller's."""

    sound: Path | None
    """For analysis; `None` where there is no sound."""
    sheets: tuple[Path, ...]
    """Of thumbnails."""
    contact_sheet: Path
    grey: Path
    """Grey pictures of `GREY_SIDE_PX` squared, `GREY_PER_S`, one after the other."""
    bars: Path
    """Grey pictures of `BARS_SIDE_PX` squared of the first minutes, one a second."""
    picture: PictureMeasures
    loudness: SoundMeasures | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a rendition turned out to be, read back from its file."""

    frame_count: int
    frame_rate: Fraction
    width_px: int
    height_px: int
    beside: Beside | None
    """`None` where nobody asked for it."""

    @property
    def duration_s(self) -> Fraction:
        """Length of the picture, and to the sample of the sound."""
        return self.frame_count / self.frame_rate


class Renderer:
    """Renders recordings. Safe to share between threads, which then share its slots."""

    def __init__(
        self,
        *,
        limits: Limits,
        sandbox: Callable[[], Sandbox],
        probe: Callable[[Path], MediaFacts],
        slots: BoundedSemaphore,
    ) -> None:
        self._limits = limits
        self._sandbox = sandbox
        self._probe = probe
        self._slots = slots

    def render(
        self,
        files: Sequence[Path],
        work: Work,
        *,
        target: Path,
        beside: Path | None,
        kept: KeptParts,
        progress: Callable[[Fraction], None] | None,
    ) -> Rendered:
        """Carry out the work; what it makes is at `target` and in the folder `beside`, whole, or not at all.

        Raises:
            RejectedInputError: as `Ffmpeg.render_chapters`.
            MediaToolError: likewise.
        """
        try:
            return self._render(files, work, target=target, beside=beside, kept=kept, told=_Told(work, progress))
        except RejectedInputError:
            kept.clear()  # what comes of this footage now is made in another way, or not at all
            raise

    def _render(
        self,
        files: Sequence[Path],
        work: Work,
        *,
        target: Path,
        beside: Path | None,
        kept: KeptParts,
        told: "_Told",
    ) -> Rendered:
        with working_folder(target.parent, f"{target.name}.part") as folder:
            chunks = plan_chunks(
                work.files,
                cut_frames=work.cut_frames,
                longest_s=work.recipe.chunk_s,
                is_damaged=work.is_damaged,
            ).chunks
            parts = self._run_side_by_side(files, chunks, work, folder, kept=kept, told=told)
            joined = _join(parts[: len(chunks)], work, folder / "joined")
            with working_folder(folder, "whole") as whole:
                found = self._assemble(joined, parts[-1], work, whole)
                rendition = whole / OUTPUT_FOLDER / RENDITION
                made = self._probe(rendition)
                check_rendition(made, source=work.facts.video, recipe=work.recipe, cut_frames=work.cut_frames)
                looked_at = None if beside is None else _keep(found, parts, chunks, work, beside)
                rendition.replace(target)
        video = made.video
        return Rendered(video.frame_count, video.frame_rate, video.width_px, video.height_px, looked_at)

    def _run_side_by_side(
        self,
        files: Sequence[Path],
        chunks: Sequence[Chunk],
        work: Work,
        folder: Path,
        *,
        kept: KeptParts,
        told: "_Told",
    ) -> list[Path]:
        """Run every command; the folders of what they made: one a chunk, and last the one that has the sound."""
        is_one = len(chunks) == len(work.files) == 1
        if is_one:
            kept = KeptParts(None)  # when the only part is done, little is left to do

        def picture(chunk: Chunk) -> Path:
            arguments = chunk_argv(chunk, work, self._limits, with_sound=is_one)
            # The command has our name for its input: which file that is must be said.
            made_by = [f"file {chunk.file}", *arguments]
            on_line = progress_reader(chunk.number, told.frames)
            wall_s = self._limits.encoding_wall_s(chunk.frame_count / work.facts.video.frame_rate)
            part = folder / f"chunk-{chunk.number:04d}"
            if kept.take(made_by, part / OUTPUT_FOLDER):
                told.frames(chunk.number, chunk.frame_count)
                return part
            with self._slots:
                finished = self._run(part, arguments, [files[chunk.file]], wall_s=wall_s, on_line=on_line, stop=stop)
            self._judge(finished, work)
            if not work.is_damaged:
                refuse_lost(finished, work.files[chunk.file], chunk)
            kept.keep(made_by, part / OUTPUT_FOLDER)
            return part

        def sound() -> Path:
            # Without a slot: it costs a thirtieth of a picture, and would leave a core idle before or after them.
            wall_s = self._limits.encoding_wall_s(work.facts.video.duration_s)
            part, arguments = folder / "sound", sound_argv(work, self._limits)
            made_by = ["sound", *arguments]
            if kept.take(made_by, part / OUTPUT_FOLDER):
                return part
            finished = self._run(part, arguments, files, wall_s=wall_s, on_line=None, stop=stop)
            self._judge(finished, work)
            kept.keep(made_by, part / OUTPUT_FOLDER)
            return part

        with Stop() as stop, ThreadPoolExecutor(len(chunks) + 1, thread_name_prefix="render") as pool:
            started = [] if is_one else [pool.submit(sound)]
            started = [*(pool.submit(picture, chunk) for chunk in chunks), *started]
            try:
                return _all_or_first_failure(started)
            finally:
                stop.give()

    def _run(
        self,
        part: Path,
        arguments: list[str],
        files: Sequence[Path],
        *,
        wall_s: int,
        on_line: Callable[[bytes], None] | None,
        stop: Stop,
    ) -> Finished:
        """Run one command; what it makes stays in its folder, which goes with the folder above."""
        inputs = {argv.source_name(number): path for number, path in enumerate(files)}
        for name in ("in", OUTPUT_FOLDER):
            (part / name).mkdir(parents=True, mode=0o700)
        return self._sandbox().run(arguments, folder=part, inputs=inputs, wall_s=wall_s, on_line=on_line, stop=stop)

    def _judge(self, finished: Finished, work: Work) -> None:
        if finished.returncode != 0:
            raise blame(finished, "decoding and encoding", DamagedMediaError)
        if not work.is_damaged:
            refuse_cut_short(finished)

    def _assemble(self, joined: Path, sound: Path, work: Work, folder: Path) -> "_Assembled":
        out = folder / OUTPUT_FOLDER
        wav = sound / OUTPUT_FOLDER / WAV
        has_wav = work.facts.audio is not None
        inputs = {PICTURE: joined / PICTURE, SOUND: sound / OUTPUT_FOLDER / SOUND, THUMBNAILS: joined / THUMBNAILS}
        arguments = assemble_argv(
            work.facts.video.frame_rate,
            work.recipe.audio_sample_rate_hz,
            self._limits,
            duration_s=work.facts.video.duration_s,
            has_wav=has_wav,
        )
        finished = self._sandbox().run(
            arguments,
            folder=folder,
            inputs=inputs | ({WAV: wav} if has_wav else {}),
            wall_s=self._limits.encoding_wall_s(work.facts.video.duration_s),
        )
        if finished.returncode != 0:
            raise MediaToolError(f"putting a rendition together failed: {last_words(finished)}")
        return _Assembled(
            sheets=sorted(out.glob(SHEETS)),
            contact_sheet=out / CONTACT_SHEET,
            loudness=read_sound_measures(out / LOUDNESS) if has_wav else None,
            wav=wav if has_wav else None,
            joined=joined,
        )


@dataclass(frozen=True, slots=True)
class _Assembled:
    sheets: list[Path]
    contact_sheet: Path
    loudness: SoundMeasures | None
    wav: Path | None
    joined: Path


class _Told:
    """Adds up how far chunks are, and tells it."""

    def __init__(self, work: Work, progress: Callable[[Fraction], None] | None) -> None:
        self._all = work.facts.video.frame_count
        self._done: dict[int, int] = {}
        self._lock = Lock()
        self._progress = progress

    def frames(self, chunk: int, done: int) -> None:
        if self._progress is None:
            return
        with self._lock:
            self._done[chunk] = max(done, self._done.get(chunk, 0))
            self._progress(min(Fraction(sum(self._done.values()), self._all), Fraction(1)))


def _all_or_first_failure(started: Sequence[Future[Path]]) -> list[Path]:
    """The results of all, in order; as soon as one fails, its error."""
    wait(started, return_when=FIRST_EXCEPTION)
    failures = [one.exception() for one in started if one.done() and not one.cancelled()]
    for failure in failures:
        if failure is not None and not isinstance(failure, StoppedError):
            for one in started:
                one.cancel()
            raise failure
    return [one.result() for one in started]


def _join(parts: Sequence[Path], work: Work, folder: Path) -> Path:
    """The pictures, thumbnails and grey pictures of all chunks, each as one file."""
    folder.mkdir(mode=0o700)
    for name in (PICTURE, THUMBNAILS, BARS):
        with (folder / name).open("wb") as joined:
            for part in parts:
                source = part / OUTPUT_FOLDER / name
                if source.exists():
                    with source.open("rb") as stream:
                        shutil.copyfileobj(stream, joined, _COPIED_BYTES)
    video = work.facts.video
    repeats = Sampling(Fraction(GREY_PER_S), video.frame_rate).repeats(video.frame_count)
    with (folder / GREY).open("wb") as joined:
        for part in parts:
            with (part / OUTPUT_FOLDER / GREY).open("rb") as stream:
                while picture := stream.read(GREY_SIDE_PX**2):
                    joined.write(picture * next(repeats, 0))
    return folder


def _keep(found: _Assembled, parts: Sequence[Path], chunks: Sequence[Chunk], work: Work, beside: Path) -> Beside:
    """Move what came out beside to where the caller wants it."""
    video = work.facts.video
    measures = [parts[chunk.number] / OUTPUT_FOLDER / MEASURES for chunk in chunks]
    picture = read_picture_measures(measures, frame_rate=video.frame_rate, frame_count=video.frame_count)
    beside.mkdir(parents=True, exist_ok=True, mode=0o700)

    def move(path: Path) -> Path:
        return path.replace(beside / path.name)

    return Beside(
        sound=None if found.wav is None else move(found.wav),
        sheets=tuple(move(sheet) for sheet in found.sheets),
        contact_sheet=move(found.contact_sheet),
        grey=move(found.joined / GREY),
        bars=move(found.joined / BARS),
        picture=picture,
        loudness=found.loudness,
    )
