from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import docking
from pipeline.domain.docking import Clip
from pipeline.errors import RejectedInputError
from tests.builders import NOON

TEXTS = st.text(max_size=60)
SAID = st.dictionaries(st.sampled_from(["StartTime", "StopTimeISO", "triggerontime", "Status"]), TEXTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1763812800", datetime(2025, 11, 22, 12, tzinfo=UTC)),
        ("1763812800.5", datetime(2025, 11, 22, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("1763812800250", datetime(2025, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("1763812800000250", datetime(2025, 11, 22, 12, 0, 0, 250, tzinfo=UTC)),
        ("2025-11-22T13:00:00+01:00", datetime(2025, 11, 22, 12, tzinfo=UTC)),
        ("2025-11-22T12:00:00", None),
        ("-1", None),
        ("٣", None),
        ("9" * 40, None),
        ("", None),
    ],
)
def test_a_time_is_read_as_stations_write_it(text: str, expected: datetime | None) -> None:
    assert docking.moment(text) == expected


@given(TEXTS, SAID)
def test_whatever_is_said_it_is_accepted_or_refused_and_never_a_crash(name: str, said: dict[str, str]) -> None:
    for ask in (
        lambda: docking.container_kind(name),
        lambda: docking.recording_name(name, now=NOON),
        lambda: docking.require_plain(name),
        lambda: docking.require_possible_clip(said, now=NOON),
        lambda: docking.require_possible_recording(said, now=NOON),
    ):
        with suppress(RejectedInputError):
            ask()


@given(TEXTS.filter(lambda text: text and "/" not in text and "\n" not in text))
def test_rejected_content_is_always_recognised(rest: str) -> None:
    assert docking.container_kind(f"RejectedContent_{rest}") == "rejected"


def test_both_ways_of_writing_the_time_of_a_recording_are_read() -> None:
    for time in ("20261122T110000Z", "20261122_110000"):
        found = docking.recording_name(f"user-1_B8A44F_{time}", now=NOON)
        assert (found.user, found.camera_serial, found.triggered_at) == ("user-1", "B8A44F", NOON - timedelta(hours=1))


@given(st.permutations(range(6)))
def test_clips_are_in_the_order_of_their_start_and_those_without_one_last(order: list[int]) -> None:
    clips = [Clip(f"{number}.mp4", NOON + timedelta(seconds=number) if number < 4 else None) for number in order]
    assert [clip.name for clip in docking.in_order(clips)] == [f"{number}.mp4" for number in range(6)]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("20261122_110000_ab.mkv", "clip"),
        ("a/b.MP4", "clip"),
        ("20261122_110000_ab.key", "key"),
        ("bookmark_1_2", "bookmark"),
        ("20261122_110000_ab_B8A44F_gpstrail.json", "track"),
        ("something", "other"),
    ],
)
def test_an_object_is_known_by_its_name(name: str, role: str) -> None:
    assert docking.object_role(name) == role


def test_the_key_of_a_clip_is_the_one_of_its_name() -> None:
    assert docking.key_name_of("a.mkv", ["a.mkv", "b.key", "a.key"]) == "a.key"
    assert docking.key_name_of("a.mkv", ["a.mkv", "a.mkv.key"]) == "a.mkv.key"
    assert docking.key_name_of("a.mkv", ["a.mkv", "b.key"]) is None
