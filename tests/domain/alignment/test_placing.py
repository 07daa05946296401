from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.alignment import Method, NotHeard, Pair, Placement, Timeline, lay_out
from pipeline.domain.ids import CameraSerial
from pipeline.domain.timeline import Span
from tests.builders import NOON
from tests.domain.alignment.scenes import HOUR_S, Camera, a_clock, a_pair, a_stretch, key

CAMERAS = {number: Camera(Fraction(3 * (number - 1)), Fraction(10 * (number - 1))) for number in range(1, 6)}


def placed(timeline: Timeline) -> dict[int, Placement]:
    return {one.key.recording_id.int: one for one in timeline.placements}


def strangers(first: int, second: int) -> Pair:
    return Pair(key(first), key(second), NotHeard("they do not hear the same"))


def test_the_surest_clock_is_the_reference_and_the_longest_of_these() -> None:
    stretches = [
        a_stretch(1, clock=a_clock(uncertainty_s=60)),
        a_stretch(2, clock=a_clock(3)),
        a_stretch(3, clock=a_clock(6), seconds=90),
    ]
    found = lay_out(stretches, [a_pair(1, 2, CAMERAS), a_pair(2, 3, CAMERAS)])
    assert {number: one.method for number, one in placed(found).items()} == {
        1: Method.SOUND,
        2: Method.SOUND,
        3: Method.REFERENCE,
    }
    assert (found.zero_at, found.zero_uncertainty_s) == (NOON + timedelta(seconds=6), 1)
    assert placed(found)[3].offset_s == 0
    assert abs(placed(found)[1].offset_s + 6) < Fraction(1, 1000)
    assert placed(found)[1].uncertainty_s == Fraction(60, 1000)


@settings(max_examples=20)
@given(order=st.permutations(range(5)), pairs=st.permutations(range(5)))
def test_in_whatever_order_it_comes_the_timeline_is_the_same(order: list[int], pairs: list[int]) -> None:
    stretches = [a_stretch(number, clock=a_clock(number, uncertainty_s=number)) for number in range(1, 6)]
    heard = [
        a_pair(1, 2, CAMERAS),
        a_pair(2, 3, CAMERAS),
        a_pair(1, 3, CAMERAS, off_s=Fraction(1, 100)),
        a_pair(4, 5, CAMERAS),
        strangers(1, 4),
    ]
    found = lay_out([stretches[at] for at in order], [heard[at] for at in pairs])
    assert found == lay_out(stretches, heard)
    assert {number: one.group for number, one in placed(found).items()} == {1: 1, 2: 1, 3: 1, 4: 2, 5: 2}


def test_two_groups_are_laid_beside_one_another_by_the_surest_clock_of_each() -> None:
    vague = 14 * HOUR_S
    stretches = [
        a_stretch(1, clock=a_clock(uncertainty_s=vague)),
        a_stretch(2, clock=a_clock(103)),
        a_stretch(3, clock=a_clock(uncertainty_s=vague)),
        a_stretch(4, clock=a_clock(150)),
        a_stretch(5, clock=a_clock(uncertainty_s=vague)),
    ]
    found = lay_out(stretches, [a_pair(1, 2, CAMERAS), a_pair(2, 3, CAMERAS), a_pair(4, 5, CAMERAS), strangers(3, 4)])
    lines = placed(found)
    assert found.zero_at == NOON + timedelta(seconds=103)
    assert lines[4].offset_s == 47
    assert (lines[4].method, lines[5].method) == (Method.CLOCKS, Method.SOUND)
    assert (lines[4].uncertainty_s, lines[5].uncertainty_s) == (2, 2 + Fraction(30, 1000))
    assert abs(lines[5].offset_s - 50) < Fraction(1, 1000)
    assert lines[4].reason.startswith(
        "its sound does not fit that of another (they do not hear the same); placed by its"
    )


def test_a_stranger_whose_clocks_are_vague_is_refused() -> None:
    stretches = [a_stretch(1), a_stretch(2), a_stretch(3, clock=a_clock(uncertainty_s=14 * HOUR_S))]
    found = lay_out(stretches, [a_pair(1, 2, CAMERAS), strangers(1, 3), strangers(2, 3)])
    (refused,) = found.unplaced
    assert refused.key == key(3)
    assert refused.reason.startswith("its sound does not fit any of 2 others (they do not hear the same); its clocks")
    assert refused.reason.endswith("tell where it was only to 14 h")


def test_without_sound_vague_clocks_place_and_no_clock_at_all_is_refused() -> None:
    stretches = [
        a_stretch(1),
        a_stretch(2, sound=None, clock=a_clock(uncertainty_s=14 * HOUR_S)),
        a_stretch(3, sound=None, clock=a_clock(uncertainty_s=31 * 24 * HOUR_S, source="receipt")),
    ]
    found = lay_out(stretches, [])
    assert placed(found)[2].uncertainty_s == 14 * HOUR_S + 1
    assert placed(found)[2].reason.startswith("it has no sound; placed by its clocks")
    (refused,) = found.unplaced
    assert refused.reason.startswith("it has no sound; its clocks")


def test_a_pair_that_is_contradicted_is_told_with_how_far_it_is_off() -> None:
    stretches = [a_stretch(number) for number in range(1, 5)]
    every = [(one, other) for other in range(2, 5) for one in range(1, other)]
    pairs = [a_pair(one, other, CAMERAS, off_s=Fraction((one, other) == (2, 4))) for one, other in every]
    found = lay_out(stretches, pairs)
    (refused,) = [pair for pair in found.pairs if isinstance(pair.outcome, NotHeard)]
    assert (refused.first, refused.second) == (key(2), key(4))
    assert refused.outcome == NotHeard("the others contradict it: together they say 1.000 s else")
    assert len(found.placements) == 4


def test_after_a_break_a_part_is_placed_by_the_gap_when_no_sound_places_it() -> None:
    broken = a_stretch(2, camera_serial=CameraSerial("BROKEN"))
    after = replace(
        broken,
        key=key(2, 1),
        span=Span(Fraction(60), Fraction(100)),
        clock=a_clock(uncertainty_s=14 * HOUR_S),
        gap_s=Fraction(5, 2),
        gap_uncertainty_s=Fraction(1, 30),
    )
    found = lay_out([a_stretch(1), broken, after], [a_pair(1, 2, CAMERAS)])
    (late,) = [one for one in found.placements if one.key == key(2, 1)]
    (early,) = [one for one in found.placements if one.key == key(2)]
    assert abs(late.start_s - early.end_s - Fraction(5, 2)) < Fraction(1, 10**6)
    assert late.uncertainty_s == early.uncertainty_s + Fraction(1, 30)
    assert "the time since the part of the same recording before it (2.500 s)" in late.reason
    assert found.placements_of(key(2).recording_id) == [early, late]
