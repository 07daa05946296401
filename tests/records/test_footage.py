from dataclasses import replace
from datetime import timedelta, timezone
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location, Recording
from pipeline.domain.ids import ExerciseId, RecordingId, RenditionId, UploadId
from pipeline.errors import UsageError
from pipeline.records import Session, decisions, footage, sightings
from tests.builders import (
    NOON,
    a_chain,
    a_clip,
    a_location,
    a_recording,
    a_rendition,
    add_chain,
    an_original,
    an_upload,
    media_facts,
)

NOWHERE = UUID(int=0)
LATER = NOON + timedelta(hours=1)


def test_an_upload_added_twice_is_one_row_and_the_first_stays(session: Session) -> None:
    upload = an_upload()
    assert footage.add_upload(session, upload)
    assert not footage.add_upload(session, replace(upload, size_bytes=7, received_at=LATER))
    assert footage.get_upload(session, upload.upload_id) == upload


def test_an_upload_of_nobody_knows_which_exercise_is_kept_as_it_is(session: Session) -> None:
    upload = an_upload(exercise_id=None, camera_serial=None, original_name=None, claimed_digest=None, size_bytes=0)
    assert footage.add_upload(session, upload)
    assert footage.get_upload(session, upload.upload_id) == upload


def test_which_chapter_an_upload_is_comes_back(session: Session) -> None:
    upload = an_upload(chapter=ChapterPlace("GX0001", 2))
    assert footage.add_upload(session, upload)
    assert footage.get_upload(session, upload.upload_id) == upload


def test_times_come_back_in_utc_whatever_zone_they_were_told_in(session: Session) -> None:
    in_berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    upload = an_upload(received_at=in_berlin)
    footage.add_upload(session, upload)
    found = footage.get_upload(session, upload.upload_id).received_at
    assert found == NOON
    assert found.utcoffset() == timedelta(0)


def test_what_a_file_was_called_can_be_erased_without_losing_the_upload(session: Session) -> None:
    upload = an_upload(original_name="Jane Doe.mp4")
    footage.add_upload(session, upload)
    footage.quarantine(session, upload.upload_id, error_kind="EmptyUploadError", reason="empty", at=NOON)
    assert footage.get_upload(session, upload.upload_id).original_name == "Jane Doe.mp4"
    session.execute(sa.text("DELETE FROM upload_names"))
    nameless = replace(upload, original_name=None)
    assert footage.get_upload(session, upload.upload_id) == nameless
    assert [refusal.upload for refusal in footage.quarantined(session)] == [nameless]


def test_an_original_added_twice_is_one_row(session: Session) -> None:
    original = an_original()
    assert footage.add_original(session, original)
    assert not footage.add_original(session, replace(original, preserved_at=LATER))
    assert footage.get_original(session, original.digest) == original
    assert footage.all_originals(session) == [original]


def test_a_recording_added_twice_is_one_row_with_its_originals_once(session: Session) -> None:
    chain = a_chain()
    add_chain(session, chain)
    assert not footage.add_recording(session, replace(chain.recording, probed_at=LATER))
    assert footage.get_recording(session, chain.recording.recording_id) == chain.recording
    assert footage.find_recording(session, chain.original.digest) == chain.recording
    assert footage.all_recordings(session) == [chain.recording]


def test_a_recording_of_several_originals_keeps_their_order(session: Session) -> None:
    first, second = an_original("a"), an_original("b")
    footage.add_upload(session, an_upload())
    for original in (first, second):
        footage.add_original(session, original)
    split = a_recording(originals=(second.digest, first.digest), recording_id=RecordingId(UUID(int=5)))
    footage.add_recording(session, split)
    assert footage.get_recording(session, split.recording_id).originals == (second.digest, first.digest)
    assert footage.find_recording(session, first.digest) == split


@pytest.mark.parametrize("rate", ["30000/1001", "10", "60000/1001", "1000000007/1000000009"])
def test_rates_and_lengths_come_back_exactly(session: Session, rate: str) -> None:
    footage.add_upload(session, an_upload())
    footage.add_original(session, an_original())
    recording = a_recording(facts=media_facts(frame_rate=Fraction(rate), frame_count=10**6, has_audio=False))
    footage.add_recording(session, recording)
    assert footage.get_recording(session, recording.recording_id) == recording


def test_a_rendition_added_twice_is_one_row(session: Session) -> None:
    chain = add_chain(session, a_chain())
    assert not footage.add_rendition(session, replace(chain.rendition, rendered_at=LATER))
    assert footage.get_rendition(session, chain.rendition.rendition_id) == chain.rendition
    assert footage.all_renditions(session, chain.recording.recording_id) == [chain.rendition]


def test_the_oldest_rendition_of_a_recipe_is_the_one_that_counts(session: Session) -> None:
    """Clips were cut from it; a newer ffmpeg must not silently make others."""
    chain = add_chain(session, a_chain(clip_count=0))
    for number in range(8):
        newer = a_rendition(
            chain.recording, tool_identity=f"newer {number}", rendered_at=LATER + timedelta(hours=number)
        )
        assert footage.add_rendition(session, newer)
    recipe = chain.rendition.recipe_digest
    assert footage.find_rendition(session, chain.recording.recording_id, recipe) == chain.rendition
    assert footage.find_rendition(session, chain.recording.recording_id, Sha256.of(b"another")) is None
    assert len(footage.all_renditions(session)) == 9


