"""A recording that its station called complete becomes uploads, once, and waits for the exercise that its day names."""

import os
from dataclasses import replace
from datetime import timedelta

from pipeline.domain.digest import Sha256
from pipeline.domain.exercise import WornCamera
from pipeline.domain.footage import Upload
from pipeline.domain.ids import CameraSerial
from pipeline.errors import DatabaseUnavailableError
from pipeline.lookup.docked import list_docked
from pipeline.records import docking, exercises, footage
from pipeline.records.assignments import waiting_for_exercise
from pipeline.steps.assign import assign_uploads
from pipeline.workbench import Workbench
from tests.builders import EXERCISE, NOON, a_declaration
from tests.census import census
from tests.databases import Databases
from tests.dock.station import Station, container_name, epoch, refusal, trail
from tests.dying import dies_while_recording
from tests.stages import Stages

USER_ID, SERIAL = "5f0c2a9b-8f8e-4a39-9d6c-0123456789ab", "B8A44F000002"
AT = NOON - timedelta(hours=2)
CLIPS = [os.urandom(1000), os.urandom(9 << 20)]
BOOKMARK = "Tür geöffnet; 3 Schüsse \N{GRINNING FACE}".encode()


def send(station: Station, minutes: int) -> str:
    """Everything of one recording, but that it is complete; clips in another order than they were recorded."""
    at = AT + timedelta(minutes=minutes)
    station.register(USER_ID, SERIAL)
    name = container_name(USER_ID, SERIAL, at)
    station.make(name)
    station.say(name, Status="Transferring", TriggerOnTime=epoch(at), BWCSerialNumber=SERIAL)
    for number in (1, 0):
        began = at + timedelta(seconds=30 * number)
        clip = f"{began:%Y%m%d_%H%M%S}_ab{number}.mp4"
        station.put(name, clip, CLIPS[number])
        station.say_of(name, clip, StartTime=epoch(began), StopTime=epoch(began + timedelta(seconds=30)))
    station.put(name, f"{at:%Y%m%d_%H%M%S}_ab_{SERIAL}_gpstrail.json", trail(at), FileType="json")
    station.put(name, "bookmark_1_a", BOOKMARK, CategoryName="Räume", Tags="TriggerOn:Button")
    station.put(name, "bookmark_2_b", b"", StartTime=f"{at:%Y-%m-%dT%H:%M:%SZ}")
    return name


def uploads_of(bench: Workbench, container: str) -> list[Upload]:
    with bench.db.begin() as session:
        found = [docking.find_object(session, container, one.name) for one in docking.objects_of(session, container)]
        waiting = {upload.at: upload for upload in waiting_for_exercise(session)}
    return [waiting[one.at] for one in found if one is not None and one.at in waiting]


def test_nothing_is_an_upload_before_the_recording_is_complete(station: Station, bench: Workbench) -> None:
    container = send(station, 0)
    assert Stages(bench).receive().new == ()
    assert uploads_of(bench, container) == []
    station.complete(container)
    assert len(uploads_of(bench, container)) == 4
    assert Stages(bench).receive().new == ()


def test_clips_are_chapters_in_the_order_in_which_they_began(station: Station, bench: Workbench) -> None:
    container = send(station, 1)
    station.complete(container)
    clips = [upload for upload in uploads_of(bench, container) if upload.companion_kind is None]
    at = AT + timedelta(minutes=1)
    assert [
        (one.claimed_digest, one.chapter.number if one.chapter else None, one.claimed_start_at) for one in clips
    ] == [
        (Sha256.of(CLIPS[0]), 1, at),
        (Sha256.of(CLIPS[1]), 2, at + timedelta(seconds=30)),
    ]
    assert len({one.chapter.series for one in clips if one.chapter}) == 1
    assert {one.camera_serial for one in clips} == {SERIAL}
    beside = [upload for upload in uploads_of(bench, container) if upload.companion_kind is not None]
    assert {(one.claimed_digest, one.companion_kind) for one in beside} == {
        (Sha256.of(trail(at)), "track"),
        (Sha256.of(BOOKMARK), "manifest"),
    }
    assert len({one.name_group for one in [*clips, *beside]}) == 1


def test_calling_it_complete_again_hands_nothing_over_again(station: Station, bench: Workbench) -> None:
    container = send(station, 2)
    station.complete(container)
    before = census(bench)
    station.complete(container)
    station.say(container, Status="Complete", BWCSerialNumber=SERIAL)
    assert census(bench) == before


def test_killed_while_it_is_recorded_it_is_handed_over_by_the_next_try(
    station: Station, bench: Workbench, databases: Databases
) -> None:
    container = send(station, 3)
    dies_while_recording(bench, databases, lambda: _complete(station, container))
    assert uploads_of(bench, container) == []
    station.complete(container)
    assert len(uploads_of(bench, container)) == 4


def _complete(station: Station, container: str) -> None:
    status = refusal(station.complete, container)
    raise DatabaseUnavailableError(str(status)) if status == 503 else AssertionError(status)


def test_it_waits_until_an_exercise_of_its_camera_and_day_is_declared(station: Station, bench: Workbench) -> None:
    container = send(station, 4)
    station.complete(container)
    uploads = uploads_of(bench, container)
    waiting = Stages(bench).receive()
    assert not {one.upload_id for one in uploads} & set(waiting.waiting)
    assign_uploads(db=bench.db, clock=bench.clock)
    assert uploads_of(bench, container) == uploads
    declared = replace(a_declaration(), cameras=(WornCamera(CameraSerial(SERIAL), "AFO-9"),), held_on=AT.date())
    with bench.db.begin() as session:
        exercises.add_declaration(session, declared, at=NOON)
    clips = {one.upload_id for one in uploads if one.companion_kind is None}
    assert clips
    assert clips <= set(assign_uploads(db=bench.db, clock=bench.clock))
    with bench.db.begin() as session:
        assert {footage.get_upload(session, one.upload_id).exercise_id for one in uploads} == {EXERCISE}
    for one in uploads:
        digest = Stages(bench).preserve(one.upload_id)
        assert digest == one.claimed_digest


def test_a_refused_recording_that_comes_back_is_kept_and_explained(station: Station, bench: Workbench) -> None:
    refused = container_name("nobody", SERIAL, AT)
    assert refusal(station.make, refused) == 400
    container, content = "RejectedContent_UnknownTime_0b1e", os.urandom(2000)
    for _ in range(2):
        station.make(container)
        station.put(container, "alles/über 日本.mp4", content, StartTime="never", StopTime="")
        station.put(container, "leer.mp4", b"")
        station.complete(container)
    with bench.db.begin() as session:
        found = [one for one in footage.quarantined(session) if one.upload.claimed_digest == Sha256.of(content)]
        objects = docking.objects_of(session, container)
        said = docking.said_of(session, container, "alles/über 日本.mp4")
    assert [one.upload.original_name for one in found] == ["über 日本.mp4"]
    assert "rejected content" in found[0].reason
    assert [one.name for one in objects] == ["alles/über 日本.mp4", "leer.mp4"]
    assert said == {"starttime": "never", "stoptime": ""}
    (line,) = [one for one in list_docked(bench.db) if one.container == container]
    assert (line.state, line.objects, line.uploads) == ("rejected", 2, 2)


def test_what_is_arriving_can_be_seen(station: Station, bench: Workbench) -> None:
    container = send(station, 60)
    states = {line.container: line.state for line in list_docked(bench.db)}
    assert states[container] == "arriving"
    station.complete(container)
    states = {line.container: line.state for line in list_docked(bench.db)}
    assert states[container] == "handed over"
