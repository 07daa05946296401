"""What partners see: nothing, then all of it; and it is what the records say."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.labels import ClipLabels
from pipeline.domain.release import microseconds
from pipeline.errors import MissingObjectError, SealedReleaseError, UsageError
from pipeline.partner import Pulled, StoreCredentials, pull, verify
from pipeline.records import annotations, releases
from pipeline.workbench import Workbench
from tests.builders import Chain
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.infra.s3_door import s3_client
from tests.stack_fixtures import SessionStack
from tests.stages import Stages
from tests.steps.conftest import Events
from tests.stored import answer, content_of, store_chain

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module", autouse=True)
def chain(bench: Workbench) -> Chain:
    made = store_chain(bench)
    for clip in made.clips:
        answer(bench, clip)
    return made


@pytest.fixture(scope="module")
def credentials(postgres_s3_stack: SessionStack) -> StoreCredentials:
    return StoreCredentials.from_environment(postgres_s3_stack.partner)


@pytest.fixture(scope="module")
def partner(postgres_s3_stack: SessionStack) -> "Iterator[S3Client]":
    with s3_client(postgres_s3_stack.partner) as client:
        yield client


def pulled(bench: Workbench, name: str, dest: Path, credentials: StoreCredentials, version: str = "1.0.0") -> Pulled:
    return pull(f"s3://{bench.settings.s3_releases_bucket}/{name}", version, dest, credentials=credentials)


def seen(partner: "S3Client", bench: Workbench, prefix: str = "") -> list[str]:
    listed = partner.list_objects_v2(Bucket=bench.settings.s3_releases_bucket, Prefix=prefix)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def table(folder: Path, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / path).to_pylist()
    return rows


def test_what_a_partner_pulls_is_what_the_records_say(
    stages: Stages, chain: Chain, credentials: StoreCredentials, events: Events, tmp_path: Path
) -> None:
    release_id = stages.release("whole", "1.0.0", annotators_min=2)
    found = pulled(stages.bench, "whole", tmp_path, credentials)
    assert verify(tmp_path).faults == ()
    with stages.bench.db.begin() as session:
        seal, publication = releases.find_seal(session, release_id), releases.find_publication(session, release_id)
        answers = annotations.current_answers(session, stages.bench.taxonomy.digest)
    assert seal is not None
    assert publication is not None
    assert found.receipt.manifest_digest == seal.manifest_digest
    assert events(release_id)[-1] == ("published", {"manifest": seal.manifest_digest.hex})
    clips = {str(clip.clip_id): (clip, made) for clip, made in zip(chain.clips, chain.made, strict=True)}
    rows = {str(row["clip_id"]): row for row in table(found.folder, "tables/clips.parquet")}
    assert set(rows) == set(clips)
    for clip_id, (clip, made) in clips.items():
        row = rows[clip_id]
        assert (row["media_sha256"], row["frame_count"], row["n_annotators"]) == (made.digest.raw, 300, 2)
        assert (row["source_in_us"], row["source_out_us"]) == (
            microseconds(clip.span.start_s),
            microseconds(clip.span.end_s),
        )
    blobs = {str(row["clip_id"]): row for row in table(found.folder, "files.parquet")}
    for clip_id, (clip, made) in clips.items():
        (pulled_clip,) = tmp_path.rglob(f"{made.digest}.mp4")
        assert pulled_clip.read_bytes() == content_of(clip.clip_id)
        assert blobs[clip_id]["bytes"] == made.size_bytes
    said = {(str(one.clip_id), one.labels) for one in answers}
    assert labels_in(found.folder) == said
    text = b"".join(path.read_bytes() for path in found.folder.rglob("*") if path.is_file())
    for secret in (chain.recording.camera_serial, chain.recording.exercise_id, "annotator-a", "annotator-b", ".mp4\n"):
        assert secret.encode() not in text


def labels_in(folder: Path) -> set[tuple[str, ClipLabels]]:
    """What the tables say of each annotation, read without our own code for writing them."""
    segments, choices = table(folder, "tables/segments.parquet"), table(folder, "tables/choices.parquet")
    numbered = {(str(row["clip_id"]), row["annotation_no"]) for row in [*segments, *choices]}
    return {
        (
            clip_id,
            ClipLabels.from_json(
                {
                    "events": [
                        {
                            "kind": row["label"],
                            "start_s": f"{row['start_num']}/{row['start_den']}",
                            "end_s": f"{row['end_num']}/{row['end_den']}",
                        }
                        for row in segments
                        if (str(row["clip_id"]), row["annotation_no"]) == (clip_id, number)
                    ],
                    "choices": [
                        {"question": row["question"], "answer": row["answer"]}
                        for row in choices
                        if (str(row["clip_id"]), row["annotation_no"]) == (clip_id, number)
                    ],
                }
            ),
        )
        for clip_id, number in numbered
    }


def test_publishing_again_changes_nothing(stages: Stages) -> None:
    release_id = stages.release("again", "1.0.0")
    before = census(stages.bench)
    stages.publish(release_id)
    assert census(stages.bench) == before


def test_a_release_that_is_not_sealed_is_not_published(stages: Stages) -> None:
    release_id = stages.select("open", "1.0.0")
    before = census(stages.bench)
    with pytest.raises(SealedReleaseError, match=f"release {release_id} is not sealed"):
        stages.publish(release_id)
    assert census(stages.bench) == before


def test_until_the_manifest_is_there_partners_see_no_release(
    stages: Stages, credentials: StoreCredentials, partner: "S3Client", raw: "S3Client", tmp_path: Path
) -> None:
    """As after a kill between the tables and the manifest: the last table cannot be copied."""
    bench = stages.bench
    release_id = stages.select("half", "1.0.0")
    stages.seal(release_id)
    bucket, key = bench.settings.s3_working_bucket, keys.sealed_key(release_id, Sha256.of(bench.taxonomy.canonical))
    raw.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(MissingObjectError, match=key):
        stages.publish(release_id)
    half = seen(partner, bench, "half/")
    assert half
    assert not any(name.endswith(keys.MANIFEST_PATH) for name in half)
    with pytest.raises(UsageError, match=r"has no release 1\.0\.0"):
        pulled(bench, "half", tmp_path, credentials)
    words = bench.taxonomy.canonical
    bench.store.put_once(bucket, key, words, digest=Sha256.of(words), media_type="application/json")
    stages.publish(release_id)
    assert pulled(bench, "half", tmp_path, credentials).receipt.blobs == 3
    assert set(half) < set(seen(partner, bench, "half/"))


def test_dying_while_recording_and_publishing_again_writes_nothing_twice(
    stages: Stages, databases: Databases, credentials: StoreCredentials, tmp_path: Path
) -> None:
    release_id = stages.select("killed", "1.0.0")
    stages.seal(release_id)
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.publish(release_id))
    killed = census(stages.bench)
    assert killed.rows == before.rows
    assert pulled(stages.bench, "killed", tmp_path, credentials).receipt.blobs == 3
    stages.publish(release_id)
    after = census(stages.bench)
    assert after.objects == killed.objects
    assert after.new_rows(before) == {"release_publications": 1, "custody_events": 1}


def test_the_next_version_shares_its_clips_and_says_since_when(
    stages: Stages, chain: Chain, credentials: StoreCredentials, partner: "S3Client", tmp_path: Path
) -> None:
    bench = stages.bench
    stages.release("series", "1.0.0", annotators_min=2)
    blobs = [name for name in seen(partner, bench) if name.startswith("blobs/")]
    answer(bench, chain.clips[1], minutes_later=3)
    stages.release("series", "1.1.0", annotators_min=2)
    assert [name for name in seen(partner, bench) if name.startswith("blobs/")] == blobs
    pulled(bench, "series", tmp_path, credentials)
    second = pulled(bench, "series", tmp_path, credentials, "1.1.0")
    assert second.fetched_files == second.receipt.files == 6, "clips were fetched again"
    since = {
        str(row["clip_id"]): (row["added_in"], row["changed_in"])
        for row in table(second.folder, "tables/clips.parquet")
    }
    assert since == {
        str(clip.clip_id): ("1.0.0", "1.1.0" if clip is chain.clips[1] else "1.0.0") for clip in chain.clips
    }


def test_the_partner_can_read_nothing_but_releases(partner: "S3Client", bench: Workbench) -> None:
    for bucket in (
        bench.settings.s3_intake_bucket,
        bench.settings.s3_originals_bucket,
        bench.settings.s3_working_bucket,
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            partner.list_objects_v2(Bucket=bucket)
