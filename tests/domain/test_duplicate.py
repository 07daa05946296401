"""What two pieces of footage are to each other: the rules, for every evidence there can be."""

from dataclasses import replace
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import (
    Decision,
    Duplicate,
    PictureMatch,
    SoundMatch,
    StreamDigests,
    Turn,
    Verdict,
    judge_pictures,
    judge_streams,
    match_streams,
    standing,
    waits_for_a_person,
)
from pipeline.domain.ids import RecordingId
from tests.builders import NOON, a_duplicate

ONE, OTHER = (RecordingId(UUID(int=number)) for number in (1, 2))
STRENGTH = [Verdict.DISTINCT, Verdict.REVIEW, Verdict.COPY]

digests = st.sampled_from([Sha256.of(bytes([number])) for number in range(3)])
streams = st.lists(st.builds(StreamDigests, digests, st.none() | digests), min_size=1, max_size=3)
shares = st.fractions(0, 1, max_denominator=20)


@st.composite
def matches(draw: st.DrawFn) -> PictureMatch:
    moments = draw(st.integers(0, 20))
    alike = draw(st.integers(0, moments))
    same = draw(st.integers(0, alike))
    return PictureMatch(
        moments=moments,
        same_moments=same,
        alike_moments=alike,
        longest_same_run=draw(st.integers(min(same, 1), same)),
        longest_alike_run=draw(st.integers(min(alike, 1), alike)),
        median_bits=draw(st.integers(0, 256)),
        offset_s=draw(st.fractions(-10, 10, max_denominator=10)),
        turn=draw(st.sampled_from(Turn)),
        earlier_covered=draw(shares),
        later_covered=draw(shares),
        adds_sound=draw(st.booleans()),
        adds_detail=draw(st.booleans()),
    )


@given(streams, streams, st.integers(1, 5), st.integers(1, 5))
def test_whether_streams_are_related_does_not_depend_on_which_came_first(
    one: list[StreamDigests], other: list[StreamDigests], frames: int, other_frames: int
) -> None:
    there = match_streams(one, other, earlier_frames=frames, later_frames=other_frames)
    back = match_streams(other, one, earlier_frames=other_frames, later_frames=frames)
    assert (there is None) == (back is None) == (not {s.picture for s in one} & {s.picture for s in other})
    if there is not None and back is not None:
        assert there.is_whole == back.is_whole
        assert Verdict.DISTINCT not in {judge_streams(there).verdict, judge_streams(back).verdict}


@given(streams, streams, st.integers(1, 5), st.integers(1, 5))
def test_what_is_left_out_as_a_remux_has_nothing_that_the_first_lacks(
    one: list[StreamDigests], other: list[StreamDigests], frames: int, other_frames: int
) -> None:
    match = match_streams(one, other, earlier_frames=frames, later_frames=other_frames)
    if match is None or judge_streams(match).verdict is not Verdict.REMUX:
        return
    assert [s.picture for s in one] == [s.picture for s in other]
    assert other_frames <= frames
    assert {s.sound for s in other} - {None} <= {s.sound for s in one}


def test_a_recording_is_a_remux_of_itself() -> None:
    mine = [StreamDigests(Sha256.of(b"picture"), Sha256.of(b"sound"))]
    match = match_streams(mine, mine, earlier_frames=9, later_frames=9)
    assert match is not None
    assert match.sound is SoundMatch.EQUAL
    assert judge_streams(match).verdict is Verdict.REMUX
    assert match_streams(mine, [StreamDigests(Sha256.of(b"x"), None)], earlier_frames=9, later_frames=9) is None


@given(matches())
def test_a_copy_that_is_left_out_adds_nothing_and_is_not_turned(match: PictureMatch) -> None:
    if judge_pictures(match).verdict is Verdict.COPY:
        assert match.turn is Turn.NONE
        assert match.later_covered >= Fraction(9, 10)
        assert not match.adds_sound
        assert not match.adds_detail


@given(matches(), st.integers(0, 5))
def test_more_that_is_the_same_never_makes_a_match_weaker(match: PictureMatch, more: int) -> None:
    better = replace(
        match,
        moments=match.moments + more,
        same_moments=match.same_moments + more,
        alike_moments=match.alike_moments + more,
        longest_same_run=match.longest_same_run + more,
        longest_alike_run=match.longest_alike_run + more,
    )
    before, after = (STRENGTH.index(judge_pictures(one).verdict) for one in (match, better))
    assert after >= before


@given(matches())
def test_which_of_two_is_shorter_or_poorer_never_decides_that_they_are_strangers(match: PictureMatch) -> None:
    swapped = replace(
        match,
        earlier_covered=match.later_covered,
        later_covered=match.earlier_covered,
        adds_sound=not match.adds_sound,
        adds_detail=not match.adds_detail,
    )
    verdicts = {judge_pictures(match).verdict, judge_pictures(swapped).verdict}
    assert Verdict.DISTINCT not in verdicts or len(verdicts) == 1


@given(matches())
def test_moments_that_are_not_alike_are_distinct(match: PictureMatch) -> None:
    stranger = replace(match, same_moments=0, alike_moments=0, longest_same_run=0, longest_alike_run=0)
    assert judge_pictures(stranger).verdict is Verdict.DISTINCT


def test_what_a_person_said_last_counts_and_ends_the_waiting() -> None:
    found = a_duplicate(ONE, OTHER)
    doubtful = replace(found, verdict=Verdict.REVIEW)
    said = Decision(found.duplicate_id, is_same=False, decided_by="REVIEWER-1", reason="no", decided_at=NOON)
    assert (standing(found, None), standing(doubtful, None)) == ("same", "open")
    assert {standing(one, said) for one in (found, doubtful)} == {"distinct"}
    assert standing(doubtful, replace(said, is_same=True)) == "same"
    assert [waits_for_a_person(one, None) for one in (found, doubtful)] == [False, True]
    assert waits_for_a_person(replace(found, claims_differ=True), None)
    assert not waits_for_a_person(doubtful, said)


def test_a_pair_has_one_id_whichever_is_named_first() -> None:
    assert Duplicate.id_for(ONE, OTHER) == Duplicate.id_for(OTHER, ONE) != Duplicate.id_for(ONE, ONE)
