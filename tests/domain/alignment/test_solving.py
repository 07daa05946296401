from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.alignment import StretchKey
from pipeline.domain.alignment.solving import Line, Measured, groups_of, solve
from tests.domain.alignment.scenes import Camera, a_pair, key

MICRO_S = Fraction(1, 10**6)
offsets = st.integers(-(10**8), 10**8).map(lambda micro: Fraction(micro, 10**4))
drifts = st.integers(-100, 100).map(Fraction)


@st.composite
def scenes(draw: st.DrawFn, least: int = 2) -> tuple[dict[int, Camera], list[tuple[int, int]]]:
    """Cameras of which the first is the reference, and pairs that join them all."""
    count = draw(st.integers(least, 6))
    cameras = {0: Camera(Fraction(0), Fraction(0))}
    cameras |= {number: Camera(draw(offsets), draw(drifts)) for number in range(1, count)}
    pairs = {(draw(st.integers(0, number - 1)), number) for number in range(1, count)}
    more = [(one, other) for other in range(count) for one in range(other)]
    pairs |= draw(st.sets(st.sampled_from(more)))
    return cameras, sorted(pairs)


def measured(pairs: list[tuple[int, int]], cameras: dict[int, Camera], **off: Fraction) -> list[Measured]:
    """What the pairs show, with `off=` on the pair `"0-1"`."""
    found = []
    for first, second in pairs:
        pair = a_pair(first, second, cameras, off_s=off.get(f"{first}-{second}", Fraction(0)))
        found.append(Measured(pair.first, pair.second, pair.outcome))  # type: ignore[arg-type] # it is always heard
    return found


def assert_true(lines: dict[StretchKey, Line], cameras: dict[int, Camera]) -> None:
    for number, camera in cameras.items():
        for moment_s in (Fraction(0), Fraction(60)):
            assert abs(lines[key(number)].at(moment_s) - camera.at(moment_s)) <= 2 * MICRO_S


@settings(max_examples=40)
@given(scene=scenes())
def test_any_consistent_offsets_and_drifts_come_back(scene: tuple[dict[int, Camera], list[tuple[int, int]]]) -> None:
    cameras, pairs = scene
    found = solve([key(0)], measured(pairs, cameras))
    assert found.dropped == ()
    assert_true(dict(found.lines), cameras)


@settings(max_examples=30)
@given(scene=scenes(), data=st.data())
def test_in_whatever_order_they_come_the_same_is_found(
    scene: tuple[dict[int, Camera], list[tuple[int, int]]], data: st.DataObject
) -> None:
    cameras, pairs = scene
    noise = st.integers(-10, 10).map(lambda milli: Fraction(milli, 1000))
    off = {f"{first}-{second}": data.draw(noise) for first, second in pairs}
    in_order = measured(pairs, cameras, **off)
    assert solve([key(0)], data.draw(st.permutations(in_order))) == solve([key(0)], in_order)


def test_of_pairs_that_nearly_agree_the_middle_is_taken() -> None:
    cameras = {number: Camera(Fraction(number), Fraction(0)) for number in range(3)}
    found = solve([key(0)], measured([(0, 1), (0, 2), (1, 2)], cameras, **{"0-2": Fraction(9, 1000)}))
    assert found.dropped == ()
    assert [round(1000 * (found.lines[key(number)].offset_s - number)) for number in (1, 2)] == [3, 6]


@settings(max_examples=20)
@given(scene=scenes(least=4), data=st.data(), off_ms=st.integers(500, 10**6))
def test_the_one_that_the_others_contradict_is_found_and_dropped(
    scene: tuple[dict[int, Camera], list[tuple[int, int]]], data: st.DataObject, off_ms: int
) -> None:
    cameras, _ = scene
    every = [(one, other) for other in cameras for one in range(other)]
    wrong = data.draw(st.sampled_from(every))
    off_s = data.draw(st.sampled_from([1, -1])) * Fraction(off_ms, 1000)
    found = solve([key(0)], measured(every, cameras, **{f"{wrong[0]}-{wrong[1]}": off_s}))
    ((dropped),) = found.dropped
    assert (dropped.measured.first, dropped.measured.second) == (key(wrong[0]), key(wrong[1]))
    assert abs(dropped.off_s - abs(off_s)) < Fraction(1, 1000) + abs(off_s) / 1000
    assert_true(dict(found.lines), cameras)


def test_of_three_that_contradict_one_another_the_least_sure_is_dropped() -> None:
    cameras = {number: Camera(Fraction(number), Fraction(0)) for number in range(3)}
    pairs = [a_pair(0, 1, cameras, confidence=Fraction(1, 2)), a_pair(0, 2, cameras, confidence=Fraction(1, 4))]
    pairs.append(a_pair(1, 2, cameras, off_s=Fraction(1), confidence=Fraction(1, 3)))
    found = solve([key(0)], [Measured(one.first, one.second, one.outcome) for one in pairs])  # type: ignore[arg-type] # heard
    ((dropped),) = found.dropped
    assert (dropped.measured.first, dropped.measured.second) == (key(0), key(2))


def test_what_nothing_joins_is_a_group_of_its_own() -> None:
    cameras = {number: Camera(Fraction(number), Fraction(0)) for number in range(5)}
    pairs = measured([(0, 3), (1, 4)], cameras)
    keys = [key(number) for number in range(5)]
    assert groups_of(keys, pairs) == [[key(0), key(3)], [key(1), key(4)], [key(2)]]
    found = solve([key(0), key(1), key(2)], pairs)
    assert {found.lines[key(number)].offset_s for number in (3, 4)} == {Fraction(3)}
