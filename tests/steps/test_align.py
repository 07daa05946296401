"""Recordings of one exercise come onto one timeline: by what they hear, by their clocks, or not at all."""

from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.domain import keys
from pipeline.domain.alignment import Alignment, Heard, Method, NotHeard, Projection, project
from pipeline.domain.byproduct import Byproduct, ByproductKind
from pipeline.domain.clock import ClockReading
from pipeline.domain.clock_claim import Clock
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location, Recording
from pipeline.domain.ids import CameraSerial, ExerciseId, RecordingId
from pipeline.errors import MissingObjectError
from pipeline.records import alignments, byproducts, facts, footage
from pipeline.workbench import Workbench
from tests.benches import raw_client
from tests.builders import EXERCISE, NOON, a_chain, a_rendition, add_chain, media_facts
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip
from tests.microphones import Scene
from tests.sounds import Samples, write_wav
from tests.stages import Stages

SECONDS = 30


@dataclass
class Cast:
    """Cameras of one exercise, on a bench of their own."""

    stages: Stages
    folder: Path

    @property
    def bench(self) -> Workbench:
        return self.stages.bench

    def films(
        self, name: str, sound: Samples | None, *, satellite_s: float | None = None, camera: str = ""
    ) -> RecordingId:
        """A recording of half a minute with this sound; its clock may be local time, unless satellites tell."""
        bench = self.bench
        made = a_chain(name, clip_count=1)
        recording = replace(
            made.recording,
            camera_serial=CameraSerial(camera or f"CAMERA-{name}"),
            facts=media_facts(frame_count=SECONDS * 30, frame_rate=Fraction(30), has_audio=sound is not None),
            duration_s=Fraction(SECONDS),
            frame_rate=Fraction(30),
        )
        with bench.db.begin() as session:
            add_chain(session, replace(made, recording=recording, rendition=a_rendition(recording)))
            if satellite_s is not None:
                reading = ClockReading("gnss", NOON + timedelta(seconds=satellite_s), is_zone_known=True)
                facts.add_clocks(session, made.original.digest, [Clock("gnss", "telemetry", "so", reading)])
            if sound is not None:
                byproducts.add_byproduct(session, self._stored(recording, sound))
        return recording.recording_id

    def _stored(self, recording: Recording, sound: Samples) -> Byproduct:
        path = write_wav(self.folder / "sound.wav", sound)
        digest = Sha256.of(path.read_bytes())
        rendition_id = a_rendition(recording).rendition_id
        key = keys.byproduct_key(rendition_id, "sound", 0, digest)
        bucket = self.bench.settings.s3_working_bucket
        at = self.bench.store.put_once(bucket, key, path, digest=digest, media_type="audio/wav")
        location = Location(at.bucket, at.key, at.version_id)
        return Byproduct(rendition_id, ByproductKind.SOUND, 0, digest, location, at.size_bytes)

    def align(self) -> Alignment:
        named = self.stages.align()
        found = self.newest()
        assert found is not None
        assert found.alignment_id == named
        return found

    def newest(self) -> Alignment | None:
        with self.bench.db.begin() as session:
            return alignments.newest_alignment(session, ExerciseId(EXERCISE))


@pytest.fixture
def cast(own_bench: Workbench, tmp_path: Path) -> Cast:
    return Cast(Stages(own_bench), tmp_path)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene.of(50, seed=3)


@pytest.fixture(scope="module")
def strange() -> Samples:
    return Scene.of(40, seed=9).heard(0, SECONDS)


