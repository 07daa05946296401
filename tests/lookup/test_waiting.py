from collections.abc import Sequence
from pathlib import Path

from pipeline.domain.labels import Taxonomy
from pipeline.domain.version import Version
from pipeline.lookup import waiting
from pipeline.records import Database
from pipeline.workbench import Workbench
from tests.builders import TAXONOMY
from tests.furnished import Furnished
from tests.stages import LIGHT, Stages
from tests.stored import answer, store_chain


def test_what_is_there_is_counted(furnished: Furnished) -> None:
    found = waiting.totals(furnished.bench.db)
    assert (found.uploads, found.quarantined, found.recordings, found.clips) == (5, 2, 1, 3)
    assert (found.tasks, found.annotations, found.releases, found.audits) == (0, 5, 1, 1)


def test_nothing_waits_where_everything_is_done(furnished: Furnished) -> None:
    bench = furnished.bench
    assert waiting.uploads_left(bench.db) == 0
    assert not waiting.anything_to_ingest(bench.settings.s3_intake_bucket, db=bench.db, store=bench.store)


def test_what_was_sent_or_received_waits_until_it_is_clips_or_in_quarantine(bench: Workbench, tmp_path: Path) -> None:
    stages = Stages(bench)

    def something_waits() -> bool:
        return waiting.anything_to_ingest(bench.settings.s3_intake_bucket, db=bench.db, store=bench.store)

    assert not something_waits()
    (tmp_path / "empty.mp4").touch()
    stages.upload(tmp_path / "empty.mp4")
    assert (something_waits(), waiting.uploads_left(bench.db)) == (True, 0)
    stages.receive()
    assert (something_waits(), waiting.uploads_left(bench.db)) == (True, 1)
    assert stages.ingest(tmp_path / "empty.mp4") == []
    assert (something_waits(), waiting.uploads_left(bench.db)) == (False, 0)


def test_how_far_a_release_is_is_one_word(furnished: Furnished) -> None:
    db = furnished.bench.db
    assert waiting.release_state(db, "attack-early", "1.0.0") == "published"
    assert waiting.release_state(db, "attack-early", "1.1.0") == "sealing"
    assert waiting.release_state(db, "attack-early", "2.0.0") == "selecting"


def test_a_release_is_done_only_on_the_terms_that_are_asked_for(furnished: Furnished) -> None:
    db = furnished.bench.db
    assert waiting.is_released(db, "attack-early", "1.0.0", annotators_min=2, recipes=LIGHT)
    assert not waiting.is_released(db, "attack-early", "1.0.0", annotators_min=2, recipes=["standard"])
    assert not waiting.is_released(db, "attack-early", "1.0.0", annotators_min=1, recipes=LIGHT)
    assert not waiting.is_released(db, "attack-early", "1.1.0", annotators_min=2, recipes=LIGHT)
    assert not waiting.is_released(db, "attack-early", "2.0.0", annotators_min=2, recipes=LIGHT)


def test_after_an_audit_nothing_is_left_to_audit_until_something_happens(own_bench: Workbench) -> None:
    stages = Stages(own_bench)
    assert not waiting.anything_since_last_audit(own_bench.db)
    store_chain(own_bench, clip_count=1)
    assert waiting.anything_since_last_audit(own_bench.db)
    stages.verify()
    assert not waiting.anything_since_last_audit(own_bench.db)


def test_clips_wait_to_be_sent_out(furnished: Furnished, db: Database) -> None:
    assert waiting.clips_to_submit(furnished.bench.db, TAXONOMY) == 3
    assert waiting.clips_to_submit(db, TAXONOMY) == 0


def test_the_next_version_is_the_first_the_unfinished_or_one_for_what_is_new(own_bench: Workbench) -> None:
    stages, taxonomy = Stages(own_bench), own_bench.taxonomy

    def following(words: Taxonomy = taxonomy, recipes: Sequence[str] = LIGHT) -> Version:
        return waiting.next_version(own_bench.db, "series", taxonomy=words, annotators_min=2, recipes=recipes)

    chain = store_chain(own_bench)
    answer(own_bench, chain.clips[0])
    assert following() == Version(1, 0, 0)
    release_id = stages.select("series", "1.0.0", annotators_min=2)
    answer(own_bench, chain.clips[1])
    assert following() == Version(1, 0, 0), "one that was begun is finished first"
    stages.seal(release_id)
    stages.publish(release_id)
    assert following() == Version(1, 1, 0)
    stages.release("series", "1.1.0", annotators_min=2)
    assert following() == Version(1, 1, 0), "nothing is new"
    assert following(recipes=["standard"]) == Version(1, 2, 0), "the same clips, made otherwise"
    answer(own_bench, chain.clips[2], annotators=["annotator-a"])
    assert following() == Version(1, 1, 0), "one person is not enough"
