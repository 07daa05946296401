from fractions import Fraction

from pipeline.domain.ids import RecordingId
from pipeline.lookup import listing
from pipeline.records import Database
from tests.builders import CAMERA, EXERCISE, NOON, NTSC
from tests.furnished import Furnished


def test_exercises_are_told_with_what_became_of_their_uploads(furnished: Furnished) -> None:
    first, second = listing.list_exercises(furnished.bench.db)
    assert (first.exercise_id, first.uploads, first.recordings, first.clips, first.quarantined) == (
        EXERCISE,
        1,
        1,
        3,
        0,
    )
    assert (second.exercise_id, second.uploads, second.clips, second.quarantined) == ("EX-2026-015", 2, 0, 1)
    assert (first.scenario, first.days, first.weapons) == ("hostage", "2026-11-22", "carbine (blank)")
    assert (first.undeclared_cameras, first.silent_cameras) == ((), ())
    assert (second.scenario, second.undeclared_cameras) == (None, (CAMERA,))


def test_recordings_are_told_with_their_exact_times(furnished: Furnished) -> None:
    (found,) = listing.list_recordings(furnished.bench.db)
    recording = furnished.chain.recording
    assert found == listing.RecordingLine(
        recording_id=recording.recording_id,
        exercise_id=EXERCISE,
        camera_serial=CAMERA,
        duration_s=900 / NTSC,
        frame_rate=NTSC,
        width_px=1920,
        height_px=1080,
        has_audio=True,
        companions=(),
        clips=3,
        damage=None,
        impulse_hints=2,
        speech_hints=1,
        probed_at=recording.probed_at,
        began_at=NOON,
        began_uncertainty_s=Fraction(14 * 3600),
        began_because="the container's creation time, which may be local time labelled as UTC",
        began_disagreements=(),
    )
    assert listing.list_recordings(furnished.bench.db, exercise_id=EXERCISE) == [found]
    assert listing.list_recordings(furnished.bench.db, exercise_id="EX-2026-015") == []


def test_clips_are_told_in_order_with_who_labelled_and_what_released_them(furnished: Furnished) -> None:
    db, recording_id = furnished.bench.db, furnished.chain.recording.recording_id
    found = listing.list_clips(db)
    assert [(clip.clip_id, clip.start_s, clip.end_s) for clip in found] == [
        (clip.clip_id, clip.span.start_s, clip.span.end_s) for clip in furnished.chain.clips
    ]
    assert [(clip.annotations, clip.releases) for clip in found] == [(2, 2), (2, 2), (0, 0)]
    assert found[1].start_s == Fraction(1001, 100)
    assert listing.list_clips(db, recording_id=recording_id) == found
    assert listing.list_clips(db, exercise_id=EXERCISE) == found
    assert listing.list_clips(db, recording_id=RecordingId(furnished.published)) == []
    assert listing.list_clips(db, exercise_id="EX-2026-015") == []


def test_releases_are_told_with_how_far_they_are(furnished: Furnished) -> None:
    published, drafted = listing.list_releases(furnished.bench.db)
    assert (published.release_id, published.state, published.clips, published.refused) == (
        furnished.published,
        "published",
        2,
        1,
    )
    assert len(published.manifest_sha256 or "") == 64
    assert (drafted.version, drafted.state, drafted.manifest_sha256) == ("1.1.0", "drafted", None)


def test_what_waits_for_an_exercise_is_told_with_why(furnished: Furnished) -> None:
    (waiting,) = listing.list_waiting(furnished.bench.db)
    assert (waiting.upload_id, waiting.camera_serial, waiting.claimed_start_at) == (furnished.waiting, CAMERA, None)
    assert waiting.because.startswith("nothing says when it was recorded")


def test_quarantine_is_told_with_reasons(furnished: Furnished) -> None:
    damaged, stray = listing.list_quarantine(furnished.bench.db)
    assert (damaged.upload_id, damaged.exercise_id, damaged.original_name) == (
        furnished.quarantined,
        "EX-2026-015",
        "damaged.mp4",
    )
    assert (damaged.error_kind, damaged.size_bytes) == ("DamagedMediaError", len(b"no footage"))
    assert "[none]" in damaged.reason
    assert (stray.upload_id, stray.exercise_id, stray.camera_serial) == (furnished.stray, None, None)


def test_audits_are_told(furnished: Furnished) -> None:
    (audit,) = listing.list_audits(furnished.bench.db)
    assert audit.faults == ()
    assert audit.objects_checked > 5


def test_where_nothing_is_nothing_is_listed(db: Database) -> None:
    for look in (
        listing.list_exercises,
        listing.list_recordings,
        listing.list_clips,
        listing.list_releases,
        listing.list_waiting,
        listing.list_quarantine,
        listing.list_audits,
    ):
        assert look(db) == []
