"""verify: is everything that the records name still there, byte for byte?"""

from prefect import flow, task

from flows.presence import present
from flows.retry import POLICY
from pipeline.steps.verify import verify_everything
from pipeline.workbench import open_workbench


@flow(name="audit")
def audit() -> None:
    """Re-hash every stored object and re-check every custody event; the run fails when evidence has changed."""
    with present():
        verify()


@task(**POLICY)
def verify() -> None:
    """One audit, recorded whatever it finds."""
    bench = open_workbench()
    verify_everything(store=bench.store, scratch=bench.scratch, db=bench.db, clock=bench.clock)
