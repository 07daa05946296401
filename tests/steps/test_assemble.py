"""Chapters become one recording when the last of them has been looked at, and what is lacking is told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.domain.footage import Chapter, Recording
from pipeline.domain.ids import RecordingId, UploadId
from pipeline.errors import RejectedInputError, UsageError
from pipeline.lookup.fetching import get
from pipeline.lookup.lineage import show
from pipeline.records import chapters, clips, footage
from tests.census import census
from tests.chapters import split
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip
from tests.stages import Stages
from tests.steps.conftest import Events

Card = Callable[[str], list[Path]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds with a keyframe each."""
    return make_clip(tmp_path_factory.mktemp("whole") / "whole.mp4", seconds=3, rate="30000/1001", gop_frames=30)


@pytest.fixture(scope="module")
def card(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Card:
    """Three chapters of a second each, of the series that is asked for; their bytes are those of no other series."""

    def make(series: str) -> list[Path]:
        files = split(whole, tmp_path_factory.mktemp("card"), at_s=(1, 2), series=series)
        for path in files:
            # A box of no meaning, so that each series has bytes of its own.
            path.write_bytes(path.read_bytes() + (12).to_bytes(4, "big") + b"free" + series.encode())
        return files

    return make


def received(stages: Stages, *paths: Path) -> list[UploadId]:
    """In the order of the files."""
    found: list[UploadId] = []
    for path in paths:
        stages.upload(path)
        found += stages.receive().new
    assert len(found) == len(paths)
    return found


def brought(stages: Stages, upload_id: UploadId) -> None:
    """Preserve and probe a chapter, or refuse it."""
    try:
        assert stages.look(stages.preserve(upload_id)) is None
    except RejectedInputError as error:
        stages.quarantine(upload_id, error)


def told(stages: Stages, recording_id: RecordingId) -> tuple[Recording, tuple[Chapter, ...], str]:
    with stages.bench.db.begin() as session:
        recording = footage.get_recording(session, recording_id)
        assembled = chapters.assembly_of(session, recording)
        assert assembled is not None
        return recording, chapters.chapters_of(session, recording), assembled.because


def test_nothing_is_made_until_the_last_chapter_was_looked_at_and_then_one_recording(
    stages: Stages, card: Card, databases: Databases, events: Events, tmp_path: Path
) -> None:
    files = card("0001")
    uploads = received(stages, *files)
    for upload_id in reversed(uploads):
        assert stages.assemble(upload_id) == []
        brought(stages, upload_id)
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.assemble(uploads[1]))
    assert census(stages.bench) == before
    (recording_id,) = stages.assemble(uploads[1])
    made = census(stages.bench)
    assert made.new_rows(before) == {
        "recordings": 1,
        "recording_originals": 3,
        "recording_assemblies": 1,
        "recording_joins": 2,
        "custody_events": 1,
    }
    recording, parts, because = told(stages, recording_id)
    assert because == "chapter 1, 2, 3 of series gopro-0001; begins with the first"
    assert [part.start_frame for part in parts] == [0, 30, 60]
    assert recording.facts.video.frame_count == 90
    assert events(recording_id) == [
        ("assembled", {"chapters": "3", **{f"original_{at}": d.hex for at, d in enumerate(recording.originals)}})
    ]
    assert [stages.assemble(upload_id) for upload_id in uploads] == [[recording_id]] * 3
    assert census(stages.bench) == made
    rendition_id = stages.render(recording_id)
    assert len(stages.cut(rendition_id)) == 3
    with stages.bench.db.begin() as session:
        assert footage.get_rendition(session, rendition_id).frame_count == 90
        spans = [clip.span for clip in clips.clips_of(session, recording_id)]
        assert spans[-1].end_s == recording.duration_s
        assert set(footage.uploads_waiting(session)).isdisjoint(uploads)
    assert not any(stages.bench.scratch.file_for(digest).exists() for digest in recording.originals)
    bench = stages.bench
    fetched = get(str(recording_id), tmp_path, db=bench.db, store=bench.store, progress=lambda _: None)
    assert [one.path.name for one in fetched] == [f"{recording_id}-{number:03}" for number in (1, 2, 3)]
    assert [one.path.read_bytes() for one in fetched] == [path.read_bytes() for path in files]
    with pytest.raises(UsageError, match="is 3 files: expected a folder"):
        get(str(recording_id), tmp_path / "one", db=bench.db, store=bench.store, progress=lambda _: None)
    facts = show(bench.db, str(recording_id)).facts
    assert facts["chapters"] == "3"
    assert "from 1.001 s (frame 30), 1.001 s long; before it: unknown, taken as contiguous" in facts["file_2"]
    stages.verify()


