"""An audit finds what was taken, changed or planted, in the store and in the records, and says what and where."""

import psycopg
import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.digest import Sha256
from pipeline.errors import BrokenCustodyError, StoreUnavailableError
from pipeline.records import audits, clips, custody
from pipeline.records.audits import Audit
from pipeline.steps.verify import verify_everything
from pipeline.workbench import Workbench
from tests.benches import Benches, raw_client
from tests.builders import a_clip, an_event
from tests.census import census
from tests.stack_fixtures import SessionStack
from tests.stages import Stages
from tests.stored import answer, content_of, store_chain


def audits_of(bench: Workbench) -> list[Audit]:
    with bench.db.begin() as session:
        return audits.all_audits(session)


# What nobody touched


def test_what_nobody_touched_is_found_whole_and_the_audit_is_recorded(bench: Workbench) -> None:
    stages = Stages(bench)
    stages.verify()
    chain = store_chain(bench)
    for clip in chain.clips[:2]:
        answer(bench, clip)
    stages.release("whole", "1.0.0")
    stages.seal(stages.select("sealed", "1.0.0"))
    before = census(bench)
    told: list[tuple[int, int]] = []
    stages.verify(progress=lambda done, of: told.append((done, of)))
    of_nothing, of_all = audits_of(bench)
    assert (of_nothing.objects_checked, of_nothing.events_checked, of_nothing.faults) == (0, 0, ())
    # An original, a rendition, three clips; the manifest, six files and two blobs of the release that is published.
    assert (of_all.objects_checked, of_all.faults) == (14, ())
    assert of_all.events_checked == before.rows["custody_events"]
    assert of_all.bytes_checked > 1000
    assert told == [(number, 14) for number in range(1, 15)]
    assert census(bench).new_rows(before) == {"audits": 1}


def test_a_store_that_does_not_answer_is_no_finding(bench: Workbench) -> None:
    away = ObjectStore(endpoint_url="http://127.0.0.1:9", region="us-east-1", access_key_id="a", secret_access_key="b")
    store_chain(bench, "away", clip_count=1)
    before = census(bench)
    with pytest.raises(StoreUnavailableError):
        verify_everything(store=away, scratch=bench.scratch, db=bench.db, clock=bench.clock)
    assert census(bench) == before


# What somebody spoiled, all of it in one bench: a release of two clips, and a third clip that is in none


