"""What a docking station sends is kept byte for byte, once, with all it says; what it may not is refused."""

import os
import time
from datetime import timedelta

import pytest
from swiftclient import client as swift

from pipeline.domain import keys
from pipeline.records import docking
from pipeline.workbench import Workbench
from tests.benches import raw_client
from tests.builders import NOON
from tests.dock.station import KEY, Server, Station, container_name, epoch, md5_of, refusal, station_at

USER_ID, SERIAL = "5f0c2a9b-8f8e-4a39-9d6c-0123456789ab", "B8A44F000001"
AT = NOON - timedelta(hours=1)
LARGE = os.urandom(1 << 20) * 17
"""Three parts."""


@pytest.fixture(scope="module")
def registered(station: Station) -> Station:
    station.register(USER_ID, SERIAL)
    return station


def begin(station: Station, minutes: int) -> str:
    name = container_name(USER_ID, SERIAL, AT + timedelta(minutes=minutes))
    station.make(name)
    station.say(name, Status="Transferring", BWCSerialNumber=SERIAL, UserID=USER_ID)
    return name


def stored(bench: Workbench, container: str, name: str) -> list[bytes]:
    """Every version in the bucket."""
    s3, bucket, key = raw_client(bench), bench.settings.s3_intake_bucket, keys.dock_key(container, name)
    found = s3.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", [])
    return [s3.get_object(Bucket=bucket, Key=key, VersionId=one["VersionId"])["Body"].read() for one in found]


def unfinished(bench: Workbench) -> int:
    return len(raw_client(bench).list_multipart_uploads(Bucket=bench.settings.s3_intake_bucket).get("Uploads", []))


def test_a_wrong_key_a_wrong_user_and_no_token_are_401(dock: Server, station: Station) -> None:
    for instead in ({"key": KEY + "x"}, {"user": "somebody"}):
        with station_at(dock.url, **instead) as stranger:
            assert refusal(stranger.make, "Users") == 401
    url, _ = station.storage
    for token in ("", "AUTH_tk", "AUTH_tk" + "A" * 64):
        assert refusal(swift.put_container, url, token, "Users") == 401


def test_capabilities_and_categories_have_the_md5_of_their_bytes(station: Station) -> None:
    for name in ("Capabilities.json", "Categories.json"):
        headers, content = station.get("System", name)
        assert headers["etag"].strip('"') == md5_of(content)
        assert station.head("System", name)["etag"] == headers["etag"]
        assert refusal(station.put, "System", name, b"{}") == 403
    assert b'"StoreRejectedContent": true' in station.get("System", "Capabilities.json")[1]
    assert refusal(station.get, "System", "nothing") == 404


def test_a_system_id_can_be_read_back(station: Station) -> None:
    station.make("System")
    station.put("System", "a-system", b"", ConnectionId="c-1", SystemName="Südwache")
    headers, content = station.get("System", "a-system")
    assert content == b""
    assert headers["x-object-meta-connectionid"] == "c-1"
    assert headers["x-object-meta-systemname"] == "Südwache"


@pytest.mark.parametrize("size_bytes", [1, 8 << 20, (16 << 20) + 1], ids=["a byte", "exactly a part", "three parts"])
def test_bytes_arrive_exactly_and_the_answer_has_their_md5(
    registered: Station, bench: Workbench, size_bytes: int
) -> None:
    container, content = begin(registered, 1), LARGE[:size_bytes]
    name = f"ordner/клип {size_bytes} №.mp4"
    assert registered.put(container, name, content) == md5_of(content)
    assert stored(bench, container, name) == [content]
    head = registered.head(container, name)
    assert (head["content-length"], head["etag"]) == (str(size_bytes), md5_of(content))


