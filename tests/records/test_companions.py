from pipeline.domain.companion import name_group
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.records import Session, companions, footage
from tests.builders import CAMERA, EXERCISE, a_chain, add_chain, an_original, an_upload

GROUP = name_group(ExerciseId(EXERCISE), CameraSerial(CAMERA), "100GOPRO", "010123")


def test_a_companion_is_found_with_the_recording_of_its_group_and_without_one(session: Session) -> None:
    chain = a_chain()
    chain_named = a_chain("two")
    add_chain(session, chain)
    twin = an_upload("again", name_group=GROUP)
    footage.add_upload(session, twin)
    footage.link_content(session, twin.upload_id, chain.original.digest)
    add_chain(session, chain_named)
    thumbnail = an_upload("thumbnail", companion_kind="thumbnail", name_group=GROUP)
    alone = an_upload(
        "alone", companion_kind="still", name_group=name_group(ExerciseId(EXERCISE), CameraSerial(CAMERA), "", "X")
    )
    for upload in (thumbnail, alone):
        assert footage.add_upload(session, upload)
    original = an_original("thumbnail")
    footage.add_original(session, original)
    footage.link_content(session, thumbnail.upload_id, original.digest)

    (found,) = companions.companions_of(session, chain.recording.recording_id)
    assert (found.upload_id, found.kind, found.digest) == (thumbnail.upload_id, "thumbnail", Sha256.of(b"thumbnail"))
    assert companions.companions_of(session, chain_named.recording.recording_id) == []
    assert {line.upload_id: line.recording_id for line in companions.all_companions(session)} == {
        thumbnail.upload_id: chain.recording.recording_id,
        alone.upload_id: None,
    }
    assert companions.all_companions(session, "EX-OTHER") == []


def test_an_upload_comes_back_with_all_that_its_name_said(session: Session) -> None:
    upload = an_upload(
        companion_kind="track", name_group=GROUP, name_pattern="dji-track", named_start="2026-03-02T10:11:12"
    )
    footage.add_upload(session, upload)
    assert footage.get_upload(session, upload.upload_id) == upload