def test_two_cameras_are_placed_within_5_ms_and_a_stranger_is_refused(
    cast: Cast, scene: Scene, strange: Samples
) -> None:
    first = cast.films("one", scene.heard(1, SECONDS, gain=0.5, seed=1))
    second = cast.films("two", scene.heard(4.217, SECONDS, drift_ppm=40, noise=0.02, seed=2))
    stranger = cast.films("stranger", strange)
    found = cast.align()
    placed = {one.key.recording_id: one for one in found.timeline.placements}
    assert set(placed) == {first, second}
    assert {one.method for one in placed.values()} == {Method.REFERENCE, Method.SOUND}
    for moment_s in (Fraction(0), Fraction(13), Fraction(SECONDS) - Fraction(33, 10)):
        there = project(found.timeline, moment_s, of=second, onto=first)
        assert isinstance(there, Projection)
        assert abs(there.moment_s - moment_s * (1 + Fraction(40, 10**6)) - Fraction(3217, 1000)) < Fraction(5, 1000)
        assert there.is_by_sound
        assert there.uncertainty_s < Fraction(50, 1000)
    (refused,) = found.timeline.unplaced
    assert refused.key.recording_id == stranger
    assert refused.reason.startswith("its sound does not fit any of 2 others (they do not hear the same")
    assert "to 28 h" in refused.reason


def test_footage_is_placed_by_the_sound_that_comes_out_of_rendering(own_bench: Workbench, tmp_path: Path) -> None:
    """From files to the timeline with real parts; time is that of the picture, whatever the containers do to sound."""
    stages, scene = Stages(own_bench), Scene.of(20, seed=5)
    found = []
    for number, (camera, start_s, drift_ppm) in enumerate((("ONE", 0.0, 0.0), ("TWO", 3.217, 40.0))):
        heard = scene.heard(start_s, 14, drift_ppm=drift_ppm, noise=0.005, seed=number)
        sound = write_wav(tmp_path / f"{camera}.wav", heard)
        film = make_clip(tmp_path / f"{camera}.mp4", seconds=14, rate="10", size="96x64", audio=f"amovie={sound}")
        stages.upload(film, camera=camera)
        (upload_id,) = stages.receive().new
        recording_id = stages.probe(stages.preserve(upload_id))
        stages.cut(stages.render(recording_id))
        found.append(recording_id)
    stages.align()
    with own_bench.db.begin() as session:
        alignment = alignments.newest_alignment(session, ExerciseId(EXERCISE))
    assert alignment is not None
    for moment_s in (Fraction(0), Fraction(10)):
        there = project(alignment.timeline, moment_s, of=found[1], onto=found[0])
        assert isinstance(there, Projection), alignment.timeline
        assert abs(there.moment_s - moment_s - Fraction(3217, 1000)) < Fraction(5, 1000)
    stages.verify()


def test_satellites_of_one_camera_tell_the_time_of_all(cast: Cast, scene: Scene) -> None:
    cast.films("one", scene.heard(0, SECONDS, seed=1))
    cast.films("two", scene.heard(5, SECONDS, seed=2), satellite_s=100)
    found = cast.align().timeline
    assert found.zero_at == NOON + timedelta(seconds=100)
    assert found.zero_uncertainty_s == 1
    assert [round(one.offset_s, 2) for one in found.placements] == [-5, 0]


def test_without_usable_sound_clocks_place_and_say_how_surely(cast: Cast, scene: Scene, strange: Samples) -> None:
    cast.films("one", scene.heard(0, SECONDS, seed=1), satellite_s=100)
    mute = cast.films("mute", None, satellite_s=107.5)
    silent = cast.films("silent", 0 * strange, satellite_s=90)
    elsewhere = cast.films("elsewhere", strange, satellite_s=101)
    placed = {one.key.recording_id: one for one in cast.align().timeline.placements}
    assert [placed[one].method for one in (mute, silent, elsewhere)] == [Method.CLOCKS] * 3
    assert [placed[one].uncertainty_s for one in (mute, silent, elsewhere)] == [2, 2, 2]
    assert len({one.group for one in placed.values()}) == 4
    assert placed[mute].offset_s - placed[silent].offset_s == Fraction(35, 2)
    assert placed[mute].reason.startswith("it has no sound; placed by its clocks (satellite time")
    assert placed[silent].reason.startswith("nothing happens in its sound; placed by its clocks")
    assert placed[elsewhere].reason.startswith("its sound does not fit ")


