import io
import signal
import threading
import time
import wave
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from pipeline.domain import keys
from pipeline.domain.byproduct import Byproduct, ByproductKind
from pipeline.domain.footage import Rendition
from pipeline.domain.ids import RecordingId
from pipeline.domain.measures import Measures
from pipeline.errors import DamagedMediaError, MediaLimitError
from pipeline.records import byproducts, footage
from pipeline.workbench import Workbench
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import SECONDS, make_clip
from tests.stages import Stages
from tests.starts import ffmpegs_started
from tests.steps.conftest import Events, Footage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def probed(stages: Stages, path: Path) -> RecordingId:
    stages.upload(path)
    (upload_id,) = stages.receive().new
    return stages.probe(stages.preserve(upload_id))


def recorded(stages: Stages, recording_id: RecordingId) -> Rendition:
    with stages.bench.db.begin() as session:
        (rendition,) = footage.all_renditions(session, recording_id)
    return rendition


def test_a_rendition_is_what_the_recipe_and_the_clip_policy_ask_for(
    stages: Stages, footage_named: Footage, events: Events, tmp_path: Path
) -> None:
    recording_id = probed(stages, footage_named("rate_25"))
    rendition_id = stages.render(recording_id)
    rendition, bench = recorded(stages, recording_id), stages.bench
    assert rendition.rendition_id == rendition_id
    assert rendition_id == Rendition.id_for(recording_id, bench.recipe.digest, bench.media.identity)
    assert (rendition.recipe_name, rendition.recipe_digest) == ("viewing", bench.recipe.digest)
    assert (rendition.frame_count, rendition.cut_frames) == (25 * SECONDS, tuple(range(0, 25 * SECONDS, 25)))
    assert "keyframes" in rendition.cut_reason
    assert rendition.at.bucket == bench.settings.s3_working_bucket
    assert rendition.at.key == keys.rendition_key(recording_id, rendition_id, rendition.digest)
    fetched = tmp_path / "fetched.mp4"
    bench.store.fetch(
        rendition.at.bucket,
        rendition.at.key,
        fetched,
        version_id=rendition.at.version_id,
        expect=rendition.digest,
    )
    facts = bench.media.probe(fetched)
    assert fetched.stat().st_size == rendition.size_bytes
    assert (facts.video.width_px, facts.video.height_px) == (rendition.width_px, rendition.height_px)
    assert facts.video.frame_rate == Fraction(25)
    ((kind, details),) = events(rendition_id)
    assert kind == "rendered"
    assert details == {
        "recording_id": str(recording_id),
        "digest": rendition.digest.hex,
        "version_id": rendition.at.version_id,
        "recipe": bench.recipe.digest.hex,
        "tool": bench.media.identity,
        **{f"{one.kind}_{one.ordinal}": one.digest.hex for one in beside(stages, rendition)},
    }


def beside(stages: Stages, rendition: Rendition) -> list[Byproduct]:
    with stages.bench.db.begin() as session:
        return byproducts.byproducts_of(session, rendition.rendition_id)


def content_of(stages: Stages, made: Byproduct, folder: Path) -> bytes:
    target = folder / made.digest.hex
    stages.bench.store.fetch(made.at.bucket, made.at.key, target, version_id=made.at.version_id, expect=made.digest)
    return target.read_bytes()


def test_sound_thumbnails_and_measures_come_out_beside_it(
    stages: Stages, footage_named: Footage, tmp_path: Path
) -> None:
    recording_id = probed(stages, footage_named("rate_29_97"))
    stages.render(recording_id)
    found = {one.kind: one for one in beside(stages, recorded(stages, recording_id))}
    assert set(found) == set(ByproductKind)
    with wave.open(io.BytesIO(content_of(stages, found[ByproductKind.SOUND], tmp_path))) as sound:
        # 60 frames at 30000/1001 are 2.002 s.
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.getnframes() == round(16_000 * Fraction(60 * 1001, 30000))
    for kind in (ByproductKind.THUMBNAILS, ByproductKind.CONTACT_SHEET):
        assert content_of(stages, found[kind], tmp_path).startswith(b"\xff\xd8\xff")
    measures = Measures.from_bytes(content_of(stages, found[ByproductKind.MEASURES], tmp_path))
    # Looked at at 0, 0.5, 1.0 and 1.5 s, for at 2.0 s no frame begins any more; grey pictures ten times a second.
    assert len(measures.picture.luma_mean) == len(measures.picture.blur) == 4
    assert len(measures.motion.shift) == 20
    assert measures.sound is not None
    assert max(measures.sound.loudness_lufs) > -30_000


def test_a_recording_without_sound_has_no_sound_beside_it(stages: Stages, footage_named: Footage) -> None:
    recording_id = probed(stages, footage_named("fragmented"))
    stages.render(recording_id)
    kinds = {one.kind for one in beside(stages, recorded(stages, recording_id))}
    assert kinds == set(ByproductKind) - {ByproductKind.SOUND}


