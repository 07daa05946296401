from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.allotment import Allotment, Policy, Taker, allot, shares
from pipeline.domain.ids import ClipId

TWO = Policy(annotators_per_clip=2, gold_every=0)


def clip_ids(count: int, *, first: int = 1) -> list[ClipId]:
    return [ClipId(UUID(int=number)) for number in range(first, first + count)]


def takers(*names: str, room: int = 1000) -> list[Taker]:
    return [Taker(name, room) for name in names]


def people_of(given_out: tuple[Allotment, ...]) -> dict[ClipId, set[str]]:
    found: dict[ClipId, set[str]] = {}
    for one in given_out:
        found.setdefault(one.clip_id, set()).add(one.annotator)
    return found


def test_every_clip_goes_to_as_many_people_as_it_is_for_and_shares_are_equal() -> None:
    given_out = allot(clip_ids(30), takers("a", "b", "c"), counted={}, policy=TWO)
    assert {len(who) for who in people_of(given_out).values()} == {2}
    assert dict(shares(given_out)) == {"a": 20, "b": 20, "c": 20}


def test_every_two_people_share_clips() -> None:
    pairs = [frozenset(who) for who in people_of(allot(clip_ids(60), takers(*"abcd"), counted={}, policy=TWO)).values()]
    for pair in combinations("abcd", 2):
        assert pairs.count(frozenset(pair)) >= 3


def test_the_most_wanted_come_first_where_there_is_not_room_for_all() -> None:
    wanted = clip_ids(10)[::-1]
    given_out = allot(wanted, takers("a", "b", room=3), counted={}, policy=TWO)
    assert list(people_of(given_out)) == wanted[:3]


def test_a_newcomer_gets_what_is_missing_and_then_most_until_the_shares_are_equal() -> None:
    before = allot(clip_ids(10), takers("a", "b"), counted={}, policy=TWO)
    had = {name: {one.clip_id: one.purpose for one in before if one.annotator == name} for name in "ab"}
    counted = {clip_id: frozenset(who) for clip_id, who in people_of(before).items()}
    now = [Taker("a", 100, had["a"]), Taker("b", 100, had["b"]), Taker("c", 100)]
    given_out = allot(clip_ids(20), now, counted=counted, policy=TWO)
    assert dict(shares(given_out)) == {"a": 5, "b": 5, "c": 10}


def test_who_retired_is_replaced_by_somebody_who_has_not_had_the_clip() -> None:
    clip_id = clip_ids(1)[0]
    now = [Taker("a", 9, {clip_id: "label"}), Taker("c", 9)]
    (given_out,) = allot([clip_id], now, counted={clip_id: frozenset("a")}, policy=TWO)
    assert given_out.annotator == "c"


def test_gold_clips_are_one_in_so_many_and_never_twice() -> None:
    gold = clip_ids(5, first=1000)
    policy = Policy(annotators_per_clip=1, gold_every=10)
    given_out = allot(clip_ids(90), takers("a"), counted={}, gold=gold, policy=policy)
    places = [at for at, one in enumerate(given_out) if one.purpose == "gold"]
    assert len(places) == 5
    assert sorted(given_out[at].clip_id for at in places) == gold
    assert [place // 10 for place in places] == [0, 1, 2, 3, 4]
    assert len({place % 10 for place in places}) > 1


def test_a_gold_clip_goes_to_nobody_who_has_had_it() -> None:
    gold = clip_ids(1, first=1000)
    policy = Policy(annotators_per_clip=2, gold_every=2)
    now = [Taker("a", 100, {gold[0]: "label"}), Taker("b", 100)]
    given_out = allot(clip_ids(6), now, counted={}, gold=gold, policy=policy)
    assert [(one.annotator, one.clip_id) for one in given_out if one.purpose == "gold"] == [("b", gold[0])]


@given(
    st.integers(0, 12),
    st.lists(st.sampled_from("abcde"), unique=True),
    st.integers(1, 3),
    st.integers(0, 8),
    st.sampled_from([0, 2, 5]),
)
def test_nobody_gets_a_clip_twice_or_more_than_there_is_room_for_and_again_gives_nothing(
    clips: int, names: list[str], each: int, room: int, gold_every: int
) -> None:
    policy = Policy(annotators_per_clip=each, gold_every=gold_every)
    wanted, gold = clip_ids(clips), clip_ids(3, first=1000)
    given_out = allot(wanted, takers(*names, room=room), counted={}, gold=gold, policy=policy)
    assert given_out == allot(wanted, takers(*reversed(names), room=room), counted={}, gold=gold, policy=policy)
    assert len({(one.annotator, one.clip_id) for one in given_out}) == len(given_out)
    had = {name: {one.clip_id: one.purpose for one in given_out if one.annotator == name} for name in names}
    assert all(len(clips_had) <= room for clips_had in had.values())
    labels = people_of(tuple(one for one in given_out if one.purpose == "label"))
    assert all(len(who) <= each for who in labels.values())
    counted = {clip_id: frozenset(who) for clip_id, who in labels.items()}
    left = [Taker(name, room - len(had[name]), had[name]) for name in names]
    assert allot(wanted, left, counted=counted, gold=gold, policy=policy) == ()


@pytest.mark.parametrize(("each", "gold_every"), [(0, 0), (2, 1), (2, -1)])
def test_a_policy_that_means_nothing_is_refused(each: int, gold_every: int) -> None:
    with pytest.raises(ValueError, match="expected at least one annotator"):
        Policy(annotators_per_clip=each, gold_every=gold_every)
