from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.adapters.listening import Listener
from pipeline.domain import keys
from pipeline.domain.byproduct import Byproduct, ByproductKind
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location, Rendition
from pipeline.domain.impulse import ImpulseParameters
from pipeline.domain.sound_hint import HintKind
from pipeline.domain.timeline import Span
from pipeline.errors import DigestMismatchError, MediaToolError
from pipeline.lookup import hints
from pipeline.records import byproducts, clips, sound_hints
from pipeline.workbench import Workbench
from tests.benches import raw_client
from tests.builders import a_chain, add_chain, media_facts
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip
from tests.sounds import RATE_HZ, noise, with_bangs, write_wav
from tests.stages import Stages
from tests.steps.conftest import Events

SOUND = with_bangs(noise(4), [RATE_HZ, 2 * RATE_HZ])


def rendered(bench: Workbench, name: str, sound: bytes | None, *, has_audio: bool = True) -> Rendition:
    """A recording of 4 s as rendering leaves it behind, with its sound in the store."""
    chain = a_chain(name, clip_count=1)
    facts = media_facts(frame_count=100, frame_rate=Fraction(25), has_audio=has_audio)
    chain = replace(chain, recording=replace(chain.recording, facts=facts, duration_s=facts.video.duration_s))
    with bench.db.begin() as session:
        add_chain(session, chain)
    if sound is not None:
        named, bucket = chain.rendition.rendition_id, bench.settings.s3_working_bucket
        digest = Sha256.of(sound)
        key = keys.byproduct_key(named, ByproductKind.SOUND, 0, digest)
        stored = bench.store.put_once(bucket, key, sound, digest=digest, media_type="audio/wav")
        at = Location(stored.bucket, stored.key, stored.version_id)
        with bench.db.begin() as session:
            byproducts.add_byproduct(
                session, Byproduct(named, ByproductKind.SOUND, 0, digest, at, size_bytes=len(sound))
            )
    return chain.rendition


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_wav(tmp_path_factory.mktemp("sound") / "sound.wav", SOUND).read_bytes()


def test_bangs_become_hints_with_a_custody_event_for_each_detector(
    stages: Stages, events: Events, sound: bytes
) -> None:
    bench = stages.bench
    rendition = rendered(bench, "bangs", sound)
    assert stages.listen(rendition.rendition_id) == 2
    with bench.db.begin() as session:
        heard, spoken = sound_hints.listenings_of(session, rendition.recording_id)
    assert [one.span.start_s for one in heard.hints] == [1, 2]
    assert all(one.score > 0.8 for one in heard.hints)
    assert (heard.detector, heard.sound) == (bench.listener.detectors[HintKind.IMPULSE], Sha256.of(sound))
    assert (spoken.hints, spoken.outcome) == ((), "0 of 0 noticed")
    told = [details for kind, details in events(rendition.recording_id) if kind == "listened"]
    assert told == [
        {
            "kind": one.detector.kind.value,
            "detector": one.detector.digest.hex,
            "rendition_id": str(rendition.rendition_id),
            "sound": Sha256.of(sound).hex,
            "hints": str(len(one.hints)),
        }
        for one in (heard, spoken)
    ]
    said = hints.say_what_was_heard(bench.db, rendition.recording_id)
    assert said == "impulse: 2 of 2 noticed. speech: 0 of 0 noticed"
    assert not bench.scratch.file_for(Sha256.of(sound)).exists()


def test_a_bang_in_footage_is_heard_when_it_is_seen(stages: Stages, tmp_path: Path) -> None:
    bang = "0.01*(random(0)-0.5)+gte(t,1.4)*exp((1.4-t)/0.02)*1.6*(random(1)-0.5)"
    clip = make_clip(tmp_path / "bang.mp4", seconds=3, audio=f"aevalsrc='{bang}':sample_rate=48000")
    (clip_id, *_) = stages.ingest(clip)
    with stages.bench.db.begin() as session:
        recording_id = clips.get_clip(session, clip_id).recording_id
        heard, spoken = sound_hints.listenings_of(session, recording_id)
        (in_second,) = sound_hints.hints_in(session, recording_id, Span(Fraction(1), Fraction(2)))
        nothing = sound_hints.hints_in(session, recording_id, Span(Fraction(2), Fraction(3)))
    (hint,) = heard.hints
    assert abs(hint.span.start_s - Fraction(7, 5)) <= Fraction(1, 100)
    assert hint.score > 0.8
    assert (in_second, nothing, spoken.hints) == (hint, [], ())