def test_rendering_again_changes_nothing_and_reads_nothing(
    stages: Stages, raw: "S3Client", footage_named: Footage
) -> None:
    recording_id = probed(stages, footage_named("rate_10"))
    rendition_id = stages.render(recording_id)
    with stages.bench.db.begin() as session:
        original = footage.get_original(session, footage.get_recording(session, recording_id).originals[0])
    stages.bench.scratch.drop(original.digest)
    raw.delete_object(Bucket=original.at.bucket, Key=original.at.key, VersionId=original.at.version_id)
    before = census(stages.bench)
    assert stages.render(recording_id) == rendition_id
    assert census(stages.bench) == before


def test_dying_while_recording_and_starting_again_gives_the_same_bytes_in_one_object(
    stages: Stages, databases: Databases, footage_named: Footage
) -> None:
    recording_id = probed(stages, footage_named("no_audio"))
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.render(recording_id))
    killed = census(stages.bench)
    assert killed.rows == before.rows
    left = killed.objects - before.objects
    stages.render(recording_id)
    after, rendition = census(stages.bench), recorded(stages, recording_id)
    assert after.objects == killed.objects
    made = beside(stages, rendition)
    assert left == {f"{at.bucket}/{at.key}@{at.version_id}" for at in (rendition.at, *(one.at for one in made))}
    assert after.new_rows(before) == {"renditions": 1, "byproducts": len(made), "custody_events": 1}
    assert len(made) == 3


def test_an_original_that_is_not_on_this_machine_is_fetched(
    bench: Workbench, stages: Stages, footage_named: Footage
) -> None:
    recording_id = probed(stages, footage_named("portrait"))
    with bench.db.begin() as session:
        (digest,) = footage.get_recording(session, recording_id).originals
    bench.scratch.drop(digest)
    stages.render(recording_id)
    assert (recorded(stages, recording_id).width_px, recorded(stages, recording_id).height_px) == (108, 192)


def test_progress_is_told_up_to_the_end(stages: Stages, footage_named: Footage) -> None:
    recording_id = probed(stages, footage_named("rate_30"))
    told: list[Fraction] = []
    stages.render(recording_id, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


def test_frames_that_do_not_decode_are_refused_and_nothing_is_stored(stages: Stages, footage_named: Footage) -> None:
    recording_id = probed(stages, footage_named("bits_flipped"))
    before = census(stages.bench)
    with pytest.raises(DamagedMediaError):
        stages.render(recording_id)
    assert census(stages.bench) == before


def test_a_decoder_that_hangs_is_stopped_at_its_limit_and_others_go_on(own_bench: Workbench, tmp_path: Path) -> None:
    settings = own_bench.settings.model_copy(update={"ffmpeg_timeout_s": 6})
    stages = Stages(Workbench(settings, own_bench.clock))
    stages.bench.store = own_bench.store
    hangs, goes_on = make_clip(tmp_path / "hangs.mp4", size="640x360"), make_clip(tmp_path / "goes_on.mp4", rate="30")
    stages.upload(hangs)
    (upload_id,) = stages.receive().new
    recording_id = stages.probe(stages.preserve(upload_id))
    stopped = threading.Thread(target=hang_the_next_encoder)
    stopped.start()
    with pytest.raises(MediaLimitError, match="took longer than 6 s and was stopped") as refused:
        stages.render(recording_id)
    stopped.join()
    stages.quarantine(upload_id, refused.value)
    assert [one for one in psutil.Process().children(recursive=True) if one.name() == "ffmpeg"] == []
    stages.bench.db.close()
    # With the usual limit: a busy machine is not what is tried here.
    assert len(Stages(own_bench).ingest(goes_on)) == 2
    with own_bench.db.begin() as session:
        ((reason, kind),) = [(one.reason, one.error_kind) for one in footage.quarantined(session)]
    assert kind == "MediaLimitError"
    assert "took longer than 6 s" in reason


def hang_the_next_encoder() -> None:
    """Stop it from outside, so that it neither goes on nor ends."""
    while True:
        with suppress(psutil.Error):
            for one in psutil.Process().children(recursive=True):
                if one.name() == "ffmpeg" and "libx264" in one.cmdline():
                    one.send_signal(signal.SIGSTOP)
                    return
        time.sleep(0.01)


def test_dying_while_recording_keeps_what_was_encoded_of_a_long_recording(
    stages: Stages, databases: Databases, footage_named: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages.bench, "recipe", replace(stages.bench.recipe, chunk_s=Fraction(1)))
    recording_id = probed(stages, footage_named("b_frames"))
    with ffmpegs_started() as started:
        dies_while_recording(stages.bench, databases, lambda: stages.render(recording_id))
    assert len(started) == 4, "two chunks, the sound, and putting them together"
    root = stages.bench.scratch.root
    (kept,) = root.glob("unfinished-*")
    objects = census(stages.bench).objects
    with ffmpegs_started() as started:
        rendition_id = stages.render(recording_id)
    assert len(started) == 1, "putting them together"
    assert census(stages.bench).objects == objects, "the same bytes"
    assert not kept.exists()
    # Killed between recording and removing: whoever looks next removes it.
    kept.mkdir()
    assert stages.render(recording_id) == rendition_id
    assert not kept.exists()
