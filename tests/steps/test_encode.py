"""Clips for partners: made once, found again, released, and their labels carried over by partners."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow.parquet as pq
import pytest

from pipeline.domain.clip_recipe import LIVESTREAM_360P
from pipeline.domain.ids import ClipId
from pipeline.domain.timeline import Span
from pipeline.errors import SealedReleaseError, UsageError
from pipeline.partner import carry_segments, transforms_of, verify
from pipeline.partner.pull import pull
from pipeline.partner.source import StoreCredentials
from pipeline.records import clips, custody, encodings, releases
from tests.benches import Benches
from tests.builders import some_labels
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip, shown_frames
from tests.stack_fixtures import SessionStack
from tests.stages import Stages
from tests.stored import answer

ALL = ("standard", "excerpt", "livestream-360p", "livestream-second-generation", "viewing")


@pytest.fixture(scope="module")
def credentials(postgres_s3_stack: SessionStack) -> StoreCredentials:
    return StoreCredentials.from_environment(postgres_s3_stack.partner)


@pytest.fixture(scope="module")
def own_stages(benches: Benches, tmp_path_factory: pytest.TempPathFactory) -> Stages:
    """A bench with one recording of two clips, both labelled by two people."""
    stages = Stages(benches.make(tmp_path_factory.mktemp("scratch")))
    source = make_clip(tmp_path_factory.mktemp("source") / "footage.mp4", rate="30", gop_frames=30)
    clip_ids = stages.ingest(source)
    with stages.bench.db.begin() as session:
        for clip_id in clip_ids:
            answer(stages.bench, clips.get_clip(session, clip_id), labels=some_labels(at_s=Fraction(1, 2)))
    return stages


@pytest.fixture(scope="module")
def clip_ids(own_stages: Stages) -> list[ClipId]:
    with own_stages.bench.db.begin() as session:
        return [clip.clip_id for clip in clips.all_clips(session)]


def test_an_encoding_is_stored_recorded_and_told_of_once(own_stages: Stages, clip_ids: list[ClipId]) -> None:
    bench = own_stages.bench
    before = census(bench)
    made = own_stages.encode(clip_ids, "livestream-second-generation", "excerpt")
    after = census(bench)
    # Of each clip: the 360p variant that the second generation is made from, the second generation, the excerpt.
    assert after.new_rows(before) == {"clip_encodings": 6, "custody_events": 6}
    assert own_stages.encode(clip_ids, "livestream-second-generation", "excerpt") == made
    assert census(bench) == after
    with bench.db.begin() as session:
        found = [encodings.get_encoding(session, encoding_id) for encoding_id in made]
        first = next(
            one for one in encodings.encodings_of(session, clip_ids[0]) if one.recipe_name == LIVESTREAM_360P.name
        )
        ((_, kind, _, canonical),) = custody.events_of(session, str(made[0]))
    details = json.loads(canonical)["details"]
    assert [one.recipe_name for one in found] == ["livestream-second-generation", "excerpt"] * 2
    assert found[0].inputs == (first.digest,)
    assert (found[0].frame_count, first.frame_rate) == (15, 15)
    assert (kind, details["inputs"], details["digest"]) == ("encoded", first.digest.hex, found[0].digest.hex)


def test_killed_while_recording_it_is_made_again_and_stored_once(
    own_stages: Stages, clip_ids: list[ClipId], databases: Databases
) -> None:
    bench = own_stages.bench
    before = census(bench)
    dies_while_recording(bench, databases, lambda: own_stages.encode(clip_ids[:1], "livestream-480p-drops"))
    killed = census(bench)
    assert killed.rows == before.rows
    own_stages.encode(clip_ids[:1], "livestream-480p-drops")
    after = census(bench)
    assert after.objects == killed.objects, "the same bytes were stored under the same name"
    assert after.new_rows(before) == {"clip_encodings": 1, "custody_events": 1}


def test_an_unknown_recipe_is_refused(own_stages: Stages, clip_ids: list[ClipId]) -> None:
    with pytest.raises(UsageError, match="found betamax"):
        own_stages.encode(clip_ids, "betamax")


def test_a_release_is_sealed_only_when_all_of_it_is_made(own_stages: Stages) -> None:
    release_id = own_stages.select("unmade", "1.0.0", recipes=["standard"])
    with pytest.raises(SealedReleaseError, match="2 clips of 1 recordings"):
        own_stages.seal(release_id)
    with pytest.raises(SealedReleaseError, match="drafted with the recipes standard, found excerpt"):
        own_stages.select("unmade", "1.0.0", recipes=["excerpt"])


def test_what_partners_pull_holds_every_file_and_finds_every_label(
    own_stages: Stages, clip_ids: list[ClipId], credentials: StoreCredentials, tmp_path: Path
) -> None:
    bench = own_stages.bench
    release_id = own_stages.release("variants", "1.0.0", recipes=ALL)
    source = f"s3://{bench.settings.s3_releases_bucket}/variants"
    pulled = pull(source, "1.0.0", tmp_path, credentials=credentials)
    assert verify(tmp_path).faults == ()
    files = pq.read_table(pulled.folder / "files.parquet").to_pylist()
    assert len(files) == len(clip_ids) * len(ALL)
    rows = pq.read_table(pulled.folder / "tables/variants.parquet").to_pylist()
    of_clip = {row["asked"]: row for row in rows if row["clip_id"] == str(clip_ids[0])}
    assert set(of_clip) == set(ALL)
    assert of_clip["livestream-second-generation"]["made_from"] == "livestream-360p"
    own = next(row for row in pq.read_table(pulled.folder / "tables/clips.parquet").to_pylist())
    assert (own["rendition"], own["frame_count"], own["width"]) == ("standard", 30, 192)
    for name in ALL:
        carried = [one for one in carry_segments(pulled.folder, name) if one.clip_id == UUID(str(clip_ids[0]))]
        assert sorted(one.annotation_no for one in carried) == [0, 1, 2]
        # At 15 a second the event of a 30th of a second is where it was; no variant here moves time.
        assert {one.span for one in carried} == {Span(Fraction(1, 2), Fraction(1, 2) + Fraction(1, 30))}
        assert len(transforms_of(pulled.folder, name)) == len(clip_ids)
    with pytest.raises(UsageError, match="has no rendition 'betamax'; there are: excerpt, livestream-360p"):
        transforms_of(pulled.folder, "betamax")
    with bench.db.begin() as session:
        assert releases.find_seal(session, release_id) is not None
    shown = {name: _frames(tmp_path, of_clip[name]) for name in ("standard", "excerpt")}
    assert [a.brightness for a in shown["standard"]] == pytest.approx([b.brightness for b in shown["excerpt"]], abs=3)


def test_a_clip_that_cannot_be_an_excerpt_is_standard_and_says_why(benches: Benches, tmp_path: Path) -> None:
    stages = Stages(benches.make(tmp_path / "scratch"))
    (tmp_path / "source").mkdir()
    (clip_id,) = stages.ingest(make_clip(tmp_path / "source" / "x.mp4", seconds=1.0, output_options="-pix_fmt yuv444p"))
    with stages.bench.db.begin() as session:
        answer(stages.bench, clips.get_clip(session, clip_id))
    release_id = stages.release("fallback", "1.0.0", recipes=["excerpt"])
    with stages.bench.db.begin() as session:
        (held,) = encodings.held_by(session, release_id)
        made = encodings.get_encoding(session, held.encoding_id)
    assert (held.asked, made.recipe_name) == ("excerpt", "standard")
    assert held.because == "pictures in yuv444p do not play everywhere"
    stages.verify()


def _frames(folder: Path, row: dict[str, Any]) -> Any:
    digest = row["media_sha256"].hex()
    return shown_frames(folder / "blobs" / "sha256" / digest[:2] / f"{digest}.mp4")
