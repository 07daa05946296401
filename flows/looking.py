"""Who listens to footage, judges it and aligns it, when it comes and again when another Firsthand does so otherwise?

Results are named by what made them: those of before stay, and what is looked at once is not looked at again. What
belongs to footage that is still on its way to clips is left to those who carry it.
"""

from typing import Any
from uuid import UUID

from prefect import task
from prefect.futures import PrefectFuture, wait

from flows.retry import POLICY
from pipeline.domain.ids import ExerciseId, RenditionId
from pipeline.lookup.outdated import find_outdated
from pipeline.steps.align import align_exercise
from pipeline.steps.assess import assess_clips
from pipeline.steps.listen import listen_to_rendition
from pipeline.workbench import open_workbench


def look_again() -> list[PrefectFuture[Any]]:
    """Look again at what is outdated, as much of it as one run takes, and wait for it."""
    bench = open_workbench()
    found = find_outdated(bench.db, bench.listener)
    futures: list[PrefectFuture[Any]] = [listen_again.submit(str(rendition_id)) for rendition_id in found.to_hear]
    futures += [assess_again.submit(str(rendition_id)) for rendition_id in found.to_assess]
    futures += [align_one.submit(exercise_id) for exercise_id in found.to_align]
    wait(futures)
    return futures


def listen(rendition_id: RenditionId) -> None:
    """Let the detectors of today listen to one recording."""
    bench = open_workbench()
    listen_to_rendition(
        rendition_id, listener=bench.listener, store=bench.store, scratch=bench.scratch, db=bench.db, clock=bench.clock
    )


def assess(rendition_id: RenditionId) -> None:
    """Judge the clips of one rendition by the rule of today."""
    bench = open_workbench()
    assess_clips(
        rendition_id,
        floor=bench.floor,
        store=bench.store,
        scratch=bench.scratch,
        media=bench.media,
        db=bench.db,
        clock=bench.clock,
    )


@task(task_run_name="listen-{rendition_id}", **POLICY)
def listen_again(rendition_id: str) -> None:
    """Listen to a recording that is cut; of two runs the second finds it done."""
    with open_workbench().db.exclusive(f"listen:{rendition_id}"):
        listen(RenditionId(UUID(rendition_id)))


@task(task_run_name="assess-{rendition_id}", **POLICY)
def assess_again(rendition_id: str) -> None:
    """Judge clips that are cut, likewise."""
    with open_workbench().db.exclusive(f"assess:{rendition_id}"):
        assess(RenditionId(UUID(rendition_id)))


@task(task_run_name="exercise-{exercise}", **POLICY)
def align_one(exercise: str) -> None:
    """Compare what can be compared, and record one alignment. Two runs for one exercise come one after the other."""
    bench = open_workbench()
    with bench.db.exclusive(f"align:{exercise}"):
        align_exercise(ExerciseId(exercise), store=bench.store, scratch=bench.scratch, db=bench.db, clock=bench.clock)