def test_again_changes_nothing_and_what_comes_later_makes_a_new_alignment(cast: Cast, scene: Scene) -> None:
    cast.films("one", scene.heard(0, SECONDS, seed=1))
    cast.films("two", scene.heard(5, SECONDS, seed=2))
    before = census(cast.bench)
    first = cast.align()
    grown = {"sound_comparisons": 1, "alignments": 1, "alignment_stretches": 2, "alignment_pairs": 1}
    assert census(cast.bench).new_rows(before) == {**grown, "custody_events": 1}
    before = census(cast.bench)
    assert cast.align() == first
    assert census(cast.bench) == before
    cast.films("three", scene.heard(8, SECONDS, seed=3))
    before = census(cast.bench)
    second = cast.align()
    assert (first.number, second.number) == (1, 2)
    grown = {"sound_comparisons": 2, "alignments": 1, "alignment_stretches": 3, "alignment_pairs": 3}
    assert census(cast.bench).new_rows(before) == {**grown, "custody_events": 1}
    assert len(second.timeline.placements) == 3
    assert all(isinstance(pair.outcome, Heard) for pair in second.timeline.pairs)
    assert not list(cast.bench.scratch.own.glob("fetched/*"))


def test_a_camera_is_never_compared_with_itself(cast: Cast, scene: Scene) -> None:
    cast.films("one", scene.heard(0, SECONDS, seed=1), camera="SAME")
    cast.films("two", scene.heard(5, SECONDS, seed=2), camera="SAME")
    assert cast.align().timeline.pairs == ()


def test_what_is_refused_is_left_out(cast: Cast, scene: Scene) -> None:
    first = cast.films("one", scene.heard(0, SECONDS, seed=1))
    second = cast.films("two", scene.heard(5, SECONDS, seed=2))
    with cast.bench.db.begin() as session:
        digest = footage.get_recording(session, second).originals[0]
        (upload,) = footage.uploads_of(session, digest)
        footage.quarantine(session, upload.upload_id, error_kind="DamagedMediaError", reason="so", at=NOON)
    assert {one.key.recording_id for one in cast.align().timeline.placements} == {first}


def test_an_exercise_without_recordings_has_an_empty_timeline(cast: Cast) -> None:
    chain = a_chain("elsewhere")
    with cast.bench.db.begin() as session:
        footage.add_upload(session, chain.upload)
    found = cast.align().timeline
    assert (found.zero_at, found.placements, found.unplaced) == (None, (), ())


def test_dying_while_recording_loses_no_comparison_and_makes_one_alignment(
    cast: Cast, databases: Databases, scene: Scene
) -> None:
    cast.films("one", scene.heard(0, SECONDS, seed=1))
    cast.films("two", scene.heard(5, SECONDS, seed=2))
    before = census(cast.bench)
    dies_while_recording(cast.bench, databases, cast.align)
    assert census(cast.bench).new_rows(before) == {"sound_comparisons": 1}
    assert cast.align().number == 1
    grown = {"sound_comparisons": 1, "alignments": 1, "alignment_stretches": 2, "alignment_pairs": 1}
    assert census(cast.bench).new_rows(before) == {**grown, "custody_events": 1}


def test_a_sound_that_is_gone_stops_it(cast: Cast, scene: Scene) -> None:
    cast.films("one", scene.heard(0, SECONDS, seed=1))
    recording_id = cast.films("two", scene.heard(5, SECONDS, seed=2))
    with cast.bench.db.begin() as session:
        (rendition,) = footage.all_renditions(session, recording_id)
        sound = byproducts.find_byproduct(session, rendition.rendition_id, ByproductKind.SOUND)
    assert sound is not None
    raw_client(cast.bench).delete_object(Bucket=sound.at.bucket, Key=sound.at.key, VersionId=sound.at.version_id)
    before = census(cast.bench)
    with pytest.raises(MissingObjectError, match=sound.at.key):
        cast.align()
    assert census(cast.bench) == before


def test_why_a_pair_was_refused_is_kept(cast: Cast, scene: Scene, strange: Samples) -> None:
    cast.films("one", scene.heard(0, SECONDS, seed=1))
    cast.films("stranger", strange)
    (pair,) = cast.align().timeline.pairs
    assert isinstance(pair.outcome, NotHeard)
    assert pair.outcome.is_compared
