"""gate, submit, redraw; collect: clips go out to be labelled, labels come back."""

from typing import Literal

from prefect import flow, task

from flows.presence import present
from flows.retry import POLICY
from pipeline.lookup.suggestions import hints_of_recordings
from pipeline.steps.collect import collect_annotations
from pipeline.steps.gate import gate_clips
from pipeline.steps.redraw import redraw_hints
from pipeline.steps.submit import submit_clips
from pipeline.workbench import open_workbench


@flow(name="annotate")
def annotate(
    only: Literal["submit", "collect"] | None = None,
    *,
    with_damaged: bool = False,
    clips_max: int | None = None,
    thorough: bool = True,
) -> None:
    """Send out every clip that was not sent, then fetch every answer that is new; or only one of the two.

    Clips of which something is damaged are sent out only when that is asked for, and `clips_max` of all at most. When
    `thorough`, as on the schedule, deleted and doubled tasks are looked for; a doorbell asks for less.
    """
    with present():
        if only != "collect":
            gate()
            submit(with_damaged=with_damaged, clips_max=clips_max)
            redraw()
        if only != "submit":
            collect(thorough=thorough)


@task(**POLICY)
def gate() -> None:
    """Check that every clip that waits plays as it must."""
    bench = open_workbench()
    gate_clips(
        taxonomy=bench.taxonomy,
        store=bench.store,
        scratch=bench.scratch,
        media=bench.media,
        db=bench.db,
        clock=bench.clock,
        jobs=bench.settings.ingest_jobs,
    )


@task(**POLICY)
def submit(*, with_damaged: bool = False, clips_max: int | None = None) -> None:
    """Send out every clip that has no task under the newest taxonomy, the most promising first."""
    bench = open_workbench()
    submit_clips(
        taxonomy=bench.taxonomy,
        source=bench.clip_source,
        labelling=bench.labelling,
        store=bench.store,
        db=bench.db,
        clock=bench.clock,
        hints=hints_of_recordings(bench.db, taxonomy=bench.taxonomy, mappings=bench.mappings),
        reader=bench.settings.s3_clip_reader,
        doorbell=bench.doorbell,
        with_damaged=with_damaged,
        clips_max=clips_max,
    )


@task(**POLICY)
def redraw() -> None:
    """Draw what is suggested now on clips that nobody has answered."""
    bench = open_workbench()
    redraw_hints(
        taxonomy=bench.taxonomy,
        source=bench.clip_source,
        labelling=bench.labelling,
        db=bench.db,
        clock=bench.clock,
        hints=hints_of_recordings(bench.db, taxonomy=bench.taxonomy, mappings=bench.mappings),
    )


@task(**POLICY)
def collect(*, thorough: bool = True) -> None:
    """Fetch every answer that was given or changed since the last time."""
    bench = open_workbench()
    collect_annotations(
        taxonomy=bench.taxonomy,
        source=bench.clip_source,
        labelling=bench.labelling,
        pseudonym_key=bench.settings.pseudonym_key.get_secret_value().encode(),
        db=bench.db,
        clock=bench.clock,
        doorbell=bench.doorbell,
        thorough=thorough,
    )
