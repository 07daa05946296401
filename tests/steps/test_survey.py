"""Damaged footage that shows anything is kept, marked and shown; its good part can be released, the rest cannot."""

import json
import subprocess
from pathlib import Path

import pytest

from pipeline.domain.ids import ClipId, RecordingId
from pipeline.errors import DamagedMediaError
from pipeline.lookup import lineage, listing
from pipeline.records import clips, damages, footage, releases
from pipeline.workbench import Workbench
from tests.builders import CAMERA
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip, make_trait, shown_frames
from tests.stages import Stages
from tests.steps.conftest import Events
from tests.stored import answer

HALF_BROKEN_S = 4
"""Keyframes each second; the damage is in the third."""


def half_broken(folder: Path) -> Path:
    """A wrong piece in the middle of the third second; the index is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = make_clip(folder / "whole.mp4", seconds=HALF_BROKEN_S, audio=None, output_options="-movflags +faststart")
    data = bytearray(whole.read_bytes())
    media = data.index(b"mdat")
    at = media + (len(data) - media) * 5 // 8
    data[at : at + 300] = bytes(255 - byte for byte in data[at : at + 300])
    made = folder / "footage.mp4"
    made.write_bytes(data)
    whole.unlink()
    return made


@pytest.fixture(scope="module")
def damaged(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[RecordingId, list[ClipId]]:
    """Ingested twice over."""
    stages = Stages(bench)
    source = half_broken(tmp_path_factory.mktemp("broken"))
    made = stages.ingest(source)
    before = census(stages.bench)
    assert stages.ingest(source) == []
    assert census(stages.bench) == before
    with stages.bench.db.begin() as session:
        return clips.get_clip(session, made[0]).recording_id, made


def test_it_is_marked_with_what_is_lost_and_where(
    stages: Stages, damaged: tuple[RecordingId, list[ClipId]], events: Events
) -> None:
    recording_id, made = damaged
    with stages.bench.db.begin() as session:
        damage = damages.find_damage(session, recording_id)
    assert damage is not None
    assert 0 < damage.frames_lost < 50
    assert len(damage.spans) == 1
    assert 1 <= float(damage.spans[0].start_s) < float(damage.spans[0].end_s) == 3
    (found,) = (details for kind, details in events(recording_id) if kind == "damage_found")
    assert found == {"frames": "100", "frames_lost": str(damage.frames_lost), "spans": "1"}
    assert len(made) == HALF_BROKEN_S
    line = next(one for one in listing.list_recordings(stages.bench.db) if one.recording_id == recording_id)
    assert line.damage == damage.summary
    facts = lineage.show(stages.bench.db, str(recording_id)).facts
    assert facts["damage"] == damage.summary
    assert "to 3.000" in facts["damaged_s"]
    assert "damaged" not in lineage.show(stages.bench.db, str(made[0])).facts
    assert lineage.show(stages.bench.db, str(made[2])).facts["damaged"].startswith("yes")


def test_the_good_part_is_shown_frame_for_frame_where_it_was_filmed(
    stages: Stages, damaged: tuple[RecordingId, list[ClipId]], tmp_path: Path
) -> None:
    recording_id, _ = damaged
    bench = stages.bench
    with bench.db.begin() as session:
        (rendition,) = footage.all_renditions(session, recording_id)
    bench.store.fetch(rendition.at.bucket, rendition.at.key, tmp_path / "seen.mp4", version_id=rendition.at.version_id)
    seen = [frame.brightness for frame in shown_frames(tmp_path / "seen.mp4")]
    whole = make_clip(tmp_path / "whole.mp4", seconds=HALF_BROKEN_S, audio=None)
    filmed = [frame.brightness for frame in shown_frames(whole)]
    assert len(seen) == len(filmed) == 100
    good = [*range(25), *range(75, 100)]
    assert max(abs(seen[frame] - filmed[frame]) for frame in good) <= 3
    assert max(abs(seen[frame] - filmed[frame]) for frame in range(50, 75)) > 3


def test_only_clips_of_the_good_part_enter_a_release(stages: Stages, damaged: tuple[RecordingId, list[ClipId]]) -> None:
    _, made = damaged
    bench = stages.bench
    with bench.db.begin() as session:
        cut = [clips.get_clip(session, clip_id) for clip_id in made]
    for clip in cut:
        answer(bench, clip)
    release_id = stages.select("half", "1.0.0")
    with bench.db.begin() as session:
        chosen = {member.clip_id for member in releases.members_of(session, release_id)}
        refused = dict(releases.refusals_of(session, release_id))
    assert {made[0], made[3]} <= chosen
    assert made[2] not in chosen
    assert "damaged: " in refused[made[2]]


def spoilt_sound(folder: Path) -> Path:
    """Two packets of sound at 1.26 s that do not decode; the picture and the index are whole."""
    whole = make_clip(
        folder / "heard.mp4", seconds=3, video_filter="negate", output_options="-movflags +faststart", gop_frames=25
    )
    asked = ["-select_streams", "a:0", "-show_entries", "packet=pos,size", "-of", "json", str(whole)]
    told = subprocess.run(["ffprobe", "-v", "error", *asked], check=True, capture_output=True).stdout
    data = bytearray(whole.read_bytes())
    for packet in json.loads(told)["packets"][60:62]:
        at, size = int(packet["pos"]), int(packet["size"])
        data[at : at + size] = bytes(255 - byte for byte in data[at : at + size])
    whole.write_bytes(data)
    return whole


def test_where_only_the_sound_is_damaged_the_picture_is_whole_and_the_rest_can_be_released(
    stages: Stages, tmp_path: Path
) -> None:
    made = stages.ingest(spoilt_sound(tmp_path))
    bench = stages.bench
    with bench.db.begin() as session:
        cut = [clips.get_clip(session, clip_id) for clip_id in made]
        damage = damages.find_damage(session, cut[0].recording_id)
    assert damage is not None
    assert (damage.frames_lost, damage.spans) == (0, ())
    ((start_s, end_s),) = [(float(span.start_s), float(span.end_s)) for span in damage.sound_spans]
    # Packets 60 and 61 of 1024 samples at 48 kHz, of which the first is a decoder's priming; and the next one.
    assert (start_s, end_s) == pytest.approx((59 * 1024 / 48_000, 62 * 1024 / 48_000), abs=1e-5)
    told = [lineage.show(bench.db, str(clip_id)).facts.get("damaged") for clip_id in made]
    assert told == [None, "yes: some of its sound is not what was filmed; it enters no release", None]
    shown = lineage.show(bench.db, str(cut[0].recording_id)).facts
    assert (shown["damage"], shown["lost_sound_s"]) == (
        "the picture is whole, 0.064 s of the sound lost",
        "1.259 to 1.323",
    )


def test_dying_while_marking_leaves_nothing_and_again_marks_once(
    stages: Stages, databases: Databases, tmp_path: Path
) -> None:
    stages.upload(make_trait("truncated", tmp_path / "cut"), camera=CAMERA)
    (upload_id,) = stages.receive().new
    recording_id = stages.probe(stages.preserve(upload_id))
    with pytest.raises(DamagedMediaError):
        stages.render(recording_id)
    before = census(stages.bench)
    error = DamagedMediaError("cut short")
    dies_while_recording(stages.bench, databases, lambda: stages.survey(recording_id, error))
    assert census(stages.bench) == before
    first = stages.survey(recording_id, error)
    assert stages.survey(recording_id, DamagedMediaError("another")) == first
    assert census(stages.bench).new_rows(before) == {"recording_damages": 1, "custody_events": 1}
    assert stages.cut(stages.render(recording_id))


def test_where_nothing_decodes_it_is_refused(stages: Stages, tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", audio=None, output_options="-movflags +faststart")
    data = bytearray(whole.read_bytes())
    media = data.index(b"mdat") + 4
    data[media:] = bytes(len(data) - media)
    (tmp_path / "zeroed.mp4").write_bytes(data)
    before = len(listing.list_quarantine(stages.bench.db))
    assert stages.ingest(tmp_path / "zeroed.mp4") == []
    (*_, refused) = listing.list_quarantine(stages.bench.db)
    assert len(listing.list_quarantine(stages.bench.db)) == before + 1
    assert refused.error_kind in {"DamagedMediaError", "UnreadableMediaError"}
