from pipeline.domain.byproduct import ByproductKind
from pipeline.domain.digest import Sha256
from pipeline.records import Session, byproducts
from tests.builders import a_byproduct, a_chain, a_location, add_chain


def test_byproducts_come_back_as_they_were_added_once(session: Session) -> None:
    chain = a_chain("byproducts")
    sound = a_byproduct(chain.rendition)
    sheets = [
        a_byproduct(
            chain.rendition,
            kind=ByproductKind.THUMBNAILS,
            ordinal=ordinal,
            digest=Sha256.of(bytes([ordinal])),
            at=a_location(f"sheet-{ordinal}"),
        )
        for ordinal in (0, 1)
    ]
    add_chain(session, chain)
    assert [byproducts.add_byproduct(session, one) for one in (sound, *sheets, sound)] == [True, True, True, False]
    named = chain.rendition.rendition_id
    assert byproducts.byproducts_of(session, named) == [sound, *sheets]
    assert byproducts.find_byproduct(session, named, ByproductKind.SOUND) == sound
    assert byproducts.find_byproduct(session, named, ByproductKind.THUMBNAILS, 1) == sheets[1]
    assert byproducts.find_byproduct(session, named, ByproductKind.MEASURES) is None
    assert set(byproducts.byproducts_of(session, named)) <= set(byproducts.all_byproducts(session))
