from dataclasses import replace

from pipeline.records import Session, qualities
from tests.builders import a_chain, add_chain
from tests.qualities import an_assessed_clip


def test_the_newest_rule_counts_and_the_older_judgement_stays(session: Session) -> None:
    chain = add_chain(session, a_chain())
    older = an_assessed_clip(chain)
    newer = replace(older, rule_version=2, marks=())
    assert not qualities.is_assessed(session, older.rendition_id, 1)
    assert [qualities.add_quality(session, one) for one in (newer, older, older)] == [True, True, False]
    assert qualities.is_assessed(session, older.rendition_id, 1)
    assert qualities.find_quality(session, older.clip_id) == newer
    assert qualities.qualities_by(session, older.rendition_id) == {older.clip_id: newer}
    assert qualities.qualities_of(session, [chain.clips[1].clip_id]) == {}
