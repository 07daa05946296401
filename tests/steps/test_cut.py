from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.footage import Clip, ClipRendition
from pipeline.domain.ids import RecordingId, RenditionId
from pipeline.domain.timeline import Span
from pipeline.errors import AccessDeniedError, MissingObjectError
from pipeline.records import clips, footage
from pipeline.workbench import Workbench
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import SECONDS
from tests.stages import Stages
from tests.steps.conftest import Events, Footage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def rendered(stages: Stages, path: Path) -> tuple[RecordingId, RenditionId]:
    stages.upload(path)
    (upload_id,) = stages.receive().new
    recording_id = stages.probe(stages.preserve(upload_id))
    return recording_id, stages.render(recording_id)


def recorded(bench: Workbench, rendition_id: RenditionId) -> list[tuple[Clip, ClipRendition]]:
    with bench.db.begin() as session:
        made = clips.clip_renditions_of(session, rendition_id)
        return [(clips.get_clip(session, clip.clip_id), clip) for clip in made]


def test_clips_tile_the_rendition_frame_by_frame(
    bench: Workbench, stages: Stages, footage_named: Footage, tmp_path: Path
) -> None:
    recording_id, rendition_id = rendered(stages, footage_named("rate_29_97"))
    with bench.db.begin() as session:
        rendition = footage.get_rendition(session, rendition_id)
    whole = tmp_path / "whole.mp4"
    bench.store.fetch(rendition.at.bucket, rendition.at.key, whole, expect=rendition.digest)
    made = stages.cut(rendition_id)
    found = recorded(bench, rendition_id)
    assert [clip.clip_id for clip, _ in found] == made
    assert len(made) > 1
    hashes: list[str] = []
    for clip, bytes_of in found:
        path = tmp_path / f"{clip.ordinal}.mp4"
        bench.store.fetch(bytes_of.at.bucket, bytes_of.at.key, path, expect=bytes_of.digest)
        shown = bench.media.frame_hashes(path)
        assert len(shown) == bytes_of.frame_count == clip.span.duration_s * Fraction(30000, 1001)
        hashes += shown
    assert tuple(hashes) == bench.media.frame_hashes(whole)
    spans = [clip.span for clip, _ in found]
    assert spans[0].start_s == 0
    assert [span.start_s for span in spans[1:]] == [span.end_s for span in spans[:-1]]
    assert spans[-1].end_s == rendition.frame_count / Fraction(30000, 1001)
    assert made == [Clip.id_for(recording_id, span) for span in spans]


def test_label_studio_can_read_the_clips_and_nothing_else_of_the_bucket(
    bench: Workbench, stages: Stages, footage_named: Footage
) -> None:
    _, rendition_id = rendered(stages, footage_named("audio_longer"))
    stages.cut(rendition_id)
    with bench.db.begin() as session:
        rendition = footage.get_rendition(session, rendition_id)
    source = bench.clip_source
    reader = ObjectStore(
        endpoint_url=source.endpoint_url,
        region=source.region,
        access_key_id=source.access_key_id,
        secret_access_key=source.secret_access_key,
    )
    for _, made in recorded(bench, rendition_id):
        seen = reader.head(made.at.bucket, made.at.key)
        assert seen is not None
        assert seen.digest == made.digest
    with pytest.raises(AccessDeniedError):
        reader.head(rendition.at.bucket, rendition.at.key)


def test_each_clip_has_its_event_and_its_times_in_it(stages: Stages, footage_named: Footage, events: Events) -> None:
    recording_id, rendition_id = rendered(stages, footage_named("rate_25"))
    stages.cut(rendition_id)
    for ordinal, (clip, made) in enumerate(recorded(stages.bench, rendition_id)):
        assert clip.span == Span(Fraction(ordinal), Fraction(ordinal + 1))
        details = {
            "recording_id": str(recording_id),
            "rendition_id": str(rendition_id),
            "digest": made.digest.hex,
            "version_id": made.at.version_id,
            "start_s": str(ordinal),
            "end_s": str(ordinal + 1),
        }
        assert events(clip.clip_id) == [("cut", details)]


def test_cutting_again_changes_nothing_and_reads_nothing(
    stages: Stages, raw: "S3Client", footage_named: Footage
) -> None:
    _, rendition_id = rendered(stages, footage_named("no_audio"))
    made = stages.cut(rendition_id)
    with stages.bench.db.begin() as session:
        at = footage.get_rendition(session, rendition_id).at
    raw.delete_object(Bucket=at.bucket, Key=at.key, VersionId=at.version_id)
    before = census(stages.bench)
    assert stages.cut(rendition_id) == made
    assert census(stages.bench) == before


def test_dying_while_recording_leaves_no_clip_and_starting_again_gives_the_same_ones(
    stages: Stages, databases: Databases, footage_named: Footage
) -> None:
    _, rendition_id = rendered(stages, footage_named("portrait"))
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.cut(rendition_id))
    killed = census(stages.bench)
    assert killed.rows == before.rows
    assert len(killed.objects - before.objects) == SECONDS
    stages.cut(rendition_id)
    after = census(stages.bench)
    assert after.objects == killed.objects
    assert after.new_rows(before) == {"clips": SECONDS, "clip_renditions": SECONDS, "custody_events": SECONDS}


def test_another_machine_cuts_the_same_clips(bench: Workbench, stages: Stages, footage_named: Footage) -> None:
    """One that has neither the original nor the rendition, only what is stored."""
    _, rendition_id = rendered(stages, footage_named("rate_10"))
    with bench.db.begin() as session:
        rendition = footage.get_rendition(session, rendition_id)
    bench.scratch.drop(rendition.digest)
    assert len(stages.cut(rendition_id)) == SECONDS
    assert not bench.scratch.file_for(rendition.digest).exists()


def test_when_clips_are_cut_nothing_of_them_is_left_on_this_machine(
    bench: Workbench, stages: Stages, footage_named: Footage
) -> None:
    recording_id, rendition_id = rendered(stages, footage_named("b_frames"))
    with bench.db.begin() as session:
        held = [*footage.get_recording(session, recording_id).originals]
        held.append(footage.get_rendition(session, rendition_id).digest)
    assert all(bench.scratch.file_for(digest).exists() for digest in held)
    stages.cut(rendition_id)
    assert not any(bench.scratch.file_for(digest).exists() for digest in held)
    assert list((bench.scratch.own / "work").iterdir()) == []


def test_a_rendition_that_is_gone_is_a_matter_of_custody(
    bench: Workbench, stages: Stages, raw: "S3Client", footage_named: Footage
) -> None:
    _, rendition_id = rendered(stages, footage_named("rate_60"))
    with bench.db.begin() as session:
        rendition = footage.get_rendition(session, rendition_id)
    bench.scratch.drop(rendition.digest)
    raw.delete_object(Bucket=rendition.at.bucket, Key=rendition.at.key, VersionId=rendition.at.version_id)
    before = census(bench)
    with pytest.raises(MissingObjectError, match=rendition.digest.hex):
        stages.cut(rendition_id)
    assert census(bench) == before
