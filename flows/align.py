"""align: the recordings of one exercise on one common timeline."""

from prefect import flow, task

from flows.presence import present
from flows.retry import POLICY
from pipeline.domain.ids import ExerciseId
from pipeline.steps.align import align_exercise
from pipeline.workbench import open_workbench


@flow(name="align")
def align(exercise: str) -> None:
    """Align one exercise; where nothing is new since it was aligned last, nothing happens."""
    with present():
        align_one(exercise)


@task(task_run_name="exercise-{exercise}", **POLICY)
def align_one(exercise: str) -> None:
    """Compare what can be compared, and record one alignment. Two runs for one exercise come one after the other."""
    bench = open_workbench()
    with bench.db.exclusive(f"align:{exercise}"):
        align_exercise(ExerciseId(exercise), store=bench.store, scratch=bench.scratch, db=bench.db, clock=bench.clock)