def test_listening_again_changes_nothing_and_reads_nothing(stages: Stages, sound: bytes) -> None:
    rendition = rendered(stages.bench, "twice", sound)
    stages.listen(rendition.rendition_id)
    with stages.bench.db.begin() as session:
        stored = byproducts.find_byproduct(session, rendition.rendition_id, ByproductKind.SOUND)
    assert stored is not None
    raw_client(stages.bench).delete_object(Bucket=stored.at.bucket, Key=stored.at.key, VersionId=stored.at.version_id)
    before = census(stages.bench)
    assert stages.listen(rendition.rendition_id) == 0
    assert census(stages.bench) == before


def test_another_detector_adds_and_replaces_nothing(stages: Stages, sound: bytes) -> None:
    bench = stages.bench
    rendition = rendered(bench, "other_ears", sound)
    stages.listen(rendition.rendition_id)
    before, ears = census(bench), bench.listener
    try:
        bench.listener = Listener(impulses=ImpulseParameters(crest_min_db=60))
        assert stages.listen(rendition.rendition_id) == 0
        with bench.db.begin() as session:
            heard, _ = sound_hints.listenings_of(session, rendition.recording_id)
    finally:
        bench.listener = ears
    assert heard.hints == ()
    assert census(bench).new_rows(before) == {"listenings": 1, "custody_events": 1}


def test_dying_while_recording_and_starting_again_records_everything_once(
    stages: Stages, databases: Databases, sound: bytes
) -> None:
    rendition = rendered(stages.bench, "dying", sound)
    before = census(stages.bench)
    dies_while_recording(stages.bench, databases, lambda: stages.listen(rendition.rendition_id))
    assert census(stages.bench) == before
    stages.listen(rendition.rendition_id)
    assert census(stages.bench).new_rows(before) == {"listenings": 2, "sound_hints": 2, "custody_events": 2}


def test_a_recording_without_sound_has_no_hints_and_says_so(stages: Stages) -> None:
    rendition = rendered(stages.bench, "mute", None, has_audio=False)
    assert stages.listen(rendition.rendition_id) == 0
    said = hints.say_what_was_heard(stages.bench.db, rendition.recording_id)
    assert said == "the recording has no sound"
    assert hints.list_hints(stages.bench.db, rendition.recording_id) == []


def test_a_rendition_of_an_older_firsthand_stays_one_that_nobody_listened_to(stages: Stages) -> None:
    rendition = rendered(stages.bench, "older", None)
    before = census(stages.bench)
    assert stages.listen(rendition.rendition_id) == 0
    assert census(stages.bench) == before
    assert hints.say_what_was_heard(stages.bench.db, rendition.recording_id) == hints.NOBODY_LISTENED


def test_hints_stay_within_the_recording_where_its_sound_is_longer(stages: Stages, tmp_path: Path) -> None:
    longer = with_bangs(np.concatenate([SOUND, noise(1)]), [round(3.99 * RATE_HZ), round(4.5 * RATE_HZ)])
    rendition = rendered(stages.bench, "longer", write_wav(tmp_path / "sound.wav", longer).read_bytes())
    assert stages.listen(rendition.rendition_id) == 3
    with stages.bench.db.begin() as session:
        heard, _ = sound_hints.listenings_of(session, rendition.recording_id)
    assert heard.hints[-1].span.end_s == 4
    assert heard.outcome == "3 of 4 noticed; 1 not in the recording"


def test_sound_that_is_no_sound_is_told_and_nothing_is_recorded(stages: Stages) -> None:
    rendition = rendered(stages.bench, "no_wav", b"This is no sound.")
    before = census(stages.bench)
    with pytest.raises(MediaToolError, match="expected a whole WAV"):
        stages.listen(rendition.rendition_id)
    assert census(stages.bench) == before


def test_stored_sound_that_is_not_the_recorded_one_is_told(stages: Stages, sound: bytes) -> None:
    bench = stages.bench
    one, other = rendered(bench, "right", sound), rendered(bench, "wrong", None)
    with bench.db.begin() as session:
        stored = byproducts.find_byproduct(session, one.rendition_id, ByproductKind.SOUND)
        assert stored is not None
        forged = replace(stored, rendition_id=other.rendition_id, digest=Sha256.of(b"other"))
        # The same object cannot be recorded twice: a copy of it can.
        copy = bench.store.put_once(
            stored.at.bucket, "copy.wav", sound, digest=Sha256.of(sound), media_type="audio/wav"
        )
        at = Location(copy.bucket, copy.key, copy.version_id)
        byproducts.add_byproduct(session, replace(forged, at=at))
    with pytest.raises(DigestMismatchError):
        stages.listen(other.rendition_id)
