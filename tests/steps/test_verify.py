"""An audit finds what was taken, changed or planted, in the store and in the records, and says what and where."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.audit import Fault
from pipeline.domain.footage import Location
from pipeline.domain.ids import ReleaseId
from pipeline.errors import BrokenCustodyError, StoreUnavailableError
from pipeline.records import audits, clips, custody
from pipeline.records.audits import Audit
from pipeline.steps.verify import verify_everything
from pipeline.workbench import Workbench
from tests.benches import environment_of
from tests.builders import Chain, a_clip, an_event
from tests.census import census
from tests.infra.s3_door import s3_client
from tests.stack_fixtures import SessionStack
from tests.stages import Stages
from tests.stored import answer, content_of, store_chain

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Each test spoils what it audits: a bench of its own, and in it one recording with two clips in a release.


@pytest.fixture
def bench(own_bench: Workbench) -> Workbench:
    return own_bench


@pytest.fixture
def chain(bench: Workbench) -> Chain:
    made = store_chain(bench, clip_count=2)
    for clip in made.clips:
        answer(bench, clip)
    return made


@pytest.fixture
def release_id(bench: Workbench, chain: Chain) -> ReleaseId:  # noqa: ARG001 - of its clips
    return Stages(bench).release("audited", "1.0.0")


@pytest.fixture
def raw(bench: Workbench) -> "Iterator[S3Client]":
    with s3_client(environment_of(bench)) as client:
        yield client


def remove(raw: "S3Client", at: Location) -> None:
    raw.delete_object(Bucket=at.bucket, Key=at.key, VersionId=at.version_id)


def audit_of(bench: Workbench) -> Audit:
    with bench.db.begin() as session:
        (found,) = audits.all_audits(session)
    return found


def faults_of(bench: Workbench) -> tuple[Fault, ...]:
    """What an audit finds; the error tells how many and the first."""
    with pytest.raises(BrokenCustodyError) as found:
        Stages(bench).verify()
    faults = audit_of(bench).faults
    assert f"the audit found {len(faults)} faults" in str(found.value)
    assert f"The first: {faults[0].kind}, {faults[0].subject}: {faults[0].explanation}" in str(found.value)
    return faults


@pytest.mark.usefixtures("release_id")
def test_what_nobody_touched_is_found_whole_and_the_audit_is_recorded(bench: Workbench) -> None:
    before = census(bench)
    told: list[tuple[int, int]] = []
    Stages(bench).verify(progress=lambda done, of: told.append((done, of)))
    found = audit_of(bench)
    # An original, a rendition, two clips; the manifest, five files and two blobs of the release.
    assert (found.objects_checked, found.faults) == (12, ())
    assert found.events_checked == before.rows["custody_events"]
    assert found.bytes_checked > 1000
    assert told == [(number, 12) for number in range(1, 13)]
    assert census(bench).new_rows(before) == {"audits": 1}


def test_an_audit_of_nothing_finds_nothing_wrong(bench: Workbench) -> None:
    Stages(bench).verify()
    assert (audit_of(bench).objects_checked, audit_of(bench).faults) == (0, ())


@pytest.mark.parametrize("what", ["original", "rendition", "clip"])
def test_an_object_that_was_taken_is_missed(bench: Workbench, chain: Chain, raw: "S3Client", what: str) -> None:
    at, thing_id = {
        "original": (chain.original.at, chain.original.digest),
        "rendition": (chain.rendition.at, chain.rendition.rendition_id),
        "clip": (chain.made[1].at, chain.clips[1].clip_id),
    }[what]
    remove(raw, at)
    (fault,) = faults_of(bench)
    assert (fault.kind, fault.subject) == ("missing_object", f"{what} {thing_id}")
    assert at.key in fault.explanation


def test_a_byte_that_changed_on_the_disk_of_the_store_is_found(
    bench: Workbench, chain: Chain, postgres_s3_stack: SessionStack
) -> None:
    content = content_of(chain.clips[0].clip_id)
    stored = [path for path in (postgres_s3_stack.home / "swift").rglob("*.data") if path.read_bytes() == content]
    assert stored
    for path in stored:
        path.write_bytes(content[:-1] + b"!")
    faults = faults_of(bench)
    assert [(fault.kind, fault.subject) for fault in faults] == [("wrong_bytes", f"clip {chain.clips[0].clip_id}")]
    assert f"expected SHA-256 {chain.made[0].digest}" in faults[0].explanation


@pytest.mark.parametrize("path", ["release.json", "tables/segments.parquet"])
def test_a_released_file_that_was_replaced_is_found(
    bench: Workbench, release_id: ReleaseId, raw: "S3Client", path: str
) -> None:
    """Partners read the newest version, whatever was published."""
    key = f"audited/releases/1.0.0/{path}"
    raw.put_object(Bucket=bench.settings.s3_releases_bucket, Key=key, Body=b"{}")
    (fault,) = faults_of(bench)
    assert (fault.kind, fault.subject) == ("wrong_bytes", f"release {release_id}")
    assert key in fault.explanation


def test_a_released_clip_that_was_deleted_is_missed(
    bench: Workbench, chain: Chain, release_id: ReleaseId, raw: "S3Client"
) -> None:
    digest = chain.made[0].digest
    key = f"blobs/standard/sha256/{digest.hex[:2]}/{digest}.mp4"
    raw.delete_object(Bucket=bench.settings.s3_releases_bucket, Key=key)
    (fault,) = faults_of(bench)
    assert (fault.kind, fault.subject) == ("missing_object", f"release {release_id}")
    assert key in fault.explanation


def test_an_event_of_something_that_is_not_recorded_is_found(bench: Workbench, chain: Chain) -> None:
    nowhere = a_clip(chain.recording, ordinal=7)
    with bench.db.begin() as session:
        custody.append(session, an_event(subject_id=str(nowhere.clip_id)))
    (fault,) = faults_of(bench)
    assert (fault.kind, fault.subject) == ("event_without_row", f"clip {nowhere.clip_id}")


def test_something_recorded_without_an_event_is_found(bench: Workbench, chain: Chain) -> None:
    planted = a_clip(chain.recording, ordinal=7)
    with bench.db.begin() as session:
        clips.add_clip(session, planted)
    (fault,) = faults_of(bench)
    assert (fault.kind, fault.subject) == ("row_without_event", f"clip {planted.clip_id}")


@pytest.mark.usefixtures("chain")
def test_an_event_that_was_rewritten_by_the_owner_of_the_tables_is_found(bench: Workbench) -> None:
    url = bench.settings.database_url.get_secret_value().replace("+psycopg", "")
    with psycopg.connect(url) as owner:
        owner.execute("ALTER TABLE custody_events DISABLE TRIGGER no_rewrite")
        owner.execute("ALTER TABLE custody_events DROP CONSTRAINT ck_custody_events_leaf_hash_of_canonical")
        rewritten = owner.execute(
            "UPDATE custody_events SET canonical = replace(convert_from(canonical, 'UTF8'), '2026', '2025')::bytea "
            "WHERE kind = 'preserved' RETURNING event_id"
        ).fetchall()
    (fault,) = faults_of(bench)
    assert [(fault.kind, fault.subject)] == [("wrong_leaf_hash", f"event {event_id}") for (event_id,) in rewritten]


@pytest.mark.usefixtures("chain")
def test_an_event_that_says_one_thing_to_people_and_another_in_its_bytes_is_found(bench: Workbench) -> None:
    url = bench.settings.database_url.get_secret_value().replace("+psycopg", "")
    with psycopg.connect(url) as owner:
        owner.execute("ALTER TABLE custody_events DISABLE TRIGGER no_rewrite")
        ((event_id,),) = owner.execute(
            "UPDATE custody_events SET kind = 'duplicate_found' WHERE kind = 'preserved' RETURNING event_id"
        ).fetchall()
    faults = faults_of(bench)
    assert ("event_is_not_its_record", f"event {event_id}") in {(fault.kind, fault.subject) for fault in faults}


def test_every_fault_is_told_and_the_next_audit_finds_them_again(
    bench: Workbench, chain: Chain, raw: "S3Client"
) -> None:
    for made in chain.made:
        remove(raw, made.at)
    assert len(faults_of(bench)) == 2
    with pytest.raises(BrokenCustodyError, match="found 2 faults"):
        Stages(bench).verify()
    assert census(bench).rows["audits"] == 2


@pytest.mark.usefixtures("chain")
def test_a_store_that_does_not_answer_is_no_finding(bench: Workbench) -> None:
    away = ObjectStore(endpoint_url="http://127.0.0.1:9", region="us-east-1", access_key_id="a", secret_access_key="b")
    with pytest.raises(StoreUnavailableError):
        verify_everything(store=away, scratch=bench.scratch, db=bench.db, clock=bench.clock)
    assert census(bench).rows["audits"] == 0


def test_of_a_release_that_is_not_published_yet_nothing_is_missed(bench: Workbench, chain: Chain) -> None:
    stages = Stages(bench)
    stages.seal(stages.select("sealed", "1.0.0"))
    stages.verify()
    assert audit_of(bench).objects_checked == 2 + len(chain.clips)
