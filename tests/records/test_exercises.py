from datetime import timedelta

from pipeline.domain.exercise import Weapon
from pipeline.domain.ids import ExerciseId
from pipeline.records import Session, exercises, overview
from tests.builders import EXERCISE, NOON, a_declaration

LATER = NOON + timedelta(hours=1)


def test_the_same_declaration_again_is_one_row(session: Session) -> None:
    declaration = a_declaration()
    assert exercises.add_declaration(session, declaration, at=NOON)
    assert not exercises.add_declaration(session, declaration, at=LATER)
    found = exercises.newest_declaration(session, declaration.exercise_id)
    assert found == exercises.Declared(declaration, exercises.digest_of(declaration), NOON)


def test_the_newest_declaration_counts_also_when_it_says_again_what_was_said_first(session: Session) -> None:
    first, second = a_declaration(), a_declaration(weapons=(Weapon("carbine", "live"),))
    for hours, declaration in enumerate([first, second, first]):
        assert exercises.add_declaration(session, declaration, at=NOON + timedelta(hours=hours))
        found = exercises.newest_declaration(session, ExerciseId(EXERCISE))
        assert found is not None
        assert found.declaration == declaration


def test_a_declared_exercise_is_known_before_its_first_upload(session: Session) -> None:
    exercises.add_declaration(session, a_declaration(), at=NOON)
    (found,) = overview.exercises(session)
    assert (found.exercise_id, found.uploads, found.first_seen_at) == (EXERCISE, 0, NOON)
    assert exercises.newest_declaration(session, ExerciseId("EX-OTHER")) is None
