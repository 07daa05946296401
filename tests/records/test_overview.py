from datetime import timedelta

from pipeline.domain.ids import ExerciseId, derive
from pipeline.records import Session, annotations, audits, footage, overview, releases
from pipeline.records.overview import ExerciseCounts, Totals
from tests.builders import EXERCISE, NOON, a_chain, a_draft, a_task, add_chain, an_answer, an_upload

LATER = NOON + timedelta(hours=1)


def test_nothing_is_counted_where_nothing_is(session: Session) -> None:
    assert overview.exercises(session) == []
    assert overview.totals(session) == Totals(0, 0, 0, 0, 0, 0, 0, 0)
    assert overview.latest_times(session) == (None, None)


def test_an_exercise_is_told_with_what_became_of_its_uploads(session: Session) -> None:
    empty = an_upload("empty", exercise_id=ExerciseId("EX-2"), received_at=LATER)
    footage.add_upload(session, empty)
    footage.quarantine(session, empty.upload_id, error_kind="EmptyUploadError", reason="empty", at=LATER)
    add_chain(session, a_chain("one", clip_count=3))
    add_chain(session, a_chain("two", clip_count=2))
    footage.add_upload(session, an_upload("stray", exercise_id=None, camera_serial=None))
    assert overview.exercises(session) == [
        ExerciseCounts(EXERCISE, NOON, uploads=2, recordings=2, clips=5, quarantined=0),
        ExerciseCounts("EX-2", LATER, uploads=1, recordings=0, clips=0, quarantined=1),
    ]
    assert overview.clips_by_recording(session) == {
        a_chain("one").recording.recording_id: 3,
        a_chain("two").recording.recording_id: 2,
    }
    assert overview.totals(session) == Totals(
        uploads=4, quarantined=1, recordings=2, clips=5, tasks=0, annotations=0, releases=0, audits=0
    )


def test_people_are_counted_and_not_answers(session: Session) -> None:
    chain = add_chain(session, a_chain())
    once, twice, refused = chain.clips
    annotations.add_task(session, a_task(once))
    for answer in (
        an_answer(once, 1, annotator="a"),
        an_answer(once, 1, annotator="a", answered_at=LATER),
        an_answer(twice, 2, annotator="a"),
        an_answer(twice, 3, annotator="b"),
        an_answer(refused, 4, annotator="a", labels=None, refusal="broken"),
    ):
        annotations.add_answer(session, answer)
    assert overview.annotations_by_clip(session) == {once.clip_id: 1, twice.clip_id: 2}
    assert (overview.totals(session).tasks, overview.totals(session).annotations) == (1, 5)


def test_releases_are_counted_for_each_clip(session: Session) -> None:
    chain = add_chain(session, a_chain())
    members = [releases.Member(clip.clip_id, chain.rendition.rendition_id, ()) for clip in chain.clips]
    releases.add_draft(session, a_draft(version="1.0.0"), members[:1], [])
    releases.add_draft(session, a_draft(version="1.1.0"), members[:2], [])
    assert overview.releases_by_clip(session) == {chain.clips[0].clip_id: 2, chain.clips[1].clip_id: 1}


def test_the_newest_event_and_audit_are_known(session: Session) -> None:
    add_chain(session, a_chain())
    audits.add_audit(session, audits.Audit(derive("audit", 1), 0, 0, 0, (), LATER))
    assert overview.latest_times(session) == (NOON, LATER)
