from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.domain import keys
from pipeline.domain.desk import ADJUDICATION
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ReleaseId
from pipeline.domain.release import Manifest
from pipeline.errors import SealedReleaseError
from pipeline.records import annotations, releases
from pipeline.workbench import Workbench
from tests.builders import Chain, an_answer, some_labels
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stages import Stages
from tests.steps.conftest import Events
from tests.stored import answer, store_chain


@pytest.fixture(scope="module", autouse=True)
def chain(bench: Workbench) -> Chain:
    made = store_chain(bench)
    for clip in made.clips:
        answer(bench, clip)
    return made


def sealed(bench: Workbench, release_id: ReleaseId) -> Manifest:
    with bench.db.begin() as session:
        seal = releases.find_seal(session, release_id)
        draft = releases.get_draft(session, release_id)
    assert seal is not None
    manifest = Manifest.parse(seal.manifest)
    assert manifest.digest == seal.manifest_digest == Sha256.of(seal.manifest)
    assert manifest.created_at == draft.drafted_at
    return manifest


def test_a_sealed_release_names_every_file_and_each_is_stored(stages: Stages, events: Events, tmp_path: Path) -> None:
    release_id = stages.select("sealed", "1.0.0")
    stages.seal(release_id)
    bench = stages.bench
    manifest = sealed(bench, release_id)
    assert (manifest.name, str(manifest.version)) == ("sealed", "1.0.0")
    assert [file.path for file in manifest.files] == [
        "files.parquet",
        "tables/choices.parquet",
        "tables/clips.parquet",
        "tables/segments.parquet",
        "tables/variants.parquet",
        "taxonomy.json",
    ]
    for file in manifest.files:
        key = keys.sealed_key(release_id, file.digest)
        bench.store.fetch(bench.settings.s3_working_bucket, key, tmp_path / "file", expect=file.digest)
        assert (tmp_path / "file").stat().st_size == file.size_bytes
    assert events(release_id)[1:] == [("sealed", {"manifest": manifest.digest.hex})]


def test_sealing_again_changes_nothing(stages: Stages) -> None:
    release_id = stages.select("again", "1.0.0")
    stages.seal(release_id)
    before = census(stages.bench)
    stages.seal(release_id)
    assert census(stages.bench) == before


def test_dying_while_recording_and_sealing_again_gives_the_same_bytes(stages: Stages, databases: Databases) -> None:
    release_id = stages.select("killed", "1.0.0")
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.seal(release_id))
    killed = census(stages.bench)
    assert killed.rows == before.rows
    assert len(killed.objects - before.objects) == 6
    stages.seal(release_id)
    after = census(stages.bench)
    # The key of each object is its digest: as many objects as before means the same bytes.
    assert after.objects == killed.objects
    assert after.new_rows(before) == {"release_seals": 1, "custody_events": 1}


def test_answers_that_came_after_the_draft_do_not_change_what_is_sealed(stages: Stages, chain: Chain) -> None:
    first, second = stages.select("frozen", "1.0.0"), stages.select("melted", "1.0.0")
    stages.seal(first)
    answer(stages.bench, chain.clips[0], annotators=["annotator-c"])
    stages.seal(second)
    tables = [
        {file.path: file.digest for file in sealed(stages.bench, release_id).files} for release_id in (first, second)
    ]
    assert tables[0] == tables[1]


def test_a_release_is_sealed_under_the_words_that_it_was_drafted_under(stages: Stages) -> None:
    release_id = stages.select("words", "1.0.0")
    before = census(stages.bench)
    with pytest.raises(SealedReleaseError, match=f"was drafted under taxonomy {stages.bench.taxonomy.digest}, found"):
        stages.seal(release_id, taxonomy=stages.other_taxonomy())
    assert census(stages.bench) == before


def test_what_an_adjudicator_decided_is_what_counts_and_carries_its_interval(bench: Workbench, tmp_path: Path) -> None:
    stages = Stages(bench)
    clip, agreed = store_chain(bench, "disputed", clip_count=2).clips
    answer(bench, clip, annotators=["annotator-a"], labels=some_labels(at_s=Fraction(1)))
    answer(bench, clip, annotators=["annotator-b"], labels=some_labels(at_s=Fraction(5)))
    answer(bench, agreed, annotators=["annotator-a"], labels=some_labels(at_s=Fraction(2)))
    answer(bench, agreed, annotators=["annotator-b"], labels=some_labels(at_s=Fraction(11, 5)))
    before = stages.select("undecided", "1.0.0", annotators_min=2)
    with bench.db.begin() as session:
        assert clip.clip_id not in {member.clip_id for member in releases.members_of(session, before)}
        refused = dict(releases.refusals_of(session, before))
        decision = an_answer(clip, 99, annotator="annotator-j", labels=some_labels(at_s=Fraction(6, 5)))
        decision = replace(decision, taxonomy_digest=bench.taxonomy.digest, desk=ADJUDICATION)
        annotations.add_answer(session, decision)
    assert refused[clip.clip_id].startswith("disputed: its annotators do not agree and nobody has decided: Shot fired")

    release_id = stages.select("decided", "1.0.0", annotators_min=2)
    stages.seal(release_id)
    (file,) = [one for one in sealed(bench, release_id).files if one.path == "tables/segments.parquet"]
    key, path = keys.sealed_key(release_id, file.digest), tmp_path / "segments.parquet"
    bench.store.fetch(bench.settings.s3_working_bucket, key, path, expect=file.digest)
    names = ("start_us", "onset_lo_us", "onset_hi_us", "adjudicated", "agreement", "n_annotators")
    rows = {
        (row["clip_id"], row["annotation_no"]): tuple(row[name] for name in names)
        for row in pq.read_table(path).to_pylist()
    }
    assert rows[str(clip.clip_id), 0] == (1_200_000, 1_000_000, 1_200_000, True, 0.5, 2)
    assert rows[str(agreed.clip_id), 0] == (2_100_000, 2_000_000, 2_200_000, False, 1.0, 2)
    said = [rows[str(clip.clip_id), number] for number in (1, 2)]
    assert sorted(said) == [(at_us, None, None, None, None, 2) for at_us in (1_000_000, 5_000_000)]
