"""carry: old answers count in new words where a mapping declares it, as their authors' and of their time."""

import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from pipeline.domain import taxonomies
from pipeline.domain.hint import HintSource
from pipeline.domain.label_mapping import LabelMapping
from pipeline.domain.labels import DELETED, ClipLabels, EventLabel
from pipeline.domain.version import Version
from pipeline.errors import UsageError
from pipeline.lookup.suggestions import hints_of_recordings
from pipeline.records import annotations, carried, custody
from pipeline.records.annotations import Answer
from pipeline.steps.carry import Carried, carry_labels
from pipeline.workbench import Workbench
from tests.builders import Chain, some_labels
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.stored import answer, store_chain

OLD = taxonomies.load("firearms-attack", Version(1, 0, 0))
(MAPPING,) = taxonomies.mappings()


@pytest.fixture
def chain(own_bench: Workbench) -> Chain:
    return store_chain(own_bench)


def answered(bench: Workbench, chain: Chain, clip: int = 0, **instead: object) -> list[Answer]:
    """Two people answered a clip under the old taxonomy."""
    bench.__dict__["taxonomy"] = OLD
    found = answer(bench, chain.clips[clip], **instead)  # type: ignore[arg-type] # what `answer` takes
    bench.__dict__["taxonomy"] = taxonomies.load()
    return found


def carry(bench: Workbench, mapping: LabelMapping = MAPPING) -> Carried:
    return carry_labels(mapping, db=bench.db, clock=bench.clock)


def standing(bench: Workbench) -> list[Answer]:
    with bench.db.begin() as session:
        return annotations.current_answers(session, MAPPING.target.digest)


def test_an_answer_counts_in_the_new_words_as_its_authors_and_of_its_time(own_bench: Workbench, chain: Chain) -> None:
    given = answered(own_bench, chain)
    assert carry(own_bench) == Carried(2, ())
    found = standing(own_bench)
    told = [(one.clip_id, one.annotator, one.answered_at, one.labels, one.raw) for one in found]
    assert told == [(one.clip_id, one.annotator, one.answered_at, one.labels, one.raw) for one in given]
    for new, old in zip(found, given, strict=True):
        details = {"from": str(old.annotation_id), "mapping": MAPPING.digest.hex, "taxonomy": MAPPING.target.digest.hex}
        with own_bench.db.begin() as session:
            ((_, kind, _, canonical),) = custody.events_of(session, str(new.annotation_id))
        assert (kind, json.loads(canonical)["details"]) == ("carried", details)
    with own_bench.db.begin() as session:
        assert annotations.current_answers(session, OLD.digest) == given
        assert carried.carried_clips(session, MAPPING.target.digest) == {chain.clips[0].clip_id}
    before = census(own_bench)
    assert carry(own_bench) == Carried(0, ())
    assert census(own_bench) == before


def test_what_changed_or_was_taken_back_since_is_carried_next_time(own_bench: Workbench, chain: Chain) -> None:
    answered(own_bench, chain)
    carry(own_bench)
    answered(own_bench, chain, annotators=["annotator-a"], labels=some_labels("reload"), minutes_later=5)
    answered(own_bench, chain, annotators=["annotator-b"], refusal=DELETED, minutes_later=5)
    answered(own_bench, chain, clip=1, annotators=["annotator-a"], refusal="never was one")
    assert carry(own_bench) == Carried(2, ())
    said = {one.annotator: one for one in standing(own_bench)}
    assert said["annotator-a"].labels == some_labels("reload")
    assert (said["annotator-b"].labels, said["annotator-b"].refusal) == (None, DELETED)
    assert {one.clip_id for one in said.values()} == {chain.clips[0].clip_id}


def test_what_somebody_says_in_the_new_words_counts_instead(own_bench: Workbench, chain: Chain) -> None:
    (given,) = answered(own_bench, chain, annotators=["annotator-a"])
    (anew,) = answer(
        own_bench, chain.clips[0], annotators=["annotator-a"], minutes_later=9, labels=some_labels("casualty")
    )
    carry(own_bench)
    assert standing(own_bench) == [anew]
    assert anew.answered_at == given.answered_at + timedelta(minutes=9)


def test_an_answer_that_means_nothing_in_the_new_words_is_left_and_told(own_bench: Workbench, chain: Chain) -> None:
    span = some_labels().events[0].span
    (odd,) = answered(
        own_bench,
        chain,
        annotators=["annotator-a"],
        labels=ClipLabels.of([EventLabel("thunder", span)], some_labels().choices),
    )
    assert carry(own_bench) == Carried(0, ((odd.annotation_id, "event thunder is not in firearms-attack-1.0.0"),))
    assert standing(own_bench) == []


def test_where_old_answers_lack_something_they_are_drawn_beforehand_instead(own_bench: Workbench, chain: Chain) -> None:
    answered(own_bench, chain, clip=1, annotators=["annotator-a"])
    lacking = replace(MAPPING, complete=False)
    with pytest.raises(UsageError, match=r"do not say all that firearms-attack-1\.1\.0 asks: send the clips out again"):
        carry(own_bench, lacking)
    found = hints_of_recordings(own_bench.db, taxonomy=MAPPING.target, mappings=[lacking])
    (hint,) = found[chain.recording.recording_id]
    assert (hint.source, hint.event) == (HintSource.CARRIED, "shot_fired")
    assert hint.span.start_s == chain.clips[1].span.start_s + Fraction(1)
    assert hints_of_recordings(own_bench.db, taxonomy=MAPPING.target, mappings=[MAPPING]) == {}


def test_dying_while_carrying_carries_nothing_twice(own_bench: Workbench, chain: Chain, databases: Databases) -> None:
    answered(own_bench, chain)
    before = census(own_bench)
    dies_while_recording(own_bench, databases, lambda: carry(own_bench))
    assert census(own_bench) == before
    assert carry(own_bench) == Carried(2, ())
    assert census(own_bench).new_rows(before) == {"annotations": 2, "carried_annotations": 2, "custody_events": 2}
