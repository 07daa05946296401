"""Footage that came twice: the same streams in another container are linked, and not made into clips again."""

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.domain import taxonomies
from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import Decision, Duplicate, Verdict
from pipeline.domain.ids import RecordingId, RenditionId
from pipeline.errors import DamagedMediaError, UsageError
from pipeline.lookup import doubles, lineage
from pipeline.records import clips, duplicates, footage, releases
from pipeline.steps.decide import decide_duplicate
from pipeline.steps.seal import _chosen
from pipeline.workbench import Workbench
from tests.builders import CAMERA, EXERCISE
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip, remux
from tests.stages import Stages
from tests.stored import answer


@pytest.fixture
def stages(own_bench: Workbench) -> Stages:
    return Stages(own_bench)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("first") / "first.mp4", gop_frames=12)


def probed(stages: Stages, path: Path, *, exercise: str = EXERCISE, camera: str = CAMERA) -> RecordingId:
    stages.upload(path, exercise=exercise, camera=camera)
    (upload_id,) = stages.receive().new
    return stages.probe(stages.preserve(upload_id))


def pairs(stages: Stages) -> list[Duplicate]:
    with stages.bench.db.begin() as session:
        return [found for found, _ in duplicates.all_duplicates(session)]


def waiting(stages: Stages) -> int:
    return len(stages.receive().waiting)


def remuxes_of(first: Path, folder: Path) -> Sequence[Path]:
    """What becomes of a file that is carried from container to container."""
    made = [remux(first, folder / "as.mkv")]
    made += [remux(made[-1], folder / "again.mp4", after="-movflags +faststart -metadata title=Other")]
    made += [remux(made[-1], folder / "as.mov"), remux(first, folder / "as.ts")]
    made += [remux(made[-1], folder / "from_ts.mp4", after="-bsf:a aac_adtstoasc")]
    made += [remux(first, folder / "fragments.mp4", after="-movflags +frag_keyframe+empty_moov")]
    (folder / "junk.mp4").write_bytes(first.read_bytes() + bytes(range(256)) * 20)
    return [*made, folder / "junk.mp4"]


def test_the_same_streams_in_any_container_are_linked_with_the_first_and_make_no_clips(
    stages: Stages, first: Path, tmp_path: Path
) -> None:
    bench = stages.bench
    recording_id = probed(stages, first)
    assert not stages.compare(recording_id)
    stages.cut(stages.render(recording_id))
    paths = remuxes_of(first, tmp_path)
    others = [probed(stages, path) for path in paths]
    before = census(bench)
    assert [stages.compare(other) for other in others] == [True] * 7
    assert census(bench).new_rows(before) == {"stream_digests": 7, "duplicates": 7, "custody_events": 7}
    found = pairs(stages)
    assert {(pair.earlier_id, pair.verdict) for pair in found} == {(recording_id, Verdict.REMUX)}
    assert {pair.later_id for pair in found} == set(others)
    assert waiting(stages) == 0

    before = census(bench)
    assert [stages.compare(other) for other in (recording_id, *others)] == [False] + [True] * 7
    assert stages.ingest(*paths) == []
    assert census(bench) == before

    shown = lineage.show(bench.db, str(others[0]))
    assert f"recording {recording_id} (remux, same)" in shown.facts["duplicate_of"]
    assert shown.happenings[-1].kind == "duplicate_linked"
    assert str(others[0]) in lineage.show(bench.db, str(recording_id)).facts["has_duplicate"]
    assert not stages.bench.scratch.file_for(footage_of(stages, others[0])).exists()


def footage_of(stages: Stages, recording_id: RecordingId) -> Sha256:
    with stages.bench.db.begin() as session:
        return footage.get_recording(session, recording_id).originals[0]


def test_the_same_picture_with_less_sound_is_left_out_and_with_more_is_kept_and_asked_about(
    stages: Stages, first: Path, tmp_path: Path
) -> None:
    silent = tmp_path / "silent.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-i", first, "-an", "-c", "copy", silent], check=True)
    with_sound, without = probed(stages, first), probed(stages, silent)
    assert not stages.compare(without)
    assert not stages.compare(with_sound)
    (pair,) = pairs(stages)
    assert (pair.earlier_id, pair.later_id, pair.verdict) == (without, with_sound, Verdict.REVIEW)
    assert "with sound that the other has not" in pair.reason
    again = probed(stages, remux(first, tmp_path / "again.mkv"))
    assert stages.compare(again)
    assert (pairs(stages)[-1].earlier_id, pairs(stages)[-1].verdict) == (with_sound, Verdict.REMUX)


