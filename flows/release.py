"""select > seal > publish: labelled clips become a numbered release that partners can pull."""

from uuid import UUID

from prefect import flow, task

from flows.presence import present
from flows.retry import POLICY
from pipeline.domain.ids import ReleaseId
from pipeline.steps.publish import publish_release
from pipeline.steps.seal import seal_release
from pipeline.steps.select import select_clips
from pipeline.workbench import open_workbench


@flow(name="release")
def release(name: str, version: str, annotators_min: int = 1) -> None:
    """Make and publish one release; one that was begun is finished as it was begun."""
    with present():
        release_id = select(name, version, annotators_min)
        seal(release_id)
        publish(release_id)


@task(**POLICY)
def select(name: str, version: str, annotators_min: int) -> str:
    """Choose the clips of the release, each refusal with its reason."""
    bench = open_workbench()
    return str(
        select_clips(
            name, version, annotators_min=annotators_min, taxonomy=bench.taxonomy, db=bench.db, clock=bench.clock
        )
    )


@task(**POLICY)
def seal(release_id: str) -> None:
    """Freeze members and labels into a manifest."""
    bench = open_workbench()
    seal_release(
        ReleaseId(UUID(release_id)),
        taxonomy=bench.taxonomy,
        working_bucket=bench.settings.s3_working_bucket,
        store=bench.store,
        db=bench.db,
        clock=bench.clock,
    )


@task(**POLICY)
def publish(release_id: str) -> None:
    """Bring the files to where partners read, the manifest last."""
    bench = open_workbench()
    publish_release(
        ReleaseId(UUID(release_id)),
        working_bucket=bench.settings.s3_working_bucket,
        releases_bucket=bench.settings.s3_releases_bucket,
        reader=bench.settings.s3_release_reader,
        store=bench.store,
        scratch=bench.scratch,
        db=bench.db,
        clock=bench.clock,
    )
