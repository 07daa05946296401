"""What is in this footage, and how is it made viewable and cut?

Each method runs ffmpeg or ffprobe in the sandbox, judges how it ended, and checks what it made before anybody sees
it: a file appears under its name whole and verified, or not at all.
"""

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore

from pipeline.adapters.ffmpeg import argv
from pipeline.adapters.ffmpeg.boxes import ends_early, refuse_missing_media, size_bytes_of
from pipeline.adapters.ffmpeg.checks import check_cuts
from pipeline.adapters.ffmpeg.cutting import CLIP_LIST, clip_name, cut_argv
from pipeline.adapters.ffmpeg.faults import (
    asked_too_much,
    blame,
    last_words,
    refuse_cut_short,
)
from pipeline.adapters.ffmpeg.identity import identify
from pipeline.adapters.ffmpeg.kept_parts import KeptParts
from pipeline.adapters.ffmpeg.likeness import measure_likeness
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.ffmpeg.listening import find_silent_head
from pipeline.adapters.ffmpeg.lost_sound import find_lost_sound
from pipeline.adapters.ffmpeg.packets import PacketReader, Packets, grid_frames
from pipeline.adapters.ffmpeg.pictures import STRIP, strip_argv
from pipeline.adapters.ffmpeg.probe import Header
from pipeline.adapters.ffmpeg.renderer import Rendered, Renderer
from pipeline.adapters.ffmpeg.rendering import Work
from pipeline.adapters.ffmpeg.softening import SOFTENED, soften_argv
from pipeline.adapters.ffmpeg.stream_digests import digest_streams
from pipeline.adapters.sandbox import OUTPUT_FOLDER, Finished, Sandbox, find_program, working_folder
from pipeline.domain.clip import PlannedClip
from pipeline.domain.damage import DecodedFrames
from pipeline.domain.duplicate import StreamDigests
from pipeline.domain.media import Bars, MediaFacts
from pipeline.domain.recipe import Recipe
from pipeline.errors import (
    DamagedMediaError,
    EmptyUploadError,
    MediaLimitError,
    MediaToolError,
    UnreadableMediaError,
)


