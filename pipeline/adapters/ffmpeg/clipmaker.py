"""How do clips for partners come to be, straight from the originals?

Each method runs ffmpeg in the sandbox, judges how it ended, and checks what it made before anybody sees it: a file
appears under its name whole and verified, or not at all. What is made is decided before (`domain.encoding_plan`); here
it is carried out.

Reading begins at a keyframe where the container's index tells of one. Where that turns out to be wrong (an index that
lies, a keyframe that needs what came before), it is done again from the beginning: a recording that came this far has
been decoded whole once.
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import structlog

from pipeline.adapters.ffmpeg import argv
from pipeline.adapters.ffmpeg.boxes import refuse_missing_media
from pipeline.adapters.ffmpeg.clip_checks import (
    PacketHash,
    check_encoding,
    check_excerpt,
    check_in_step,
    check_run,
    check_sound,
)
from pipeline.adapters.ffmpeg.encoding import ClipJob, encode_argv
from pipeline.adapters.ffmpeg.engine import Ffmpeg
from pipeline.adapters.ffmpeg.excerpting import EXCERPT, excerpt_argv, packet_hashes_argv, shown_hashes_argv
from pipeline.adapters.ffmpeg.faults import blame, refuse_cut_short, refuse_decoder_errors
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.plain_mp4 import refuse_more_than_media
from pipeline.adapters.sandbox import OUTPUT_FOLDER, Finished, Sandbox, working_folder
from pipeline.domain.encoding import Piece
from pipeline.domain.media import MediaFacts
from pipeline.domain.recipe import Effort
from pipeline.errors import DamagedMediaError, MediaToolError, RejectedInputError, RenditionMismatchError

log = structlog.get_logger()

Result = TypeVar("Result")

_WORK = {Effort.LOW: 1, Effort.MEDIUM: 8}
"""How much longer than the encoding that the limits are made for: measured at full size, 2.8 CPU-seconds to 0.36."""

_LENGTH_OF_RUN_MAX_S = Fraction(2)
"""Beyond its clips, what a run decodes: the gaps between them, and up to a keyframe."""


@dataclass(frozen=True, slots=True)
class Made:
    """One file that was made, as it reads."""

    path: Path
    frame_count: int
    frame_rate: Fraction
    width_px: int
    height_px: int
    video_codec: str
    audio_codec: str | None

    @classmethod
    def of(cls, path: Path, facts: MediaFacts) -> "Made":
        """What a file says of itself."""
        video, audio = facts.video, facts.audio
        sound = audio.codec if audio else None
        return cls(path, video.frame_count, video.frame_rate, video.width_px, video.height_px, video.codec, sound)


class ClipMaker:
    """Makes clips within limits. Safe to share between threads; every call works in a folder of its own."""

    def __init__(self, media: Ffmpeg, *, limits: Limits, scratch: Path, must_wall: bool = False) -> None:
        self._media = media
        self._limits = limits
        self._must_wall = must_wall
        self._scratch = scratch / "clips"

    @property
    def identity(self) -> str:
        """Version and digest of the program and its codecs: the same text, the same bytes.

        Raises:
            SettingsError: ffmpeg is not installed.
            MediaToolError: it was stopped from outside; asking again is safe.
        """
        return self._media.identity

    def probe(self, path: Path) -> MediaFacts:
        """What a file of ours says of itself: `Ffmpeg.probe`."""
        return self._media.probe(path)

    def encode(
        self,
        jobs: Sequence[ClipJob],
        sources: Mapping[int, Path],
        chapters: Sequence[MediaFacts],
        *,
        target_dir: Path,
        is_damaged: bool = False,
    ) -> dict[str, tuple[Made, ...]]:
        """Decode the clips of a run once and encode each variant of each.

        Args:
            jobs: clips of one recording that follow one another closely, in the order of time.
            sources: the files that they lie in, by number.
            chapters: facts of every file of the recording, in order.
            target_dir: where files appear, all or none.
            is_damaged: whether frames of the recording are known to be lost.

        Returns:
            For each job, by its name, what was made by each of its plans.

        Raises:
            DamagedMediaError: a frame does not decode.
            MediaLimitError: it took more time, memory or room than allowed.
            RenditionMismatchError: ffmpeg made something else than planned.
            MediaToolError: ffmpeg was stopped from outside, ran out of disk, or a source is gone.
            SettingsError: ffmpeg is not installed.

        After any of them there is nothing in `target_dir` that was not there before. Safe to repeat: the same bytes.
        """
        return self._from_keyframe_or_beginning(
            lambda seeks: self._encode(jobs, sources, chapters, target_dir, is_damaged=is_damaged, seeks=seeks)
        )

    def excerpt(self, source: Path, facts: MediaFacts, piece: Piece, *, target: Path) -> Made:
        """Take the packets of a piece out of an original, none encoded again.

        It is checked that they are a run of the original's packets, that they decode to the same frames, and that
        nothing else is in the file. Safe to repeat: the same bytes.

        Raises:
            DamagedMediaError: a frame of the piece does not decode.
            MediaLimitError: it took more time or room than allowed.
            RenditionMismatchError: what was made is no such run, or shows other frames.
            MediaToolError: ffmpeg was stopped from outside, ran out of disk, or the source is gone.
            SettingsError: ffmpeg is not installed.

        After any of them there is nothing at `target` that was not there before.
        """
        return self._from_keyframe_or_beginning(lambda seeks: self._excerpt(source, facts, piece, target, seeks=seeks))

    def _encode(
        self,
        jobs: Sequence[ClipJob],
        sources: Mapping[int, Path],
        chapters: Sequence[MediaFacts],
        target_dir: Path,
        *,
        is_damaged: bool,
        seeks: bool,
    ) -> dict[str, tuple[Made, ...]]:
        arguments = encode_argv(
            jobs, chapters, self._limits, machine=platform.machine(), seeks=seeks, is_damaged=is_damaged
        )
        for path in sources.values():
            _require(path, is_damaged=is_damaged)
        with working_folder(target_dir, ".part") as folder:
            finished = self._sandbox().run(
                arguments,
                folder=folder,
                inputs={argv.source_name(number): path for number, path in sources.items()},
                wall_s=self._wall_s(jobs, chapters, seeks=seeks),
            )
            if finished.returncode != 0:
                raise blame(finished, "decoding and encoding clips", DamagedMediaError)
            if not is_damaged:
                refuse_cut_short(finished)
                for number in sources:
                    _refuse_decoder_errors(finished, chapters[number])
            made = {job.name: [self._checked(folder, job, number) for number in range(len(job.plans))] for job in jobs}
            return {
                name: tuple(Made.of(path.replace(target_dir / path.name), facts) for path, facts in found)
                for name, found in made.items()
            }

    def _checked(self, folder: Path, job: ClipJob, number: int) -> tuple[Path, MediaFacts]:
        path = folder / OUTPUT_FOLDER / job.file_name(number)
        try:
            facts = self._media.probe(path)
        except RejectedInputError as exc:
            # What we made ourselves is never the footage's fault: reading began where there was nothing to decode.
            raise RenditionMismatchError(f"expected a clip with a picture, found none: {exc}") from exc
        check_encoding(facts, job.plans[number])
        refuse_more_than_media(path)
        return path, facts

    def _excerpt(self, source: Path, facts: MediaFacts, piece: Piece, target: Path, *, seeks: bool) -> Made:
        _require(source, is_damaged=False)
        with working_folder(target.parent, f"{target.name}.part") as folder:
            wall_s = self._limits.reading_wall_s(source.stat().st_size)
            arguments = excerpt_argv(facts, piece, self._limits, seeks=seeks)
            finished = self._sandbox().run(arguments, folder=folder, inputs={argv.SOURCE: source}, wall_s=wall_s)
            if finished.returncode != 0:
                raise blame(finished, "taking packets out", DamagedMediaError)
            path = folder / OUTPUT_FOLDER / EXCERPT
            made = self._media.probe(path)
            check_excerpt(made, facts, piece)
            refuse_more_than_media(path)
            around = self._lines(packet_hashes_argv(facts, self._limits, piece=piece, seeks=seeks), source, wall_s)
            inside = self._lines(packet_hashes_argv(made, self._limits), path, wall_s)
            check_sound(made, facts, piece, PacketHash.of_stream(around, 1))
            for stream, what in enumerate(("picture", "sound") if made.audio else ("picture",)):
                mine, theirs = (PacketHash.of_stream(lines, stream) for lines in (inside, around))
                at = check_run(mine, theirs, what=what)
                if what == "sound":
                    check_in_step(mine, theirs, at, facts, piece)
            shown = self._lines(shown_hashes_argv(facts, piece, self._limits, seeks=seeks), source, self._limits.wall_s)
            if _last_words(shown) != list(self._media.frame_hashes(path)):
                raise RenditionMismatchError("expected an excerpt to show the frames of the original, found others")
            return Made.of(path.replace(target), made)

    def _from_keyframe_or_beginning(self, work: Callable[[bool], Result]) -> Result:
        try:
            return work(True)
        except (DamagedMediaError, RenditionMismatchError) as error:
            log.info("clips_made_from_the_beginning", because=type(error).__name__)
            return work(False)

    def _lines(self, arguments: Sequence[str], path: Path, wall_s: int) -> list[bytes]:
        lines: list[bytes] = []
        with working_folder(self._scratch) as folder:
            finished = self._sandbox().run(
                arguments, folder=folder, inputs={argv.SOURCE: path}, wall_s=wall_s, on_line=lines.append
            )
        if finished.returncode != 0:
            raise blame(finished, "reading a clip's packets", DamagedMediaError)
        return lines

    def _wall_s(self, jobs: Sequence[ClipJob], chapters: Sequence[MediaFacts], *, seeks: bool) -> int:
        """Seconds for the clips in all their variants; from the beginning, for all that comes before them as well."""
        rate = chapters[0].video.frame_rate
        plans = [plan for job in jobs for plan in job.plans]
        work_s = sum((plan.duration_s * _WORK[plan.recipe.effort] for plan in plans), _LENGTH_OF_RUN_MAX_S)
        if not seeks:
            work_s += max(piece.end_frame for job in jobs for piece in job.pieces) / rate
        return self._limits.encoding_wall_s(work_s)

    def _sandbox(self) -> Sandbox:
        return Sandbox(limits=self._limits.of_a_child, program="ffmpeg", must_wall=self._must_wall)


def _require(path: Path, *, is_damaged: bool) -> None:
    try:
        size_bytes = path.stat().st_size
    except OSError as exc:
        raise MediaToolError(f"the working copy of the media cannot be read: {exc.strerror}") from exc
    if not is_damaged:
        refuse_missing_media(path, size_bytes)


def _refuse_decoder_errors(finished: Finished, facts: MediaFacts) -> None:
    refuse_decoder_errors(finished, [stream.codec for stream in (facts.video, facts.audio) if stream])


def _last_words(lines: Sequence[bytes]) -> list[str]:
    return [line.rsplit(b",", 1)[1].strip().decode() for line in lines if line[:1].isdigit()]