def test_what_is_not_there_is_named_in_the_error(session: Session) -> None:
    asked = [
        lambda: footage.get_upload(session, UploadId(NOWHERE)),
        lambda: footage.get_original(session, Sha256("0" * 64)),
        lambda: footage.get_recording(session, RecordingId(NOWHERE)),
        lambda: footage.get_rendition(session, RenditionId(NOWHERE)),
    ]
    for ask in asked:
        with pytest.raises(UsageError, match=r"no (upload|original|recording|rendition) 0000"):
            ask()
    assert footage.find_recording(session, Sha256("0" * 64)) is None
    assert footage.content_of(session, UploadId(NOWHERE)) is None


def test_several_uploads_may_be_the_same_original(session: Session) -> None:
    original, first, second = an_original(), an_upload("first"), an_upload("second", received_at=LATER)
    footage.add_original(session, original)
    for upload in (second, first):
        footage.add_upload(session, upload)
        assert footage.link_content(session, upload.upload_id, original.digest)
        assert not footage.link_content(session, upload.upload_id, original.digest)
    assert footage.uploads_of(session, original.digest) == [first, second]
    assert footage.content_of(session, first.upload_id) == original.digest


def test_an_upload_waits_until_it_is_clips_or_in_quarantine(session: Session) -> None:
    chain = a_chain()
    upload_id = chain.upload.upload_id
    footage.add_upload(session, chain.upload)
    steps = [
        lambda: footage.add_original(session, chain.original),
        lambda: footage.link_content(session, upload_id, chain.original.digest),
        lambda: footage.add_recording(session, chain.recording),
        lambda: footage.add_rendition(session, chain.rendition),
    ]
    for step in steps:
        assert footage.uploads_waiting(session) == [upload_id]
        step()
    assert footage.uploads_waiting(session) == [upload_id]
    add_chain(session, chain)
    assert footage.uploads_waiting(session) == []


def test_waiting_uploads_come_oldest_first_and_refused_ones_do_not(session: Session) -> None:
    uploads = [an_upload(str(number), received_at=NOON + timedelta(seconds=number)) for number in range(4)]
    for upload in reversed(uploads):
        footage.add_upload(session, upload)
    refused = uploads[1].upload_id
    assert footage.quarantine(session, refused, error_kind="EmptyUploadError", reason="empty", at=NOON)
    assert not footage.quarantine(session, refused, error_kind="Other", reason="other", at=LATER)
    waiting = [uploads[0].upload_id, uploads[2].upload_id, uploads[3].upload_id]
    assert footage.uploads_waiting(session) == waiting
    (found,) = footage.quarantined(session)
    assert found == footage.Refusal(uploads[1], "EmptyUploadError", "empty", NOON)


def test_a_recording_is_refused_when_every_upload_of_it_is(session: Session) -> None:
    chain = add_chain(session, a_chain())
    again = an_upload("again")
    footage.add_upload(session, again)
    footage.link_content(session, again.upload_id, chain.original.digest)
    assert decisions.refused_recordings(session) == {}
    for upload in (chain.upload, again):
        assert footage.quarantine_reason(session, upload.upload_id) is None
        assert decisions.refused_recordings(session) == {}
        footage.quarantine(session, upload.upload_id, error_kind="DamagedMediaError", reason="damaged", at=NOON)
        assert footage.quarantine_reason(session, upload.upload_id) == "damaged"
    assert decisions.refused_recordings(session) == {chain.recording.recording_id: "damaged"}


def test_the_second_upload_of_bytes_that_are_clips_does_not_wait(session: Session) -> None:
    chain = add_chain(session, a_chain())
    again = an_upload("again")
    footage.add_upload(session, again)
    assert footage.uploads_waiting(session) == [again.upload_id]
    footage.link_content(session, again.upload_id, chain.original.digest)
    assert footage.uploads_waiting(session) == []


def test_of_an_object_the_newest_received_version_is_known(session: Session) -> None:
    for number in range(3):
        at = Location("intake", "key", f"v{number}")
        footage.add_upload(
            session,
            an_upload(at=at, etag=f"etag {number}", received_at=NOON + timedelta(seconds=number)),
        )
    footage.add_upload(session, an_upload(at=a_location("other", bucket="elsewhere")))
    assert sightings.received_etags(session, "intake", ["key", "other"]) == {"key": "etag 2"}


def test_recordings_of_one_exercise_are_told_from_those_of_others(session: Session) -> None:
    add_chain(session, a_chain("one"))
    footage.add_upload(session, an_upload("two", exercise_id=ExerciseId("EX-2")))
    footage.add_original(session, an_original("two"))
    other = a_recording(an_original("two"), exercise_id=ExerciseId("EX-2"))
    footage.add_recording(session, other)
    assert footage.all_recordings(session, "EX-2") == [other]
    assert len(footage.all_recordings(session)) == 2
    assert footage.all_recordings(session, "EX-3") == []


def test_a_clip_that_starts_where_another_starts_is_another_clip() -> None:
    assert a_clip().clip_id != a_clip(ordinal=1).clip_id


def test_a_recording_that_an_older_firsthand_probed_is_read(session: Session) -> None:
    chain = add_chain(session, a_chain("old"))
    old = (Path(__file__).parents[1] / "golden" / "media_facts_1.json").read_text()
    recording_id = Recording.id_for((Sha256.of(b"older"),))
    session.execute(
        sa.text(
            "INSERT INTO recordings SELECT :recording_id, exercise_id, camera_serial, duration_num, duration_den, "
            "frame_rate_num, frame_rate_den, cast(:facts AS jsonb), tool_identity, probed_at FROM recordings "
            "WHERE recording_id = :like"
        ),
        {"recording_id": recording_id, "facts": old, "like": chain.recording.recording_id},
    )
    found = footage.get_recording(session, recording_id)
    assert (found.facts.video.codec, found.facts.streams) == ("h264", ())
