from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ReleaseId
from pipeline.errors import UsageError
from pipeline.records import Session, annotations, releases
from pipeline.records.releases import Member, Publication, Seal
from tests.builders import NOON, Chain, a_chain, a_draft, a_location, add_chain, an_answer

SEAL = Seal(Sha256.of(b'{"a":1}'), b'{"a":1}', NOON)
PUBLICATION = Publication(a_location("release.json", bucket="releases"), NOON)


@pytest.fixture
def chain(session: Session) -> Chain:
    return add_chain(session, a_chain())


def members_of(session: Session, chain: Chain, *ordinals: int) -> list[Member]:
    found = []
    for ordinal in ordinals:
        clip = chain.clips[ordinal]
        answers = [an_answer(clip, 2 * ordinal + n, annotator=f"annotator-{n}") for n in (1, 2)]
        for answer in answers:
            annotations.add_answer(session, answer)
        ids = tuple(answer.annotation_id for answer in answers)
        found.append(Member(clip.clip_id, chain.rendition.rendition_id, ids))
    return sorted(found, key=lambda member: member.clip_id)


def test_a_draft_holds_its_members_and_refusals(session: Session, chain: Chain) -> None:
    draft, members = a_draft(), members_of(session, chain, 0, 1)
    refusals = [(chain.clips[2].clip_id, "too_few_annotators: labelled by 1 of at least 2")]
    assert releases.add_draft(session, draft, members, refusals)
    assert releases.get_draft(session, draft.release_id) == draft
    assert releases.find_draft(session, draft.name, draft.version) == draft
    assert releases.members_of(session, draft.release_id) == members
    assert releases.refusals_of(session, draft.release_id) == refusals
    assert releases.releases_with(session, chain.clips[0].clip_id) == [draft]
    assert releases.releases_with(session, chain.clips[2].clip_id) == []


def test_a_draft_added_twice_keeps_its_first_members(session: Session, chain: Chain) -> None:
    draft, members = a_draft(), members_of(session, chain, 0)
    releases.add_draft(session, draft, members, [])
    more = members_of(session, chain, 0, 1, 2)
    assert not releases.add_draft(session, replace(draft, annotators_min=1), more, [])
    assert releases.members_of(session, draft.release_id) == members
    assert releases.all_drafts(session) == [draft]


def test_a_release_is_sealed_once(session: Session) -> None:
    draft = a_draft()
    releases.add_draft(session, draft, [], [])
    assert releases.find_seal(session, draft.release_id) is None
    assert releases.add_seal(session, draft.release_id, SEAL)
    assert not releases.add_seal(session, draft.release_id, Seal(Sha256.of(b"{}"), b"{}", NOON))
    assert releases.find_seal(session, draft.release_id) == SEAL


def test_a_release_is_published_once_and_only_when_sealed(session: Session) -> None:
    draft = a_draft()
    releases.add_draft(session, draft, [], [])
    releases.add_seal(session, draft.release_id, SEAL)
    assert releases.find_publication(session, draft.release_id) is None
    assert releases.add_publication(session, draft.release_id, PUBLICATION)
    assert not releases.add_publication(session, draft.release_id, Publication(a_location("other"), NOON))
    assert releases.find_publication(session, draft.release_id) == PUBLICATION


def test_drafts_come_oldest_first(session: Session) -> None:
    newer = a_draft(version="0.9.0", drafted_at=NOON + timedelta(hours=1))
    older = a_draft(version="1.0.0")
    for draft in (newer, older):
        releases.add_draft(session, draft, [], [])
    assert releases.all_drafts(session) == [older, newer]


def test_what_is_not_there_is_told(session: Session) -> None:
    with pytest.raises(UsageError, match="no release 00000000-"):
        releases.get_draft(session, ReleaseId(UUID(int=0)))
    assert releases.find_draft(session, "attack-early", "9.9.9") is None
