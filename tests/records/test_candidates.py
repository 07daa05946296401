from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from pipeline.domain import taxonomies
from pipeline.domain.desk import ADJUDICATION
from pipeline.domain.labels import SKIPPED
from pipeline.domain.release import Candidate
from pipeline.records import Session, annotations, footage
from pipeline.records.annotations import Answer
from pipeline.records.candidates import candidates
from tests.builders import NOON, a_chain, add_chain, some_labels
from tests.builders import an_answer as plain_answer

WORDS = taxonomies.load()


def an_answer(*of: Any, **instead: Any) -> Answer:
    return replace(plain_answer(*of, **instead), taxonomy_digest=WORDS.digest)


def test_every_clip_is_told_with_who_labelled_it_and_what_speaks_against_it(session: Session) -> None:
    chain, refused = add_chain(session, a_chain()), add_chain(session, a_chain("refused", clip_count=1))
    labelled, disputed, silent = chain.clips
    for answer in (
        an_answer(labelled, 1, annotator="a"),
        an_answer(labelled, 2, annotator="b"),
        an_answer(labelled, 3, annotator="c", labels=None, refusal=SKIPPED),
        an_answer(disputed, 4, annotator="a"),
        an_answer(disputed, 4, annotator="a", answered_at=NOON + timedelta(1), labels=None, refusal="broken"),
        an_answer(disputed, 5, annotator="b"),
    ):
        annotations.add_answer(session, answer)
    footage.quarantine(session, refused.upload.upload_id, error_kind="DamagedMediaError", reason="damaged", at=NOON)
    found = {candidate.clip_id: candidate for candidate in candidates(session, WORDS)}
    assert found == {
        labelled.clip_id: Candidate(labelled.clip_id, frozenset({"a", "b"})),
        disputed.clip_id: Candidate(disputed.clip_id, frozenset({"b"}), label_mistakes=("broken",)),
        silent.clip_id: Candidate(silent.clip_id, frozenset()),
        refused.clips[0].clip_id: Candidate(refused.clips[0].clip_id, frozenset(), quarantine_reason="damaged"),
    }


def test_under_another_taxonomy_nobody_has_said_anything(session: Session) -> None:
    chain = add_chain(session, a_chain(clip_count=1))
    annotations.add_answer(session, an_answer(chain.clips[0]))
    (found,) = candidates(session, replace(WORDS, title="Other words"))
    assert found == Candidate(chain.clips[0].clip_id, frozenset())


def test_what_annotators_dispute_stays_out_until_an_adjudicator_decides(session: Session) -> None:
    (clip,) = add_chain(session, a_chain(clip_count=1)).clips
    annotations.add_answer(session, an_answer(clip, 1, annotator="a"))
    annotations.add_answer(session, an_answer(clip, 2, annotator="b", labels=some_labels(at_s=Fraction(7))))
    (before,) = candidates(session, WORDS)
    assert before.dispute == "Shot fired: 0 events marked by both, 2 by one only"
    annotations.add_answer(session, an_answer(clip, 3, annotator="c", desk=ADJUDICATION))
    (after,) = candidates(session, WORDS)
    assert (after.dispute, after.annotators) == (None, frozenset({"a", "b"}))
