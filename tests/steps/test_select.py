import pytest

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ReleaseId, derive
from pipeline.domain.labels import SKIPPED
from pipeline.errors import DamagedMediaError, NotPermittedError, SealedReleaseError, UsageError
from pipeline.records import releases
from pipeline.records.releases import Member
from pipeline.workbench import Workbench
from tests.builders import Chain, some_labels
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stages import Stages
from tests.steps.conftest import Events
from tests.stored import answer, store_chain


@pytest.fixture(scope="module")
def chain(bench: Workbench) -> Chain:
    """Of four clips: two labelled by two people, one by one, one by two of whom one took back what she said."""
    made = store_chain(bench, clip_count=4)
    for clip in made.clips[:2]:
        answer(bench, clip)
    answer(bench, made.clips[2], annotators=["annotator-a"])
    answer(bench, made.clips[3])
    answer(bench, made.clips[3], annotators=["annotator-b"], refusal="label 1: ends before it begins", minutes_later=1)
    return made


def drafted(bench: Workbench, release_id: ReleaseId) -> tuple[list[Member], dict[object, str]]:
    with bench.db.begin() as session:
        return releases.members_of(session, release_id), dict(releases.refusals_of(session, release_id))


def test_clips_that_enough_people_labelled_enter_and_the_others_are_refused_with_every_reason(
    stages: Stages, chain: Chain, events: Events
) -> None:
    release_id = stages.select("chosen", "1.0.0", annotators_min=2)
    members, refusals = drafted(stages.bench, release_id)
    assert release_id == derive("release", "chosen", "1.0.0")
    assert {member.clip_id for member in members} == {clip.clip_id for clip in chain.clips[:2]}
    assert all(member.rendition_id == chain.rendition.rendition_id for member in members)
    assert refusals == {
        chain.clips[2].clip_id: "too_few_annotators: labelled by 1 of at least 2 annotators",
        chain.clips[3].clip_id: (
            "too_few_annotators: labelled by 1 of at least 2 annotators; invalid_labels: label 1: ends before it begins"
        ),
    }
    details = {"clips": "2", "recipes": "viewing", "refused": "2", "taxonomy": stages.bench.taxonomy.digest.hex}
    assert events(release_id) == [("drafted", details)]


@pytest.mark.usefixtures("chain")
def test_selecting_again_changes_nothing(stages: Stages) -> None:
    release_id = stages.select("again", "1.0.0")
    before = census(stages.bench)
    assert stages.select("again", "1.0.0") == release_id
    assert census(stages.bench) == before


def test_a_release_that_was_drafted_on_other_terms_is_another_release(stages: Stages, chain: Chain) -> None:
    assert chain.clips
    stages.select("terms", "1.0.0", annotators_min=2)
    before = census(stages.bench)
    with pytest.raises(SealedReleaseError, match=r"at least 2 annotators .* found 1 .* choose another version"):
        stages.select("terms", "1.0.0", annotators_min=1)
    with pytest.raises(SealedReleaseError, match="choose another version"):
        stages.select("terms", "1.0.0", annotators_min=2, taxonomy=stages.other_taxonomy())
    assert census(stages.bench) == before


def test_footage_of_which_every_upload_is_in_quarantine_stays_out(own_bench: Workbench) -> None:
    stages = Stages(own_bench)
    good, bad = store_chain(own_bench, "good", clip_count=1), store_chain(own_bench, "bad", clip_count=1)
    for chain in (good, bad):
        answer(own_bench, chain.clips[0])
    stages.quarantine(bad.upload.upload_id, DamagedMediaError("found later to be damaged"))
    release_id = stages.select("clean", "1.0.0")
    members, refusals = drafted(own_bench, release_id)
    assert [member.clip_id for member in members] == [good.clips[0].clip_id]
    assert refusals == {bad.clips[0].clip_id: "quarantined: found later to be damaged"}


def test_who_skipped_a_clip_speaks_against_nobody(own_bench: Workbench) -> None:
    chain = store_chain(own_bench, clip_count=1)
    answer(own_bench, chain.clips[0])
    answer(own_bench, chain.clips[0], annotators=["annotator-c"], refusal=SKIPPED)
    members, refusals = drafted(own_bench, Stages(own_bench).select("skipped", "1.0.0", annotators_min=2))
    assert (len(members), refusals) == (1, {})


def test_what_is_said_after_the_draft_belongs_to_the_next_version(stages: Stages, chain: Chain) -> None:
    clip, bench = chain.clips[0], stages.bench
    first = stages.select("later", "1.0.0", annotators_min=2)
    before = drafted(bench, first)
    changed = answer(bench, clip, labels=some_labels("reload"), minutes_later=5)
    assert stages.select("later", "1.0.0", annotators_min=2) == first
    assert drafted(bench, first) == before
    members, _ = drafted(bench, stages.select("later", "1.1.0", annotators_min=2))
    of_clip = next(member for member in members if member.clip_id == clip.clip_id)
    assert set(of_clip.annotation_ids) == {one.annotation_id for one in changed}


@pytest.mark.usefixtures("chain")
def test_a_release_that_would_be_empty_is_refused_with_a_reason_and_not_recorded(stages: Stages) -> None:
    before = census(stages.bench)
    with pytest.raises(
        NotPermittedError, match=r"release empty 1\.0\.0 would be empty: none of 4 clips may enter\. The first: label"
    ):
        stages.select("empty", "1.0.0", annotators_min=3)
    assert census(stages.bench) == before


def test_where_there_are_no_clips_the_reason_is_that(own_bench: Workbench) -> None:
    with pytest.raises(NotPermittedError, match="there are no clips"):
        Stages(own_bench).select("empty", "1.0.0")


@pytest.mark.parametrize(
    ("name", "version"),
    [("Upper", "1.0.0"), ("blobs", "1.0.0"), ("a/b", "1.0.0"), ("", "1.0.0"), ("a", "1"), ("a", "v1.0.0"), ("a", "")],
)
def test_what_cannot_be_a_name_or_a_version_is_refused(stages: Stages, name: str, version: str) -> None:
    before = census(stages.bench)
    with pytest.raises(UsageError):
        stages.select(name, version)
    assert census(stages.bench) == before


@pytest.mark.usefixtures("chain")
def test_dying_while_recording_leaves_no_draft_and_starting_again_makes_it(
    stages: Stages, databases: Databases
) -> None:
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.select("killed", "1.0.0", annotators_min=2))
    assert census(stages.bench) == before
    stages.select("killed", "1.0.0", annotators_min=2)
    assert census(stages.bench).new_rows(before) == {
        "releases": 1,
        "release_clips": 2,
        "release_recipes": 1,
        "release_refusals": 2,
        "custody_events": 1,
    }


@pytest.mark.usefixtures("chain")
def test_answers_under_another_taxonomy_count_for_nothing(stages: Stages) -> None:
    with stages.bench.db.begin() as session:
        assert releases.find_draft(session, "other-words", "1.0.0") is None
    other = stages.other_taxonomy()
    assert isinstance(other.digest, Sha256)
    with pytest.raises(NotPermittedError, match="labelled by 0 of at least 1"):
        stages.select("other-words", "1.0.0", taxonomy=other)
