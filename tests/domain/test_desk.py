from pipeline.domain.desk import ADJUDICATION, SHARED, desk_of, trespass
from pipeline.domain.pseudonym import first_password, pseudonym

WHO, OTHER = "annotator-1", "annotator-2"


def test_everybody_answers_at_their_own_desk_and_at_the_shared_one() -> None:
    assert trespass(desk_of(WHO), WHO, adjudicators=()) is None
    assert trespass(SHARED, WHO, adjudicators=()) is None
    assert trespass(desk_of(OTHER), WHO, adjudicators={WHO}) == (
        "annotator-1 answered at the desk of annotator-2: an answer counts only at the desk of whoever gives it"
    )


def test_only_adjudicators_decide() -> None:
    assert trespass(ADJUDICATION, WHO, adjudicators={WHO}) is None
    assert "is no adjudicator" in str(trespass(ADJUDICATION, OTHER, adjudicators={WHO}))


def test_pseudonym_and_password_come_from_the_key_alone() -> None:
    assert pseudonym(7, key=b"one") == pseudonym(7, key=b"one") != pseudonym(7, key=b"two")
    password = first_password("A@firsthand.invalid", key=b"one")
    assert password == first_password("a@firsthand.invalid", key=b"one")
    assert password != first_password("b@firsthand.invalid", key=b"one")
    assert [len(part) for part in password.split("-")] == [5, 5, 5, 5]
