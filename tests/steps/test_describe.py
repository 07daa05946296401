"""What an original says of itself is recorded once, with every clock, and can refuse nothing."""

import gzip
import json
import math
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from statistics import median

import pytest

from pipeline.adapters.facts.reader import FactReader
from pipeline.adapters.sandbox import Parsers
from pipeline.domain.clock_claim import Clock
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import RecordingId
from pipeline.domain.original_facts import DescribedOriginal
from pipeline.errors import UsageError
from pipeline.lookup.fetching import get
from pipeline.lookup.lineage import show
from pipeline.lookup.listing import list_recordings
from pipeline.records import facts, footage
from pipeline.records.began import began
from pipeline.steps import describe
from pipeline.workbench import Workbench
from tests.adapters.facts.conftest import a_photograph
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip
from tests.stages import Stages


@pytest.fixture(scope="module")
def stages(bench: Workbench) -> Stages:
    return Stages(bench)


def described(stages: Stages, digest: Sha256) -> tuple[DescribedOriginal, list[Clock]]:
    with stages.bench.db.begin() as session:
        found = facts.find_facts(session, digest)
        assert found is not None
        return found, facts.clocks_of(session, digest)


def preserved(stages: Stages, path: Path) -> Sha256:
    stages.upload(path)
    (upload_id,) = stages.receive().new
    return stages.preserve(upload_id)


@pytest.fixture(scope="module")
def walk(stages: Stages, real_footage: Path) -> tuple[Sha256, RecordingId]:
    digest = preserved(stages, real_footage / "video" / "gopro-max-heromode.mp4")
    recording_id = stages.probe(digest)
    stages.describe(digest)
    return digest, recording_id


def test_every_clock_of_a_real_recording_is_kept_with_its_source(
    stages: Stages, walk: tuple[Sha256, RecordingId]
) -> None:
    found, clocks = described(stages, walk[0])
    assert (found.kind, found.facts.camera.model, found.facts.problem) == ("video", "GoPro Max", None)
    assert found.facts.telemetry is not None
    assert found.facts.telemetry.points_found == 11
    assert found.facts.silent_head_s == 0
    said = {(clock.source, clock.place, clock.text) for clock in clocks}
    assert ("container", "container:creation_time", "2019-11-18T15:45:32.000000Z") in said
    assert ("timecode", "stream 0:timecode", "15:44:35:10") in said
    assert ("gnss", "telemetry", "2019-11-18T23:45:14+00:00") in said
    assert [clock.source for clock in clocks].count("gnss") == 11
    with stages.bench.db.begin() as session:
        (upload,) = footage.uploads_of(session, walk[0])
        beside = {clock.source: clock for clock in facts.clocks_of(session, upload.upload_id)}
    assert set(beside) == {"filesystem", "sender", "receipt"}
    assert beside["receipt"].reading is not None
    assert beside["receipt"].reading.at == upload.received_at


def test_the_corrected_start_of_a_real_recording_is_right_to_a_second_and_says_why(
    stages: Stages, walk: tuple[Sha256, RecordingId]
) -> None:
    told = show(stages.bench.db, str(walk[1])).facts
    assert told["began_at"] == "2019-11-18T23:45:14.767892+00:00, give or take 1 s"
    assert "11 of 11 readings agree" in told["because"]
    assert "container is off by -28783 s" in told["because"]
    line = next(line for line in list_recordings(stages.bench.db) if line.recording_id == walk[1])
    assert abs((line.began_at - datetime(2019, 11, 18, 23, 45, 14, tzinfo=UTC)).total_seconds()) < 1
    assert line.began_uncertainty_s == 1


def test_describing_again_changes_nothing(stages: Stages, walk: tuple[Sha256, RecordingId]) -> None:
    before = census(stages.bench)
    stages.describe(walk[0])
    assert census(stages.bench) == before