def test_other_footage_is_not_linked(stages: Stages, first: Path, tmp_path: Path) -> None:
    other = probed(stages, make_clip(tmp_path / "other.mp4", size="160x90"))
    assert not stages.compare(other)
    assert not stages.compare(probed(stages, first))
    assert pairs(stages) == []


def test_of_two_that_come_at_once_one_is_the_first(stages: Stages, first: Path, tmp_path: Path) -> None:
    both = [probed(stages, first), probed(stages, remux(first, tmp_path / "as.mkv"))]
    with ThreadPoolExecutor(2) as pool:
        linked = list(pool.map(stages.compare, both))
    assert sorted(linked) == [False, True]
    (pair,) = pairs(stages)
    assert pair.later_id == both[linked.index(True)]


def test_dying_while_linking_and_starting_again_makes_one_link(
    stages: Stages, databases: Databases, first: Path, tmp_path: Path
) -> None:
    stages.compare(probed(stages, first))
    other = probed(stages, remux(first, tmp_path / "as.mkv"))
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.compare(other))
    assert census(stages.bench) == before
    assert stages.compare(other)
    assert len(pairs(stages)) == 1


def test_a_person_may_say_that_they_are_two_and_then_both_become_clips(
    stages: Stages, first: Path, tmp_path: Path
) -> None:
    bench = stages.bench
    stages.ingest(first)
    assert stages.ingest(remux(first, tmp_path / "as.mkv"), exercise="EX-OTHER") == []
    (pair,) = pairs(stages)
    assert pair.claims_differ

    def decide(*, is_same: bool, reason: str = "two cameras") -> Decision:
        return decide_duplicate(
            pair.duplicate_id, is_same=is_same, decided_by="REVIEWER-2", reason=reason, db=bench.db, clock=bench.clock
        )

    before = census(bench)
    assert decide(is_same=False) == decide(is_same=False)
    assert census(bench).new_rows(before) == {"duplicate_decisions": 1, "custody_events": 1}
    made = stages.ingest()
    with bench.db.begin() as session:
        assert made == [clip.clip_id for clip in clips.clips_of(session, RecordingId(pair.later_id))]
    assert len(made) == 2
    decide(is_same=True, reason="after all a copy")
    with bench.db.begin() as session:
        assert duplicates.is_held_back(session, RecordingId(pair.later_id))
    with pytest.raises(UsageError, match="who decides and why"):
        decide(is_same=True, reason=" ")


def test_footage_is_not_left_out_for_the_sake_of_footage_that_was_refused(
    stages: Stages, first: Path, tmp_path: Path
) -> None:
    recording_id = probed(stages, first)
    stages.compare(recording_id)
    assert stages.compare(probed(stages, remux(first, tmp_path / "as.mkv")))
    with stages.bench.db.begin() as session:
        (upload,) = footage.uploads_of(session, footage_of(stages, recording_id))
    stages.quarantine(upload.upload_id, DamagedMediaError("frames do not decode"))
    assert len(stages.ingest()) == 2