def test_a_chapter_that_cannot_be_read_is_refused_and_leaves_a_gap_that_is_told(stages: Stages, card: Card) -> None:
    files = card("0002")
    files[1].write_bytes(b"no footage")
    uploads = received(stages, *files)
    for upload_id in (uploads[0], uploads[2], uploads[1]):
        brought(stages, upload_id)
    (recording_id,) = stages.assemble(uploads[1])
    _, parts, because = told(stages, recording_id)
    assert because == "chapter 1, 3 of series gopro-0002; begins with the first"
    (join,) = [part.join for part in parts if part.join]
    assert (join.missing, join.gap_s, join.is_broken) == (1, None, True)
    assert join.because.startswith("a gap of unknown length, 1 chapter missing")


def test_a_chapter_that_comes_late_is_a_recording_of_its_own_and_the_first_stays(stages: Stages, card: Card) -> None:
    first, second, third = card("0003")
    early = received(stages, first, second)
    for upload_id in early:
        brought(stages, upload_id)
    (made,) = stages.assemble(early[0])
    (late,) = received(stages, third)
    brought(stages, late)
    assert stages.assemble(late)[0] == made
    (added,) = set(stages.assemble(late)) - {made}
    recording, _, because = told(stages, added)
    assert len(recording.originals) == 1
    assert "came when the recording with chapter 2 was made" in because
    assert len(told(stages, made)[0].originals) == 2
    assert show(stages.bench.db, str(added)).facts["continues"] == f"recording {made}"
    assert show(stages.bench.db, str(made)).facts["continued_by"] == f"recording {added}"


def test_first_chapters_that_come_last_are_a_recording_that_the_first_made_goes_on_from(
    stages: Stages, card: Card
) -> None:
    first, second, third = card("0006")
    (early,) = received(stages, third)
    brought(stages, early)
    (made,) = stages.assemble(early)
    late = received(stages, first, second)
    for upload_id in late:
        brought(stages, upload_id)
    (added,) = set(stages.assemble(late[0])) - {made}
    assert stages.assemble(late[1]) == stages.assemble(early)
    recording, _, because = told(stages, added)
    assert len(recording.originals) == 2
    assert because.startswith("chapter 1, 2 of series gopro-0006; begins with the first; came when the recording with")
    of_late, of_made = (show(stages.bench.db, str(recording_id)).facts for recording_id in (added, made))
    assert (of_late.get("continues"), of_late["continued_by"]) == (None, f"recording {made}")
    assert (of_made["continues"], of_made.get("continued_by")) == (f"recording {added}", None)


def test_a_chapter_of_another_size_is_a_recording_of_its_own_with_the_reason(
    stages: Stages, card: Card, tmp_path: Path
) -> None:
    first, *_ = card("0004")
    other = make_clip(tmp_path / "GX020004.MP4", seconds=1, rate="30000/1001", size="128x72", gop_frames=30)
    uploads = received(stages, first, other)
    for upload_id in uploads:
        brought(stages, upload_id)
    found = [told(stages, recording_id) for recording_id in stages.assemble(uploads[0])]
    assert [len(recording.originals) for recording, _, _ in found] == [1, 1]
    assert "does not fit chapter 1: width px: expected 192, found 128" in found[1][2]


def test_the_same_chapter_uploaded_again_is_the_same_chapter(stages: Stages, card: Card) -> None:
    files = card("0005")[:2]
    uploads = received(stages, *files)
    for upload_id in uploads:
        brought(stages, upload_id)
    (recording_id,) = stages.assemble(uploads[0])
    stages.upload(files[1], exercise="EX-AGAIN")
    (again,) = stages.receive().new
    assert stages.look(stages.preserve(again)) == recording_id
    assert stages.assemble(uploads[1]) == [recording_id]
