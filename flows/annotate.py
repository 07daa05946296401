"""gate > illustrate > submit, redraw, or allot > soften > hand_out; collect > refer: clips out, answers back."""

from typing import Literal

from prefect import flow, task

from flows.presence import present
from flows.retry import POLICY
from pipeline.domain.agreement.verdict import Threshold
from pipeline.domain.allotment import Policy
from pipeline.lookup.suggestions import hints_of_recordings
from pipeline.steps.allot import allot_clips
from pipeline.steps.collect import collect_annotations
from pipeline.steps.gate import gate_clips
from pipeline.steps.hand_out import hand_out_clips
from pipeline.steps.illustrate import illustrate_labels
from pipeline.steps.redraw import redraw_hints
from pipeline.steps.refer import refer_disputed
from pipeline.steps.soften import soften_clips
from pipeline.steps.submit import submit_clips
from pipeline.workbench import open_workbench

MINUTE_S = 60


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
            illustrate()
            submit(with_damaged=with_damaged, clips_max=clips_max)
            redraw()
            allot(with_damaged=with_damaged)
            soften()
            hand_out()
        if only != "submit":
            collect(thorough=thorough)
            refer()


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
def illustrate() -> None:
    """Put the pictures of the instruction where Label Studio finds them."""
    bench = open_workbench()
    illustrate_labels(
        taxonomy=bench.taxonomy,
        working_bucket=bench.settings.s3_working_bucket,
        store=bench.store,
        reader=bench.settings.s3_clip_reader,
    )


@task(**POLICY)
def submit(*, with_damaged: bool = False, clips_max: int | None = None) -> None:
    """Send every clip to the shared desk, the most promising first, as long as nobody is enrolled."""
    bench = open_workbench()
    submit_clips(
        taxonomy=bench.taxonomy,
        source=bench.clip_source,
        labelling=bench.labelling,
        db=bench.db,
        clock=bench.clock,
        hints=hints_of_recordings(bench.db, taxonomy=bench.taxonomy, mappings=bench.mappings),
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
def allot(*, with_damaged: bool = False) -> None:
    """Decide who labels which clip."""
    bench = open_workbench()
    allot_clips(
        taxonomy=bench.taxonomy,
        policy=Policy(bench.settings.annotators_per_clip, bench.settings.gold_every),
        limit_s=bench.settings.exposure_limit_minutes * MINUTE_S,
        db=bench.db,
        clock=bench.clock,
        hints=hints_of_recordings(bench.db, taxonomy=bench.taxonomy, mappings=bench.mappings),
        with_damaged=with_damaged,
    )


@task(**POLICY)
def soften() -> None:
    """Make softened bytes of every clip about which somebody warned."""
    bench = open_workbench()
    soften_clips(
        working_bucket=bench.settings.s3_working_bucket,
        reader=bench.settings.s3_clip_reader,
        store=bench.store,
        scratch=bench.scratch,
        media=bench.media,
        db=bench.db,
        clock=bench.clock,
    )


@task(**POLICY)
def hand_out() -> None:
    """Lay on each annotator's desk what they were given."""
    bench = open_workbench()
    hand_out_clips(
        taxonomy=bench.taxonomy,
        source=bench.clip_source,
        labelling=bench.labelling,
        limit_s=bench.settings.exposure_limit_minutes * MINUTE_S,
        db=bench.db,
        clock=bench.clock,
        hints=hints_of_recordings(bench.db, taxonomy=bench.taxonomy, mappings=bench.mappings),
        doorbell=bench.doorbell,
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


@task(**POLICY)
def refer() -> None:
    """Send disputed clips to adjudication."""
    bench = open_workbench()
    refer_disputed(
        taxonomy=bench.taxonomy,
        threshold=Threshold(annotators=bench.settings.annotators_per_clip),
        source=bench.clip_source,
        labelling=bench.labelling,
        db=bench.db,
        clock=bench.clock,
        doorbell=bench.doorbell,
    )