def test_a_recording_from_before_clocks_were_kept_has_a_start_all_the_same(stages: Stages, tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mp4", output_options="-metadata creation_time=2025-06-01T10:00:00Z")
    recording_id = stages.probe(preserved(stages, film))
    with stages.bench.db.begin() as session:
        start = began(session, footage.get_recording(session, recording_id))
    assert (start.start_at, start.source) == (datetime(2025, 6, 1, 10, tzinfo=UTC), "container")
    assert start.uncertainty_s == Fraction(14 * 3600)


def kept(stages: Stages, *paths: Path) -> list[Sha256]:
    """Preserve companions, as many as there are paths."""
    stages.upload(*paths)
    return [stages.preserve(upload_id) for upload_id in stages.receive().new]


def test_stills_and_tracks_beside_footage_have_facts_and_clocks(stages: Stages, tmp_path: Path) -> None:
    film, still, table = tmp_path / "MVI_0042.MP4", tmp_path / "MVI_0042.THM", tmp_path / "MVI_0042.GPX"
    make_clip(film)
    still.write_bytes(a_photograph())
    table.write_text('<gpx><wpt lat="51.5" lon="-0.12"><time>2026-03-02T10:00:00Z</time></wpt></gpx>')
    digests = kept(stages, still, table)
    assert stages.describe_companions() == 2
    assert stages.describe_companions() == 0
    by_kind = {found.kind: (found, clocks) for found, clocks in (described(stages, digest) for digest in digests)}
    assert set(by_kind) == {"still", "track"}
    found, clocks = by_kind["still"]
    assert (found.facts.camera.serial, found.facts.problem) == ("SN-0001", None)
    assert [clock.source for clock in clocks] == ["exif", "exif"]
    found, clocks = by_kind["track"]
    assert found.facts.track is not None
    assert [(clock.source, clock.text) for clock in clocks] == [("track", "2026-03-02T10:00:00+00:00")]
    recording_id = stages.probe(preserved(stages, film))
    with stages.bench.db.begin() as session:
        start = began(session, footage.get_recording(session, recording_id))
    # The photograph was taken at 10:00:00.25 an hour east, at some moment of two seconds.
    assert (start.source, start.start_at.isoformat()) == ("exif", "2026-03-02T09:00:00.250000+00:00")
    assert start.uncertainty_s == 302


def test_every_sample_of_telemetry_is_kept_once_and_can_be_fetched(
    own_bench: Workbench, databases: Databases, real_footage: Path, tmp_path: Path
) -> None:
    bench, stages = own_bench, Stages(own_bench)
    digest = preserved(stages, real_footage / "video" / "gopro-max-heromode.mp4")
    recording_id = stages.probe(digest)
    before = census(bench)
    dies_while_recording(bench, databases, lambda: stages.describe(digest))
    assert census(bench).new_rows(before) == {}
    stages.describe(digest)
    made = census(bench)
    assert made.new_rows(before)["original_series"] == 1
    assert len(set(made.objects) - set(before.objects)) == 1
    stages.describe(digest)
    assert census(bench) == made
    (fetched,) = get(str(recording_id), tmp_path, series=True, db=bench.db, store=bench.store, progress=lambda _: None)
    assert fetched.path.name == f"{recording_id}.jsonl.gz"
    samples = [json.loads(line) for line in gzip.decompress(fetched.path.read_bytes()).splitlines()]
    telemetry = described(stages, digest)[0].facts.telemetry
    assert telemetry is not None
    moved = [sample for sample in samples if "accelerometer_m_s2" in sample]
    assert {one.sensor: one.samples for one in telemetry.motion} == {
        "accelerometer": len(moved),
        "gyroscope": sum("gyroscope_deg_s" in sample for sample in samples),
    }
    # Carried by somebody who walks, it feels gravity and little else.
    assert median(math.hypot(*sample["accelerometer_m_s2"]) for sample in moved) == pytest.approx(9.8, abs=0.5)
    places = [sample for sample in samples if "latitude_deg" in sample]
    firsts = [sample for sample in places if sample["row"] == 0]
    assert len(places) == sum(first["rows"] for first in firsts) > 150
    assert [(first["latitude_deg"], first["longitude_deg"]) for first in firsts] == [
        (float(point.place.latitude_deg), float(point.place.longitude_deg)) for point in telemetry.points
    ]
    stages.verify()


def test_what_has_no_telemetry_has_no_samples(stages: Stages, tmp_path: Path) -> None:
    bench, digest = stages.bench, preserved(stages, make_clip(tmp_path / "plain.mp4", seconds=1, size="64x64"))
    recording_id = stages.probe(digest)
    before = census(bench)
    stages.describe(digest)
    assert "original_series" not in census(bench).new_rows(before)
    for thing, why in ((str(recording_id), "no telemetry"), (digest.hex, "no telemetry")):
        with pytest.raises(UsageError, match=why):
            get(thing, tmp_path, series=True, db=bench.db, store=bench.store, progress=lambda _: None)


def test_what_cannot_be_read_is_a_problem_among_the_facts_and_refuses_nothing(stages: Stages, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gpx"
    broken.write_bytes(b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><gpx/>')
    (digest,) = kept(stages, broken)
    before = census(stages.bench)
    assert stages.describe_companions() == 1
    found, clocks = described(stages, digest)
    assert "expected GPX" in (found.facts.problem or "")
    assert clocks == []
    assert census(stages.bench).new_rows(before) == {"original_facts": 1, "custody_events": 1}


def test_a_parser_that_cannot_start_leaves_companions_for_the_next_run(stages: Stages, tmp_path: Path) -> None:
    still, in_the_way = tmp_path / "IMG_0099.JPG", tmp_path / "in the way"
    still.write_bytes(a_photograph(orientation=3))
    in_the_way.touch()
    kept(stages, still)
    bench = stages.bench
    before = census(bench)
    broken = FactReader(Parsers(scratch=in_the_way))
    parts = {"store": bench.store, "scratch": bench.scratch, "db": bench.db, "clock": bench.clock}
    assert describe.describe_companions(reader=broken, **parts) == 1
    assert census(bench) == before
    assert stages.describe_companions() == 1
    assert stages.describe_companions() == 0