class Spoiled:
    """A bench on which everything was spoiled that can be, each thing in one way."""

    def __init__(self, bench: Workbench, disks: SessionStack) -> None:
        self.bench, self.disks = bench, disks
        self.expected: dict[tuple[str, str], str] = {}
        """Kind and subject of each fault, and what its explanation holds."""
        self.chain = store_chain(bench, clip_count=4)
        for clip in self.chain.clips[:2]:
            answer(bench, clip)
        self.release_id = Stages(bench).release("spoiled", "1.0.0")
        self.take_objects()
        self.change_objects()
        self.plant_records()
        self.rewrite_events()
        with pytest.raises(BrokenCustodyError) as error:
            Stages(bench).verify()
        self.said = str(error.value)
        (self.audit,) = audits_of(bench)

    def take_objects(self) -> None:
        chain, s3 = self.chain, raw_client(self.bench)
        for subject, at in (
            (f"original {chain.original.digest}", chain.original.at),
            (f"rendition {chain.rendition.rendition_id}", chain.rendition.at),
            (f"clip {chain.clips[2].clip_id}", chain.made[2].at),
        ):
            s3.delete_object(Bucket=at.bucket, Key=at.key, VersionId=at.version_id)
            self.expected["missing_object", subject] = at.key
        blob = f"blobs/standard/sha256/{chain.made[0].digest.hex[:2]}/{chain.made[0].digest}.mp4"
        s3.delete_object(Bucket=self.bench.settings.s3_releases_bucket, Key=blob)
        self.expected["missing_object", f"release {self.release_id}"] = blob

    def change_objects(self) -> None:
        """One on the disk of the store, where nobody asks it; one in place, for those who read the newest version."""
        clip = self.chain.clips[3]
        content = content_of(clip.clip_id)
        for path in (self.disks.home / "swift").rglob("*.data"):
            if path.stat().st_size == len(content) and path.read_bytes() == content:
                path.write_bytes(content[:-1] + b"!")
        self.expected["wrong_bytes", f"clip {clip.clip_id}"] = f"expected SHA-256 {Sha256.of(content)}"
        table = "spoiled/releases/1.0.0/tables/segments.parquet"
        raw_client(self.bench).put_object(Bucket=self.bench.settings.s3_releases_bucket, Key=table, Body=b"{}")
        self.expected["wrong_bytes", f"release {self.release_id}"] = table

    def plant_records(self) -> None:
        nowhere, planted = a_clip(self.chain.recording, ordinal=7), a_clip(self.chain.recording, ordinal=8)
        with self.bench.db.begin() as session:
            custody.append(session, an_event(subject_id=str(nowhere.clip_id)))
            clips.add_clip(session, planted)
        self.expected["event_without_row", f"clip {nowhere.clip_id}"] = "it is not recorded"
        self.expected["row_without_event", f"clip {planted.clip_id}"] = "no custody event"

    def rewrite_events(self) -> None:
        """As whoever owns the tables can."""
        with psycopg.connect(self.bench.settings.database_url.get_secret_value().replace("+psycopg", "")) as owner:
            owner.execute("ALTER TABLE custody_events DISABLE TRIGGER no_rewrite")
            owner.execute("ALTER TABLE custody_events DROP CONSTRAINT ck_custody_events_leaf_hash_of_canonical")
            ((rewritten,),) = owner.execute(
                "UPDATE custody_events SET canonical = "
                "replace(convert_from(canonical, 'UTF8'), '2026', '2025')::bytea "
                "WHERE kind = 'preserved' RETURNING event_id"
            ).fetchall()
            ((renamed,),) = owner.execute(
                "UPDATE custody_events SET kind = 'submitted' WHERE kind = 'sealed' RETURNING event_id"
            ).fetchall()
        self.expected["wrong_leaf_hash", f"event {rewritten}"] = "do not have the recorded leaf hash"
        self.expected["event_is_not_its_record", f"event {renamed}"] = "say different things"


@pytest.fixture(scope="module")
def spoiled(benches: Benches, postgres_s3_stack: SessionStack, tmp_path_factory: pytest.TempPathFactory) -> Spoiled:
    return Spoiled(benches.make(tmp_path_factory.mktemp("scratch")), postgres_s3_stack)


FAULTS = [
    ("missing_object", "original"),
    ("missing_object", "rendition"),
    ("missing_object", "clip"),
    ("missing_object", "release"),
    ("wrong_bytes", "clip"),
    ("wrong_bytes", "release"),
    ("event_without_row", "clip"),
    ("row_without_event", "clip"),
    ("wrong_leaf_hash", "event"),
    ("event_is_not_its_record", "event"),
]


@pytest.mark.parametrize(("kind", "thing"), FAULTS)
def test_a_fault_is_found_and_named(spoiled: Spoiled, kind: str, thing: str) -> None:
    ((subject, words),) = [
        (subject, words)
        for (of_kind, subject), words in spoiled.expected.items()
        if of_kind == kind and subject.startswith(thing)
    ]
    (fault,) = [fault for fault in spoiled.audit.faults if (fault.kind, fault.subject) == (kind, subject)]
    assert words in fault.explanation


def test_nothing_else_is_found(spoiled: Spoiled) -> None:
    assert {(fault.kind, fault.subject) for fault in spoiled.audit.faults} == set(spoiled.expected)
    assert len(spoiled.audit.faults) == len(FAULTS)


def test_the_error_tells_how_many_and_the_first(spoiled: Spoiled) -> None:
    first = spoiled.audit.faults[0]
    assert f"the audit found {len(FAULTS)} faults in {spoiled.audit.objects_checked} objects" in spoiled.said
    assert f"The first: {first.kind}, {first.subject}: {first.explanation}" in spoiled.said


def test_the_next_audit_finds_them_again(spoiled: Spoiled) -> None:
    with pytest.raises(BrokenCustodyError, match=f"found {len(FAULTS)} faults"):
        Stages(spoiled.bench).verify()
    assert census(spoiled.bench).rows["audits"] == 2
