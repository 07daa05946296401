import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.domain.clip import tile
from pipeline.domain.footage import Clip
from pipeline.domain.ids import RecordingId, RenditionId
from pipeline.domain.quality import Mark
from pipeline.records import footage, qualities
from pipeline.records.qualities import AssessedClip
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip
from tests.stages import Stages
from tests.steps.conftest import Events


def rendered(stages: Stages, path: Path) -> tuple[RecordingId, RenditionId]:
    stages.upload(path)
    (upload_id,) = stages.receive().new
    recording_id = stages.probe(stages.preserve(upload_id))
    return recording_id, stages.render(recording_id)


def judged(stages: Stages, rendition_id: RenditionId) -> list[AssessedClip]:
    """In the order of the clips."""
    with stages.bench.db.begin() as session:
        rendition = footage.get_rendition(session, rendition_id)
        recording = footage.get_recording(session, rendition.recording_id)
        found = qualities.qualities_by(session, rendition_id)
    planned = tile(rendition.cut_frames, rendition.frame_count, recording.frame_rate)
    return [found[Clip.id_for(recording.recording_id, clip.span)] for clip in planned]


@pytest.fixture(scope="module")
def half_covered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a grid that moves, then two of black and silence."""
    grid = "drawbox=color=gray:t=fill,drawgrid=w=24:h=24:t=3:color=white,scroll=h=0.013"
    shown = f"{grid},drawbox=enable='gte(t,2)':color=black:t=fill"
    heard = "aevalsrc='if(lt(t,2),0.3*sin(2*PI*440*t),0)':s=48000"
    folder = tmp_path_factory.mktemp("covered")
    return make_clip(folder / "covered.mp4", seconds=4, video_filter=shown, audio=heard)


def test_clips_below_the_floor_are_marked_and_cut_all_the_same(
    stages: Stages, half_covered: Path, events: Events
) -> None:
    _, rendition_id = rendered(stages, half_covered)
    assert stages.assess(rendition_id) == 2
    before = census(stages.bench)
    assert stages.assess(rendition_id) == 0
    assert census(stages.bench) == before
    assert len(stages.cut(rendition_id)) == 4
    found = judged(stages, rendition_id)
    marks = [{one.mark for one in clip.marks} for clip in found]
    assert marks[:2] == [set(), set()]
    for marked in marks[2:]:
        assert marked >= {Mark.BLACK, Mark.FROZEN, Mark.OBSTRUCTED}
        assert Mark.DARK not in marked  # said already, and more of it
    assert Mark.SILENT in marks[3]
    # The first and the third of four were compared with what was filmed.
    likeness = [clip.quality.ssim for clip in found]
    assert [value is not None for value in likeness] == [True, False, True, False]
    assert all(value > 900 for value in likeness if value is not None)
    kinds = [kind for kind, _ in events(rendition_id)]
    assert kinds == ["rendered", "assessed"]
    assert events(rendition_id)[1][1] == {"rule": "1", "clips": "4", "below_floor": "2"}


def test_dying_while_recording_judges_nothing_and_starting_again_everything(
    stages: Stages, databases: Databases, tmp_path: Path
) -> None:
    _, rendition_id = rendered(stages, make_clip(tmp_path / "film.mp4", rate="30", gop_frames=30))
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.assess(rendition_id))
    assert census(stages.bench) == before
    stages.assess(rendition_id)
    assert census(stages.bench).new_rows(before) == {"clip_qualities": 2, "custody_events": 1}


def test_where_the_source_is_not_on_this_machine_nothing_is_compared(stages: Stages, tmp_path: Path) -> None:
    recording_id, rendition_id = rendered(stages, make_clip(tmp_path / "film.mp4", rate="24", gop_frames=24))
    with stages.bench.db.begin() as session:
        (digest,) = footage.get_recording(session, recording_id).originals
    stages.bench.scratch.drop(digest)
    stages.assess(rendition_id)
    assert [clip.quality.ssim for clip in judged(stages, rendition_id)] == [None, None]


def test_another_rule_knows_what_was_compared_while_the_source_was_here(stages: Stages, tmp_path: Path) -> None:
    _, rendition_id = rendered(stages, make_clip(tmp_path / "film.mp4", rate="25", gop_frames=25, seconds=2))
    stages.assess(rendition_id)
    stages.cut(rendition_id)  # the last that needs the source here
    known = [clip.quality.ssim for clip in judged(stages, rendition_id)]
    assert any(known)
    before = census(stages.bench)
    for _ in range(2):
        stages.assess(rendition_id, rule_version=2)
    assert census(stages.bench).new_rows(before) == {"clip_qualities": len(known), "custody_events": 1}
    again = judged(stages, rendition_id)
    assert [(clip.rule_version, clip.quality.ssim) for clip in again] == [(2, ssim) for ssim in known]


def test_likeness_falls_when_the_rendition_is_a_frame_late(stages: Stages, tmp_path: Path) -> None:
    media = stages.bench.media
    source = make_clip(tmp_path / "film.mp4")
    late = tmp_path / "late.mp4"
    words = ["-vf", "tpad=start=1:start_mode=clone,trim=end_frame=50", "-c:v", "libx264", "-bf", "0", "-g", "25", "-an"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(source), *words, str(late)], check=True)
    facts = media.probe(source)
    second = {"from_s": Fraction(1), "rendition_from_s": Fraction(1), "size_px": (192, 108)}
    same = media.likeness(source, source, facts, **second)
    off_by_one = media.likeness(source, late, facts, **second)
    assert same == 1000
    assert off_by_one is not None
    assert off_by_one < 950