class Ffmpeg:
    """Ffmpeg within limits. Safe to share between threads; every call works in a folder of its own."""

    def __init__(self, *, limits: Limits, scratch: Path, must_wall: bool = False, jobs: int | None = None) -> None:
        """Take limits, a folder to work in, whether walls are required, and how many may encode at once."""
        self._limits = limits
        self._must_wall = must_wall
        self._scratch = scratch / "ffmpeg"
        self._renderer = Renderer(
            limits=limits,
            sandbox=lambda: self._sandbox("ffmpeg"),
            probe=self.probe,
            slots=BoundedSemaphore(jobs or os.cpu_count() or 1),
        )

    @cached_property
    def identity(self) -> str:
        """Version and digest of the program and its codecs: the same text, the same bytes.

        Raises:
            SettingsError: ffmpeg is not installed.
            MediaToolError: it was stopped from outside; asking again is safe.
        """
        return identify(find_program("ffmpeg"))

    def probe(self, path: Path, *, is_damaged: bool = False) -> MediaFacts:
        """Read what a file says of itself and count its packets. Decodes almost nothing.

        With `is_damaged`, what is missing at its end is overlooked: the facts are those of the part that is there.

        Raises:
            EmptyUploadError: it has no bytes.
            UnreadableMediaError: it is not media in a container that we take.
            NoVideoStreamError: there is no picture in it.
            DamagedMediaError: packets that its index lists are not in it.
            MediaLimitError: it asks for more pixels, streams, frames or time than allowed.
            MediaToolError: ffprobe was stopped from outside, or the file is gone.
            SettingsError: ffprobe is not installed.
        """
        size_bytes = size_bytes_of(path)
        if size_bytes == 0:
            raise EmptyUploadError("expected media, found a file of 0 bytes")
        header = self._header(path)
        if not is_damaged:
            refuse_missing_media(path, size_bytes)
        packets = self._packets(path, int(header.video["index"]), is_damaged=is_damaged)
        return header.facts(packets, self._limits)

    def survey(self, path: Path, facts: MediaFacts) -> DecodedFrames:
        """Decode all of damaged footage strictly: which frames come, which are lost, and where is sound lost?

        Raises:
            DamagedMediaError: the container cannot be read any more.
            MediaLimitError: it took longer than allowed.
            MediaToolError: ffmpeg was stopped from outside, or the file is gone.
        """
        video = facts.video
        lines: list[bytes] = []
        wall_s = self._limits.encoding_wall_s(video.duration_s)
        finished = self._read(argv.survey_argv(video, self._limits), "ffmpeg", path, wall_s, lines.append)
        if finished.returncode != 0:
            raise blame(finished, "decoding what is left", DamagedMediaError)
        packets = self._packets(path, video.stream_index, is_damaged=True)
        decoded = [int(line.split(b",")[2]) for line in lines if line[:1].isdigit()]
        return DecodedFrames(
            expected=grid_frames(packets.shown_ticks, video),
            decoded=grid_frames(decoded, video),
            ends_early=ends_early(path, finished),
            lost_sound=find_lost_sound(self._read, path, facts, self._limits, wall_s),
        )

    def render(
        self,
        source: Path,
        facts: MediaFacts,
        recipe: Recipe,
        *,
        cut_frames: Sequence[int],
        target: Path,
        beside: Path | None = None,
        is_damaged: bool = False,
        progress: Callable[[Fraction], None] | None = None,
    ) -> Rendered:
        """Render one file: `render_chapters` of one; it raises what that does."""
        return self.render_chapters(
            [(source, facts)],
            facts,
            recipe,
            cut_frames=cut_frames,
            target=target,
            beside=beside,
            is_damaged=is_damaged,
            progress=progress,
        )

    def render_chapters(
        self,
        chapters: Sequence[tuple[Path, MediaFacts]],
        facts: MediaFacts,
        recipe: Recipe,
        *,
        cut_frames: Sequence[int],
        target: Path,
        beside: Path | None = None,
        is_damaged: bool = False,
        unfinished: Path | None = None,
        progress: Callable[[Fraction], None] | None = None,
    ) -> Rendered:
        """Decode once and encode once, with a keyframe wherever a clip will begin.

        Chapters are files with the facts of each, shown one after the other; `facts` are those of all together. The
        sound of each is laid beside its own picture, with silence where there is none.

        Long recordings are encoded in chunks, side by side (`pipeline.domain.chunk`). With `beside`, a folder, what
        comes out of the same decode is kept there: sound for analysis, thumbnails, measures. With `unfinished`, a
        folder for these sources, recipe and tool alone, chunks that are done outlive this process there, and are not
        encoded again; whoever has the rendition safe removes it.

        The decode is strict and so the check that nothing is damaged. With `is_damaged`, for footage that is known to
        be, frames that do not decode show what the decoder guesses or the frame before them, each in its own place.

        The rendition has exactly `facts.video.frame_count` frames: what `plan_clips` counted with. Safe to repeat:
        the same source, recipe and cuts give the same bytes. `progress` is told the part done, 0 to 1.

        Raises:
            DamagedMediaError: a frame does not decode, or fewer or more do than there are packets.
            MediaLimitError: it took more time, memory or room than allowed.
            RenditionMismatchError: ffmpeg made something else than planned.
            MediaToolError: ffmpeg was stopped from outside, ran out of disk, or the source is gone.
            SettingsError: ffmpeg is not installed.

        After any of them there is nothing at `target` or in `beside` that was not there before.
        """
        for path, _ in chapters:
            size_bytes = size_bytes_of(path)
            if not is_damaged:
                refuse_missing_media(path, size_bytes)
        work = Work(tuple(chapter for _, chapter in chapters), facts, recipe, tuple(cut_frames), is_damaged)
        return self._renderer.render(
            [path for path, _ in chapters],
            work,
            target=target,
            beside=beside,
            kept=KeptParts(unfinished),
            progress=progress,
        )

    def cut(self, rendition: Path, planned: Sequence[PlannedClip], target_dir: Path) -> tuple[Path, ...]:
        """Cut a rendition of ours into its clips by stream copy, one file each, named by ordinal, in order.

        Each begins at 0 with a keyframe and has the planned number of frames. Safe to repeat: the same bytes again.

        Raises:
            MediaToolError: ffmpeg was stopped from outside or ran out of disk, or the clips do not tile the rendition.
            MediaLimitError: it took more time or room than allowed.
            SettingsError: ffmpeg is not installed.

        After any of them `target_dir` has no clip that it had not before.
        """
        audio = self._header(rendition).audio
        if audio is None or [clip.start_frame for clip in planned] != [0, *(clip.end_frame for clip in planned[:-1])]:
            raise MediaToolError(f"expected a rendition with sound and clips that tile it, found {len(planned)} clips")
        frame_rate = planned[-1].end_frame / planned[-1].span.end_s
        with working_folder(target_dir, ".part") as folder:
            finished = self._sandbox("ffmpeg").run(
                cut_argv(planned, frame_rate, int(audio["sample_rate"]), self._limits),
                folder=folder,
                inputs={argv.SOURCE: rendition},
                wall_s=self._limits.reading_wall_s(size_bytes_of(rendition)),
            )
            if finished.returncode != 0:
                raise MediaToolError(f"cutting failed: {last_words(finished)}")
            made = folder / OUTPUT_FOLDER
            check_cuts((made / CLIP_LIST).read_text(), planned=planned)
            names = [clip_name(clip) for clip in planned]
            return tuple((made / name).replace(target_dir / name) for name in names)

    def digest_streams(self, path: Path, facts: MediaFacts) -> StreamDigests:
        """The digests of the packets of picture and sound: the same whatever container they lie in. Decodes nothing.

        Raises:
            UnreadableMediaError: the packets cannot be read, or not brought to one form.
            MediaLimitError: it took longer than allowed.
            MediaToolError: ffmpeg was stopped from outside.
        """
        wall_s = self._limits.reading_wall_s(size_bytes_of(path))
        sandbox, scratch = self._sandbox("ffmpeg"), self._scratch
        return digest_streams(sandbox, path, facts, scratch=scratch, limits=self._limits, wall_s=wall_s)

    def strip(self, clip: Path, frame_count: int, *, pictures: int, height_px: int, target: Path) -> None:
        """Pictures of a clip, evenly spaced and side by side, as one JPEG. Safe to repeat.

        Raises:
            DamagedMediaError: it does not decode.
            MediaLimitError: it took longer than allowed.
            MediaToolError: ffmpeg was stopped from outside, or ran out of disk.

        After any of them there is nothing at `target` that was not there before.
        """
        size_bytes_of(clip)
        command = strip_argv(frame_count, self._limits, pictures=pictures, height_px=height_px)
        self._make_of_clip(clip, command, STRIP, target, "taking pictures")

    def soften(self, clip: Path, frame_rate: Fraction, target: Path) -> None:
        """Make the same clip without colour, detail and sound; raises what `strip` does. Safe to repeat."""
        header = self._header(clip)
        rate_hz = int(header.audio["sample_rate"]) if header.audio else 0
        command = soften_argv(frame_rate, rate_hz, int(header.video["height"]), self._limits)
        self._make_of_clip(clip, command, SOFTENED, target, "softening")

    def _make_of_clip(self, clip: Path, command: list[str], made: str, target: Path, doing: str) -> None:
        with working_folder(target.parent, f"{target.name}.part") as folder:
            finished = self._sandbox("ffmpeg").run(
                command, folder=folder, inputs={argv.SOURCE: clip}, wall_s=self._limits.wall_s
            )
            if finished.returncode != 0:
                raise blame(finished, doing, DamagedMediaError)
            (folder / OUTPUT_FOLDER / made).replace(target)

    def keyframe_pictures(
        self, rendition: Path, duration_s: Fraction, *, side_px: int, first_s: int, target: Path
    ) -> None:
        """Write grey keyframes of the first seconds of a rendition of ours, one after the other.

        Raises:
            MediaToolError: ffmpeg failed on it, or was stopped from outside.
            MediaLimitError: it took longer than allowed.
        """
        self._sample(argv.keyframe_pictures_argv(side_px, first_s, self._limits), rendition, duration_s, target)

    def pictures(
        self, rendition: Path, duration_s: Fraction, *, side_px: int, per_s: int, bars: Bars, target: Path
    ) -> None:
        """Write small grey pictures of a rendition of ours, without its bars, so many a second, one after the other.

        Raises:
            MediaToolError: ffmpeg failed on it, or was stopped from outside.
            MediaLimitError: it took longer than allowed.
        """
        self._sample(argv.pictures_argv(side_px, per_s, bars, self._limits), rendition, duration_s, target)

    def _sample(self, arguments: list[str], rendition: Path, duration_s: Fraction, target: Path) -> None:
        size_bytes_of(rendition)
        with working_folder(target.parent, f"{target.name}.part") as folder:
            finished = self._sandbox("ffmpeg").run(
                arguments,
                folder=folder,
                inputs={argv.SOURCE: rendition},
                wall_s=self._limits.encoding_wall_s(duration_s),
            )
            if finished.returncode != 0:
                raise MediaToolError(f"looking at a rendition failed: {last_words(finished)}")
            (folder / OUTPUT_FOLDER / argv.PICTURES).replace(target)

    def frame_hashes(self, path: Path) -> tuple[str, ...]:
        """The MD5 of each decoded frame of a rendition or clip, in the order shown: what `ffmpeg -f framemd5` prints.

        Raises:
            DamagedMediaError: it does not decode.
            MediaLimitError: it took longer than allowed.
            MediaToolError: ffmpeg was stopped from outside.
        """
        lines: list[bytes] = []
        arguments = argv.frame_hashes_argv(self._limits)
        finished = self._read(arguments, "ffmpeg", path, self._limits.wall_s, lines.append)
        if finished.returncode != 0:
            raise blame(finished, "decoding", DamagedMediaError)
        refuse_cut_short(finished)
        return tuple(line.rsplit(b",", 1)[1].strip().decode() for line in lines if line[:1].isdigit())

    def _sandbox(self, program: str) -> Sandbox:
        return Sandbox(limits=self._limits.of_a_child, program=program, must_wall=self._must_wall)

    def silent_head_s(self, path: Path, facts: MediaFacts) -> Fraction | None:
        """Seconds from the first frame in which there is nothing to hear: sound is absent, or silent.

        Decodes the first minutes of the sound. `None` where there is no sound at all.

        Raises:
            DamagedMediaError: the sound does not decode.
            MediaLimitError: it took longer than allowed.
            MediaToolError: ffmpeg was stopped from outside.
        """
        return find_silent_head(self._read, path, facts, self._limits, self._limits.reading_wall_s(size_bytes_of(path)))

    def likeness(
        self,
        source: Path,
        rendition: Path,
        facts: MediaFacts,
        *,
        from_s: Fraction,
        rendition_from_s: Fraction,
        size_px: tuple[int, int],
    ) -> int | None:
        """SSIM of a few frames of a rendition of ours against its source, from a keyframe of both on, in thousandths.

        Raises:
            MediaToolError: ffmpeg failed on what it decoded before, or was stopped from outside.
            MediaLimitError: it took longer than allowed.
        """
        both, begin_s = [source, rendition], (from_s, rendition_from_s)
        return measure_likeness(self._run_on, both, facts.video, from_s=begin_s, size_px=size_px, limits=self._limits)

    def _header(self, path: Path) -> Header:
        answer: list[bytes] = []
        wall_s = self._limits.reading_wall_s(size_bytes_of(path))
        finished = self._read(argv.probe_container_argv(self._limits), "ffprobe", path, wall_s, answer.append)
        if finished.returncode != 0:
            raise blame(finished, "reading the container", UnreadableMediaError)
        try:
            return Header.parse(b"\n".join(answer), self._limits)
        except UnreadableMediaError as exc:
            # Refused frames of too many pixels leave a header without a picture.
            if asked_too_much(finished):
                raise MediaLimitError(f"reading asked for more than allowed: {last_words(finished)}") from exc
            raise

    def _packets(self, path: Path, stream_index: int, *, is_damaged: bool) -> Packets:
        reader = PacketReader(self._limits)
        wall_s = self._limits.reading_wall_s(size_bytes_of(path))
        arguments = argv.probe_packets_argv(stream_index, self._limits)
        finished = self._read(arguments, "ffprobe", path, wall_s, reader.add_line)
        if finished.returncode != 0:
            raise blame(finished, "reading packets", UnreadableMediaError)
        if not is_damaged:
            refuse_cut_short(finished)
        return reader.read()

    def _read(
        self, arguments: list[str], program: str, path: Path, wall_s: int, on_line: Callable[[bytes], None]
    ) -> Finished:
        return self._run_on([path], arguments, wall_s, on_line, program=program)

    def _run_on(
        self,
        files: Sequence[Path],
        arguments: list[str],
        wall_s: int,
        on_line: Callable[[bytes], None],
        *,
        program: str = "ffmpeg",
    ) -> Finished:
        inputs = {argv.source_name(number): path for number, path in enumerate(files) if size_bytes_of(path) >= 0}
        with working_folder(self._scratch) as folder:
            return self._sandbox(program).run(arguments, folder=folder, inputs=inputs, wall_s=wall_s, on_line=on_line)
