from dataclasses import replace

from pipeline.domain.digest import Sha256
from pipeline.domain.recipe import VIEWING
from pipeline.records import Session, encodings, releases
from pipeline.records.encodings import HeldEncoding
from pipeline.records.releases import AskedRecipe
from tests.builders import a_chain, a_draft, add_chain, an_encoding

STANDARD = AskedRecipe("standard", Sha256.of(b"standard"))
EXCERPT = AskedRecipe("excerpt", Sha256.of(b"excerpt"))


def test_an_encoding_comes_back_as_it_was_added_once(session: Session) -> None:
    chain = a_chain("encodings")
    made = an_encoding(chain.clips[0])
    other = an_encoding(chain.clips[0], tool_identity="another tool", audio_codec=None)
    add_chain(session, chain)
    assert [encodings.add_encoding(session, one) for one in (made, other, made)] == [True, True, False]
    assert encodings.get_encoding(session, made.encoding_id) == made
    assert {one.encoding_id for one in encodings.encodings_of(session, made.clip_id)} == {
        made.encoding_id,
        other.encoding_id,
    }
    assert encodings.find_encoding(session, an_encoding(chain.clips[1]).encoding_id) is None
    assert {made, other} <= set(encodings.all_encodings(session))


def test_a_release_holds_what_it_was_drafted_to_hold(session: Session) -> None:
    chain = a_chain("held")
    draft = a_draft("held", recipes=(STANDARD, EXCERPT))
    members = [releases.Member(clip.clip_id, chain.rendition.rendition_id, ()) for clip in chain.clips]
    made = [an_encoding(clip) for clip in chain.clips]
    add_chain(session, chain)
    releases.add_draft(session, draft, members, [])
    assert releases.get_draft(session, draft.release_id).recipes == (STANDARD, EXCERPT)
    left = encodings.left_to_encode(session, draft.release_id)
    assert left == {chain.recording.recording_id: [clip.clip_id for clip in chain.clips]}
    for one in made:
        encodings.add_encoding(session, one)
        held = HeldEncoding(one.clip_id, "standard", one.encoding_id, None)
        assert encodings.hold(session, draft.release_id, held)
        assert not encodings.hold(session, draft.release_id, replace(held, because="later"))
    assert encodings.left_to_encode(session, draft.release_id) == left, "excerpts are lacking"
    for one in made:
        encodings.hold(session, draft.release_id, HeldEncoding(one.clip_id, "excerpt", one.encoding_id, "so"))
    assert encodings.left_to_encode(session, draft.release_id) == {}
    assert [one.because for one in encodings.held_by(session, draft.release_id)] == ["so", None] * 3
    assert {one.digest for one in encodings.bytes_of(session, draft.release_id)} == {one.digest for one in made}


def test_what_an_older_firsthand_drafted_holds_what_people_looked_at(session: Session) -> None:
    chain = a_chain("older")
    draft = a_draft("older", recipes=())
    members = [releases.Member(clip.clip_id, chain.rendition.rendition_id, ()) for clip in chain.clips]
    add_chain(session, chain)
    releases.add_draft(session, draft, members, [])
    assert [recipe.name for recipe in releases.get_draft(session, draft.release_id).recipes] == [VIEWING.name]
    assert encodings.left_to_encode(session, draft.release_id) == {}
    held = encodings.bytes_of(session, draft.release_id)
    assert {one.digest for one in held} == {made.digest for made in chain.made}
