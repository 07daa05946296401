"""illustrate_labels with a real store: what an instruction shows is where Label Studio may read it."""

from pipeline.domain import keys
from pipeline.steps.illustrate import illustrate_labels
from pipeline.workbench import Workbench
from tests.census import census


def test_every_picture_of_the_taxonomy_is_put_once_where_clips_are_read(bench: Workbench) -> None:
    settings = bench.settings

    def put() -> None:
        illustrate_labels(
            taxonomy=bench.taxonomy,
            working_bucket=settings.s3_working_bucket,
            store=bench.store,
            reader=settings.s3_clip_reader,
        )

    put()
    before = census(bench)
    put()
    assert census(bench) == before
    pictures = [kind.picture for kind in bench.taxonomy.events if kind.picture is not None]
    assert pictures
    for picture in pictures:
        key = keys.picture_key(picture.digest, picture.file.rpartition(".")[2])
        assert key.startswith("clips/"), "the credentials of Label Studio read nothing else"
        assert bench.store.read(settings.s3_working_bucket, key, limit_bytes=1 << 20).startswith(b"<svg ")
