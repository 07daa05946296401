"""A long rendition whose process was killed goes on from the chunks that were done, and has the same bytes."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.adapters.ffmpeg.kept_parts import KeptParts
from pipeline.domain.clip import ClipPolicy, plan_clips
from pipeline.domain.joining import join_facts
from pipeline.domain.recipe import VIEWING, Recipe
from pipeline.errors import DamagedMediaError
from tests.footage import make_clip, make_trait
from tests.starts import ffmpegs_started

SHORT = ClipPolicy(stride_s=Fraction(1), minimum_s=Fraction(2, 5))
IN_CHUNKS = replace(VIEWING, chunk_s=Fraction(1))
CHUNKS = 4
PARTS = CHUNKS + 1
"""The sound of the whole is one."""
ASSEMBLY = 1


def render(
    files: Sequence[Path], folder: Path, unfinished: Path | None, recipe: Recipe = IN_CHUNKS
) -> dict[str, bytes]:
    """What rendering makes, by name."""
    media = Ffmpeg(limits=Limits(), scratch=folder / "scratch", jobs=1)
    chapters = [(path, media.probe(path)) for path in files]
    whole = join_facts([facts for _, facts in chapters])
    cuts = plan_clips(facts=whole, policy=SHORT).cut_frames
    target, beside = folder / "rendition.mp4", folder / "beside"
    media.render_chapters(chapters, whole, recipe, cut_frames=cuts, target=target, beside=beside, unfinished=unfinished)
    assert sorted(path.name for path in folder.iterdir()) == ["beside", "rendition.mp4", "scratch"]
    return {path.name: path.read_bytes() for path in (target, *beside.iterdir())}


def render_and_die(files: Sequence[Path], folder: Path, unfinished: Path, after: int) -> None:
    """Render until so many parts are kept, and be killed there."""
    keep, lock = KeptParts.keep, threading.Lock()
    left = [after]

    def keep_and_die(self: KeptParts, made_by: Sequence[str], made: Path) -> None:
        with lock:
            keep(self, made_by, made)
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    KeptParts.keep = keep_and_die  # type: ignore[method-assign]  # in a process of its own
    render(files, folder, unfinished)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two chapters of two chunks each."""
    folder = tmp_path_factory.mktemp("chapters")
    return [
        make_clip(folder / f"{name}.mp4", seconds=2, video_filter=name, audio=f"sine=frequency={pitch}")
        for name, pitch in (("hflip", 440), ("negate", 880))
    ]


@pytest.fixture(scope="module")
def undisturbed(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is made where nothing is kept."""
    with ffmpegs_started() as started:
        made = render(files, tmp_path_factory.mktemp("undisturbed"), None)
    assert len(started) == PARTS + ASSEMBLY
    return made


def test_only_what_was_not_done_is_done_after_a_kill(
    files: list[Path], undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    unfinished = tmp_path / "unfinished"
    done = 0
    for life, after in enumerate((1, 2)):
        dying = multiprocessing.get_context("spawn").Process(
            target=render_and_die, args=(files, tmp_path / str(life), unfinished, after)
        )
        dying.start()
        dying.join()
        assert dying.exitcode == -signal.SIGKILL
        assert len(parts_in(unfinished)) == done + after, "what the lives before had done was not done again"
        done += after
    with ffmpegs_started() as started:
        made = render(files, tmp_path / "last", unfinished)
    assert len(started) == PARTS - done + ASSEMBLY
    assert made == undisturbed


def test_a_part_that_is_not_whole_is_made_again(
    files: list[Path], undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    unfinished = tmp_path / "unfinished"
    render(files, tmp_path / "first", unfinished)
    pictures = [part for part in parts_in(unfinished) if (part / "picture.h264").exists()]
    assert (len(pictures), len(parts_in(unfinished))) == (CHUNKS, PARTS)
    altered, cut, lacking, torn = pictures
    flipped = bytearray((altered / "picture.h264").read_bytes())
    flipped[-1] ^= 1
    (altered / "picture.h264").write_bytes(flipped)
    os.truncate(cut / "measures.txt", 10)
    (lacking / "grey").unlink()
    os.truncate(torn / "digests.json", 20)
    with ffmpegs_started() as started:
        assert render(files, tmp_path / "second", unfinished) == undisturbed
    assert len(started) == 4 + ASSEMBLY
    with ffmpegs_started() as started:
        assert render(files, tmp_path / "third", unfinished) == undisturbed
    assert len(started) == ASSEMBLY
    assert len(list(unfinished.iterdir())) == PARTS, "nothing under way is left"


def test_another_recipe_takes_nothing_of_it(files: list[Path], tmp_path: Path) -> None:
    """Even in a folder that is not its own: parts are named by the commands that made them."""
    unfinished, coarser = tmp_path / "unfinished", replace(IN_CHUNKS, quantiser=30)
    render(files[:1], tmp_path / "one", unfinished)
    with ffmpegs_started() as started:
        other = render(files[:1], tmp_path / "other", unfinished, coarser)
    assert len(started) == 2 + ASSEMBLY, "the sound is of the same command"
    assert other == render(files[:1], tmp_path / "alone", None, coarser)


def test_two_processes_at_the_same_rendition_do_not_disturb_each_other(
    files: list[Path], undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    """Whoever is done first takes away what is kept, and the other has what it works with."""
    unfinished = tmp_path / "unfinished"
    made: list[dict[str, bytes]] = []

    def work(name: str) -> None:
        made.append(render(files, tmp_path / name, unfinished))
        KeptParts(unfinished).clear()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [undisturbed] * 2
    assert not unfinished.exists()


def test_nothing_is_kept_of_footage_that_is_refused(tmp_path: Path) -> None:
    bad = make_trait("bits_flipped", tmp_path / "bad")
    good = make_clip(tmp_path / "good.mp4", seconds=2)
    with pytest.raises(DamagedMediaError):
        render([good, bad], tmp_path / "made", tmp_path / "unfinished")
    assert not (tmp_path / "unfinished").exists()


def test_a_folder_that_cannot_be_used_costs_nothing_but_the_keeping(
    files: list[Path], undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    in_the_way = tmp_path / "a_file"
    in_the_way.write_text("")
    assert render(files, tmp_path / "made", in_the_way / "unfinished") == undisturbed


def parts_in(unfinished: Path) -> list[Path]:
    """What is kept whole."""
    return sorted(path for path in unfinished.iterdir() if not path.name.startswith("new-"))