@pytest.mark.parametrize("size_bytes", [3, (8 << 20) + 3], ids=["small", "two parts"])
def test_a_body_of_unknown_length_arrives_exactly(registered: Station, bench: Workbench, size_bytes: int) -> None:
    container, content = begin(registered, 10), LARGE[:size_bytes]
    url, token = registered.storage
    for _ in range(2):
        pieces = iter([content[: size_bytes // 2], content[size_bytes // 2 :]])
        assert swift.put_object(url, token, container, f"{size_bytes}.mp4", contents=pieces) == md5_of(content)
    assert stored(bench, container, f"{size_bytes}.mp4") == [content]
    assert unfinished(bench) == 0


def test_everything_sent_again_changes_nothing(registered: Station, bench: Workbench) -> None:
    container = begin(registered, 2)
    for _ in range(3):
        registered.make(container)
        registered.say(container, Status="Transferring")
        registered.put(container, "a.mp4", LARGE, StartTime=epoch(AT), StopTime=epoch(AT + timedelta(seconds=9)))
        registered.put(container, "b.key", b"{}")
        registered.say_of(container, "a.mp4", StartTime=epoch(AT))
    assert stored(bench, container, "a.mp4") == [LARGE]
    assert stored(bench, container, "b.key") == [b"{}"]
    with bench.db.begin() as session:
        assert [one.name for one in docking.objects_of(session, container)] == ["a.mp4", "b.key"]
    assert unfinished(bench) == 0


def test_what_is_said_of_an_object_replaces_all_that_was_said(registered: Station) -> None:
    container = begin(registered, 3)
    said = "Grüße, 100% +1 \N{GRINNING FACE};a:b"
    registered.put(container, "a.mp4", b"a", First="1", Second="2")
    registered.say_of(container, "a.mp4", Second=said)
    head = registered.head(container, "a.mp4")
    assert "x-object-meta-first" not in head
    assert head["x-object-meta-second"] == said
    registered.put(container, "a.mp4", b"a")
    assert registered.head(container, "a.mp4")["x-object-meta-second"] == said


def test_what_is_said_of_a_container_adds_up_and_control_characters_stay_encoded(registered: Station) -> None:
    container = begin(registered, 4)
    registered.say(container, TriggerOn="Button\x00\x1b[2J", BWCModel="W101")
    registered.say(container, BWCModel="W110")
    head = registered.head_container(container)
    assert head["x-container-meta-bwcmodel"] == "W110"
    assert head["x-container-meta-triggeron"] == "Button%00%1B[2J"


def test_an_interrupted_body_leaves_nothing_and_is_taken_when_it_comes_again(
    registered: Station, bench: Workbench
) -> None:
    container = begin(registered, 5)
    for announced in (10, len(LARGE)):
        registered.put_partly(container, "a.mp4", LARGE[: announced - 5], announced=announced)
    until = time.monotonic() + 20
    while unfinished(bench) and time.monotonic() < until:
        time.sleep(0.05)
    assert unfinished(bench) == 0
    assert stored(bench, container, "a.mp4") == []
    assert refusal(registered.head, container, "a.mp4") == 404
    registered.put(container, "a.mp4", LARGE)
    assert stored(bench, container, "a.mp4") == [LARGE]


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_a_body_with_another_md5_than_announced_is_asked_for_again(
    registered: Station, bench: Workbench, content: bytes
) -> None:
    container = begin(registered, 6)
    url, token = registered.storage
    name = f"{len(content)}.mp4"
    assert refusal(swift.put_object, url, token, container, name, contents=content, etag="0" * 32) == 503
    assert stored(bench, container, name) == []
    assert unfinished(bench) == 0


def test_impossible_and_unknown_things_are_400(registered: Station) -> None:
    for name in (
        container_name("nobody", SERIAL, AT),
        container_name(USER_ID, "NOCAMERA", AT),
        container_name(USER_ID, SERIAL, AT + timedelta(days=40)),
        f"{USER_ID}_{SERIAL}_20261332T250000Z",
        f"{USER_ID}_{SERIAL}_19700101T000000Z",
        "Something",
    ):
        assert refusal(registered.make, name) == 400, name
    container = begin(registered, 7)
    began, ended = epoch(AT), epoch(AT + timedelta(seconds=5))
    assert refusal(registered.put, container, "a.mp4", b"a", StartTime=ended, StopTime=began) == 400
    assert refusal(registered.put, container, "a.mp4", b"a", StartTime=began, StopTime=began) == 400
    assert refusal(registered.put, container, "a.mp4", b"a", StartTime="yesterday") == 400
    assert refusal(registered.put, container, "a.mp4", b"") == 400
    registered.put(container, "a.mp4", b"a", StartTime=began, StopTime=ended)
    assert refusal(registered.say_of, container, "a.mp4", StartTime=ended, StopTime=began) == 400
    assert refusal(registered.say, container, TriggerOnTime=ended, TriggerOffTime=began) == 400


def test_what_is_not_there_is_404_and_footage_is_not_given_out(registered: Station) -> None:
    container = begin(registered, 8)
    registered.put(container, "a.mp4", b"a")
    assert refusal(registered.put, container_name(USER_ID, SERIAL, AT + timedelta(days=-9)), "a.mp4", b"a") == 404
    assert refusal(registered.say, "RejectedContent_1_2", Status="Complete") == 404
    assert refusal(registered.say_of, container, "b.mp4", A="1") == 404
    assert refusal(registered.get, container, "a.mp4") == 403


def test_a_complete_container_takes_repeats_and_nothing_else(registered: Station, bench: Workbench) -> None:
    container = begin(registered, 9)
    registered.put(container, "a.mp4", LARGE, StartTime=epoch(AT))
    for _ in range(2):
        registered.complete(container)
        registered.make(container)
        registered.put(container, "a.mp4", LARGE, StartTime=epoch(AT))
        registered.say_of(container, "a.mp4", StartTime=epoch(AT))
    assert refusal(registered.put, container, "a.mp4", LARGE + b"x") == 403
    assert refusal(registered.put, container, "b.mp4", b"b") == 403
    assert refusal(registered.say_of, container, "a.mp4", StartTime="1") == 403
    assert refusal(registered.say, container, Status="Transferring") == 403
    assert stored(bench, container, "a.mp4") == [LARGE]
    assert stored(bench, container, "b.mp4") == []