@pytest.fixture(scope="module")
def walk(real_footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody walks; small, so that it is encoded soon."""
    return copy_of(
        real_footage / "video" / "gopro-max-heromode.mp4",
        tmp_path_factory.mktemp("walk") / "walk.mp4",
        "-vf scale=-2:240",
    )


def copy_of(source: Path, target: Path, options: str) -> Path:
    coder = ["-c:v", "libx264", "-preset", "superfast", "-g", "30", target]
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-i", source, *["-map", "0:v", "-map", "0:a?"]]
    subprocess.run([*argv, *options.split(), *coder], check=True)
    return target


def rendered(stages: Stages, path: Path, **said: str) -> RenditionId:
    recording_id = probed(stages, path, **said)
    assert not stages.compare(recording_id)
    return stages.render(recording_id)


def recording_of(stages: Stages, rendition_id: RenditionId) -> RecordingId:
    with stages.bench.db.begin() as session:
        return footage.get_rendition(session, rendition_id).recording_id


def test_a_re_encoded_part_is_linked_and_makes_no_clips_also_under_another_exercise(
    stages: Stages, walk: Path, tmp_path: Path
) -> None:
    first = rendered(stages, walk)
    assert not stages.compare_pictures(first)
    stages.cut(first)
    parts = [copy_of(walk, tmp_path / f"{start}.mp4", f"-ss {start} -b:v 300k") for start in ("2", "3.3")]
    others = [rendered(stages, parts[0]), rendered(stages, parts[1], exercise="EX-OTHER", camera="OTHER")]
    for rendition_id in others:
        before = census(stages.bench)
        assert stages.compare_pictures(rendition_id)
        grown = census(stages.bench).new_rows(before)
        assert grown.pop("picture_anchors") > 10
        assert grown == {"picture_hashes": 1, "picture_comparisons": 1, "duplicates": 1, "custody_events": 1}
        before = census(stages.bench)
        assert stages.compare_pictures(rendition_id)
        assert census(stages.bench) == before
    found = pairs(stages)
    assert {(pair.earlier_id, pair.verdict) for pair in found} == {(recording_of(stages, first), Verdict.COPY)}
    assert [pair.claims_differ for pair in found] == [False, True]
    assert [pair.evidence.pictures.offset_s for pair in found if pair.evidence.pictures] == [2, Fraction(33, 10)]
    assert waiting(stages) == 0


def test_a_doubtful_one_is_cut_asked_about_and_grouped_with_the_other(
    stages: Stages, walk: Path, tmp_path: Path
) -> None:
    bench = stages.bench
    first = stages.ingest(walk)
    mirrored = stages.ingest(copy_of(walk, tmp_path / "mirrored.mp4", "-vf hflip"), exercise="EX-OTHER")
    assert len(first) == len(mirrored) > 5
    (line,) = doubles.list_duplicates(bench.db, waiting_only=True)
    assert (line.verdict, line.standing, line.facts["turn"]) == ("review", "open", "mirrored")
    assert [line.earlier.original_names, line.later.original_names] == [("walk.mp4",), ("mirrored.mp4",)]

    for clip_id in (first[0], mirrored[0]):
        with bench.db.begin() as session:
            answer(bench, clips.get_clip(session, clip_id))
    release_id = stages.release("walks", "1.0.0", annotators_min=2)
    with bench.db.begin() as session:
        chosen = _chosen(session, releases.get_draft(session, release_id), taxonomies.load())
    assert {one.recording.exercise_id for one in chosen} == {EXERCISE, "EX-OTHER"}
    assert len({one.group for one in chosen}) == 1

    decide_duplicate(
        line.duplicate_id, is_same=True, decided_by="REVIEWER-2", reason="mirrored", db=bench.db, clock=bench.clock
    )
    again = stages.select("walks", "1.1.0", annotators_min=2)
    with bench.db.begin() as session:
        assert [member.clip_id for member in releases.members_of(session, again)] == [first[0]]
        refusals = dict(releases.refusals_of(session, again))
    assert "duplicate: it was cut from another recording over again" in refusals[mirrored[0]]
    assert doubles.list_duplicates(bench.db, waiting_only=True) == []


def test_of_two_copies_that_are_compared_at_once_one_is_the_first(stages: Stages, walk: Path, tmp_path: Path) -> None:
    both = [rendered(stages, walk), rendered(stages, copy_of(walk, tmp_path / "copy.mp4", "-b:v 300k"))]
    with ThreadPoolExecutor(2) as pool:
        linked = list(pool.map(stages.compare_pictures, both))
    assert sorted(linked) == [False, True]
    (pair,) = pairs(stages)
    assert pair.later_id == recording_of(stages, both[linked.index(True)])


def test_dying_while_linking_a_copy_and_starting_again_makes_one_link(
    stages: Stages, databases: Databases, walk: Path, tmp_path: Path
) -> None:
    stages.compare_pictures(rendered(stages, walk))
    copy = rendered(stages, copy_of(walk, tmp_path / "copy.mp4", "-b:v 300k"))
    dies_while_recording(stages.bench, databases, lambda: stages.compare_pictures(copy))
    assert pairs(stages) == []
    assert stages.compare_pictures(copy)
    assert len(pairs(stages)) == 1
