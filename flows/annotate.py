"""submit; collect: clips go out to be labelled, labels come back."""

from typing import Literal

from prefect import flow, task

from flows.presence import present
from flows.retry import POLICY
from pipeline.steps.collect import collect_annotations
from pipeline.steps.submit import submit_clips
from pipeline.workbench import open_workbench


@flow(name="annotate")
def annotate(only: Literal["submit", "collect"] | None = None, *, with_damaged: bool = False) -> None:
    """Send out every clip that was not sent, then fetch every answer that is new; or only one of the two.

    Clips of which something is damaged are sent out only when that is asked for.
    """
    with present():
        if only != "collect":
            submit(with_damaged=with_damaged)
        if only != "submit":
            collect()


@task(**POLICY)
def submit(*, with_damaged: bool = False) -> None:
    """Send out every clip that has no task under the newest taxonomy."""
    bench = open_workbench()
    submit_clips(
        taxonomy=bench.taxonomy,
        source=bench.clip_source,
        labelling=bench.labelling,
        db=bench.db,
        clock=bench.clock,
        with_damaged=with_damaged,
    )


@task(**POLICY)
def collect() -> None:
    """Fetch every answer that was given or changed since the last time."""
    bench = open_workbench()
    collect_annotations(
        taxonomy=bench.taxonomy,
        source=bench.clip_source,
        labelling=bench.labelling,
        pseudonym_key=bench.settings.pseudonym_key.get_secret_value().encode(),
        db=bench.db,
        clock=bench.clock,
    )
