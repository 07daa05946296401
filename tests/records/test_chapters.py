from fractions import Fraction

from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.records import Session, chapters, footage
from pipeline.records.chapters import Assembled
from tests.builders import (
    CAMERA,
    EXERCISE,
    NOON,
    NTSC,
    TOOL,
    a_chain,
    add_chain,
    an_original,
    an_upload,
    media_facts,
)
from tests.chapters import add_two_chapters


def test_a_recording_tells_its_chapters_and_what_lies_between(session: Session) -> None:
    recording = add_two_chapters(session)
    first, second = chapters.chapters_of(session, recording)
    assert (first.digest, first.start_frame, first.join) == (recording.originals[0], 0, None)
    assert (second.digest, second.start_frame, second.facts) == (recording.originals[1], 900, media_facts())
    assert second.join is not None
    assert (second.join.gap_s, second.join.is_broken) == (Fraction(1, 2), True)
    assert chapters.assembly_of(session, recording) == Assembled("chapter 1, 2 of series 0001", None, None)
    assert footage.get_recording(session, recording.recording_id).duration_s == 1800 / NTSC
    chapters.add_assembly(session, recording, joins=(second.join,), because="again")
    assert chapters.chapters_of(session, recording) == (first, second)


def test_a_single_file_is_its_own_chapter(session: Session) -> None:
    chain = add_chain(session, a_chain())
    (only,) = chapters.chapters_of(session, chain.recording)
    assert (only.digest, only.facts, only.start_frame) == (chain.original.digest, chain.recording.facts, 0)
    assert chapters.assembly_of(session, chain.recording) is None


def test_members_of_a_series_are_told_as_far_as_they_have_come(session: Session) -> None:
    recording = add_two_chapters(session)
    third = an_upload("chapter 3", chapter=ChapterPlace("0001", 3))
    others = [
        an_upload("other series", chapter=ChapterPlace("0002", 1)),
        an_upload("other camera", chapter=ChapterPlace("0001", 9), camera_serial=CameraSerial("OTHER")),
        an_upload("other exercise", chapter=ChapterPlace("0001", 9), exercise_id=ExerciseId("EX-2")),
        an_upload("refused", chapter=ChapterPlace("0001", 9)),
        an_upload("beside", chapter=ChapterPlace("0001", 9), companion_kind="thumbnail"),
    ]
    for upload in (third, *others):
        footage.add_upload(session, upload)
    footage.quarantine(session, others[3].upload_id, error_kind="EmptyUploadError", reason="empty", at=NOON)

    def told() -> list[tuple[int, bool, bool, bool]]:
        members = chapters.members_of(session, ExerciseId(EXERCISE), CameraSerial(CAMERA), "0001")
        assert {member.recording_id for member in members} <= {recording.recording_id, None}
        return sorted(
            (member.place.number, bool(member.digest), bool(member.facts), bool(member.recording_id))
            for member in members
        )

    done = [(1, True, True, True), (2, True, True, True)]
    assert told() == [*done, (3, False, False, False)]
    original = an_original("chapter 3")
    footage.add_original(session, original)
    footage.link_content(session, third.upload_id, original.digest)
    assert told() == [*done, (3, True, False, False)]
    assert chapters.add_probe(session, original.digest, media_facts(), tool_identity=TOOL, at=NOON)
    assert not chapters.add_probe(session, original.digest, media_facts(), tool_identity="other", at=NOON)
    assert told() == [*done, (3, True, True, False)]
