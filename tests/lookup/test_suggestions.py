"""What the camera's buttons and the sound detectors say meets in one place, on the timelines of recordings."""

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from pipeline.domain import taxonomies
from pipeline.domain.digest import Sha256
from pipeline.domain.docking import DockObject
from pipeline.domain.footage import Recording
from pipeline.domain.hint import Hint, HintSource
from pipeline.domain.sound_hint import Detector, HintKind, Listening, SoundHint
from pipeline.domain.timeline import Span
from pipeline.lookup.suggestions import hints_of_recordings
from pipeline.records import Database, Session, docking, footage, sound_hints
from tests.builders import NOON, a_chain, a_dock_object, a_location, add_chain
from tests.chapters import add_two_chapters

BEGAN = NOON - timedelta(hours=3)
"""By a camera whose clock is hours off."""


def said_by_all(db: Database) -> dict[object, list[Hint]]:
    return dict(hints_of_recordings(db, taxonomy=taxonomies.load(), mappings=()))


def dock(
    session: Session, recording: Recording, *, began: list[datetime | None], bookmarks: dict[str, dict[str, str]]
) -> None:
    """As if a station had sent the files of a recording, and bookmarks beside them."""
    container = f"USER_{recording.recording_id.hex[:8]}_20261122T090000Z"
    docking.add_container(session, container, "recording", at=NOON)
    uploads = [footage.uploads_of(session, digest)[0] for digest in recording.originals]
    for number, said in enumerate(began):
        name = f"{number}.mp4"
        docking.add_object(session, an_object(container, name))
        if said is not None:
            docking.say(session, container, name, {"starttime": str(int(said.timestamp()))}, at=NOON)
    for name, words in bookmarks.items():
        docking.add_object(session, an_object(container, name))
        docking.say(session, container, name, words, at=NOON)
    docking.complete(session, container, at=NOON)
    for number, upload in enumerate(uploads):
        docking.link_upload(session, upload.upload_id, container, f"{number}.mp4", None)


def an_object(container: str, name: str) -> DockObject:
    return a_dock_object(name, container=container, at=a_location(f"{container}/{name}", bucket="intake"))


def at(seconds: float) -> dict[str, str]:
    return {"starttimeiso": (BEGAN + timedelta(seconds=seconds)).isoformat()}


def test_a_bookmark_lies_where_it_was_pressed_whatever_the_cameras_clock_says(db: Database) -> None:
    with db.begin() as session:
        chain = add_chain(session, a_chain("bookmarked"))
        dock(
            session,
            chain.recording,
            began=[BEGAN],
            bookmarks={
                "bookmark_1": at(12.5) | {"categoryname": " Shots Fired"},
                "bookmark_2": at(0),
                "bookmark_3": at(31),  # the recording is 30.03 s long
                "bookmark_4": at(-1),
                "bookmark_5": {"categoryname": "of no moment"},
                "gps_gpstrail.json": at(5),
            },
        )
    found = said_by_all(db)[chain.recording.recording_id]
    assert [(hint.source, hint.span.start_s, hint.word, hint.score) for hint in found] == [
        (HintSource.BOOKMARK, Fraction(0), "", 1),
        (HintSource.BOOKMARK, Fraction(25, 2), "Shots Fired", 1),
    ]


def test_a_bookmark_in_a_later_file_lies_on_the_timeline_of_the_whole(db: Database) -> None:
    with db.begin() as session:
        recording = add_two_chapters(session)
        began: list[datetime | None] = [BEGAN, BEGAN + timedelta(seconds=31)]
        dock(session, recording, began=began, bookmarks={"bookmark_1": at(40)})
    (hint,) = said_by_all(db)[recording.recording_id]
    assert hint.span.start_s == recording.facts.video.duration_s / 2 + 9


def test_where_no_file_says_when_it_began_a_bookmark_lies_nowhere(db: Database) -> None:
    with db.begin() as session:
        chain = a_chain("silent about its time")
        chain = replace(chain, upload=replace(chain.upload, claimed_start_at=None))
        add_chain(session, chain)
        dock(session, chain.recording, began=[None], bookmarks={"bookmark_1": at(3)})
    assert said_by_all(db).get(chain.recording.recording_id, []) == []


@pytest.mark.parametrize(("kind", "source"), [("impulse", HintSource.IMPULSE), ("speech", HintSource.SPEECH)])
def test_what_a_detector_heard_is_a_hint_of_its_kind(db: Database, kind: str, source: HintSource) -> None:
    with db.begin() as session:
        chain = add_chain(session, a_chain(f"heard {kind}"))
        span = Span(Fraction(2), Fraction(3))
        heard = Listening(
            recording_id=chain.recording.recording_id,
            detector=Detector(HintKind(kind), "an ear", "none", "{}"),
            rendition_id=chain.rendition.rendition_id,
            sound=Sha256.of(b"sound"),
            outcome="1 of 1 noticed",
            listened_at=NOON,
            hints=(SoundHint(span, HintKind(kind), 0.25),),
        )
        sound_hints.add_listening(session, heard)
    assert said_by_all(db)[chain.recording.recording_id] == [Hint(source, span, Fraction(1, 4))]
