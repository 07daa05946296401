"""Record what was exercised: scenario, site, date, cameras and their wearers, weapons and ammunition."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from pipeline.adapters.declarations import read_declarations
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.exercise import ExerciseDeclaration
from pipeline.domain.ids import ExerciseId
from pipeline.errors import UsageError
from pipeline.records import Database, custody, exercises

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeclaredExercise:
    """What became of one declaration."""

    exercise_id: ExerciseId
    cameras: int
    is_new: bool
    """Whether it says anything that was not declared before."""


def declare_exercises(path: Path, *, db: Database, clock: Callable[[], datetime]) -> list[DeclaredExercise]:
    """Record every exercise that a file declares, all or none.

    Safe to repeat: the same declaration again changes nothing; another one for the same exercise becomes the newest.

    Raises:
        UsageError: the file cannot be read, or a declaration is wrong; every mistake is told, nothing was recorded.
        DatabaseUnavailableError: Postgres did not answer; nothing was recorded.
    """
    declarations: list[ExerciseDeclaration] = []
    mistakes: list[str] = []
    for said in read_declarations(path):
        try:
            declarations.append(ExerciseDeclaration.parse(said))
        except UsageError as exc:
            mistakes.append(str(exc))
    names = [declaration.exercise_id for declaration in declarations]
    # Of two in one file neither is the newer.
    mistakes += [f"exercise {name} is declared twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if mistakes or not declarations:
        raise UsageError(f"{path}: " + ("; ".join(mistakes) or "declares no exercise"))
    at = clock()
    outcomes: list[DeclaredExercise] = []
    with db.begin() as session:
        for declaration in declarations:
            new = exercises.add_declaration(session, declaration, at=at)
            if new:
                custody.append(session, _was_declared(declaration, at))
            outcomes.append(DeclaredExercise(declaration.exercise_id, len(declaration.cameras), new))
    log.info("exercises_declared", exercises=len(outcomes), new=sum(outcome.is_new for outcome in outcomes))
    return outcomes


def _was_declared(declaration: ExerciseDeclaration, at: datetime) -> CustodyEvent:
    return CustodyEvent(
        "declared", "exercise", declaration.exercise_id, at, {"declaration": exercises.digest_of(declaration).hex}
    )
