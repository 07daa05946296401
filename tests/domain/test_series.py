"""Files of a series become recordings: each file in one, in order, and the same whatever the order they came in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.digest import Sha256
from pipeline.domain.media import ClockClaim
from pipeline.domain.series import Assembly, ChapterFile, assemble
from tests.media_facts import media_facts, video_facts

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def file(number: int, name: str = "", *, begun_s: float | None = None, came_s: int = 0, **video: Any) -> ChapterFile:
    claim = (
        ()
        if begun_s is None
        else (ClockClaim("container:creation_time", (NOON + timedelta(seconds=begun_s)).isoformat()),)
    )
    facts = replace(media_facts(video_facts(**video)), clock_claims=claim)
    digest = Sha256.of(f"{number} {name}".encode())
    return ChapterFile(digest, ChapterPlace("GX0001", number), facts, NOON + timedelta(seconds=came_s))


def numbers(assemblies: tuple[Assembly, ...]) -> list[list[int]]:
    return [[chapter.place.number for chapter in assembly.chapters] for assembly in assemblies]


def test_consecutive_chapters_are_one_recording() -> None:
    (found,) = assemble([file(2), file(1), file(3)])
    assert numbers((found,)) == [[1, 2, 3]]
    assert [join.missing for join in found.joins] == [0, 0]
    assert found.because == "chapter 1, 2, 3 of series GX0001; begins with the first"
    assert found.continues is None


def test_a_missing_chapter_leaves_a_gap_and_does_not_end_the_recording() -> None:
    (found,) = assemble([file(2), file(4)])
    assert [join.missing for join in found.joins] == [1]
    assert found.joins[0].is_broken
    assert "begins with chapter 2: no earlier one came" in found.because


def test_a_missing_chapter_explains_a_long_measured_gap() -> None:
    hour = {"frame_count": 107892, "packet_count": 107892}
    (found,) = assemble([file(1, begun_s=0, **hour), file(3, begun_s=7200, **hour)])
    assert "a gap of 3600" in found.joins[0].because


def test_a_file_that_does_not_fit_is_a_recording_of_its_own_with_the_reason() -> None:
    found = assemble([file(1), file(2, width_px=1280), file(3, width_px=1280)])
    assert numbers(found) == [[1], [2, 3]]
    assert "does not fit chapter 1: width px: expected 1920, found 1280" in found[1].because
    assert found[1].continues == file(1).digest


def test_a_late_first_chapter_says_which_recording_goes_on_and_one_in_the_middle_says_both() -> None:
    first, second, third = (file(number) for number in (1, 2, 3))
    (late,) = assemble([first, second, third], taken={second.digest, third.digest})
    assert (numbers((late,)), late.continues, late.precedes) == ([[1]], None, second.digest)
    assert "came when the recording with chapter 2 was made, which goes on after it" in late.because
    (between,) = assemble([first, second, third], taken={first.digest, third.digest})
    assert (numbers((between,)), between.continues, between.precedes) == ([[2]], first.digest, third.digest)


def test_a_late_chapter_from_long_before_precedes_nothing() -> None:
    first, second = file(1, begun_s=0), file(2, begun_s=90_000)
    (late,) = assemble([first, second], taken={second.digest})
    assert (late.continues, late.precedes) == (None, None)


def test_a_chapter_that_began_long_after_is_another_recording_and_continues_nothing() -> None:
    found = assemble([file(1, begun_s=0), file(2, begun_s=3600)])
    assert numbers(found) == [[1], [2]]
    assert "began long after chapter 1 ended" in found[1].because
    assert found[1].continues is None


def test_a_late_chapter_continues_the_recording_that_was_made() -> None:
    files = [file(1), file(2), file(3), file(4)]
    found = assemble(files, taken={files[0].digest, files[1].digest})
    assert numbers(found) == [[3, 4]]
    assert "came when the recording with chapter 2 was made" in found[0].because
    assert found[0].continues == files[1].digest
    between = assemble(files, taken={files[0].digest, files[3].digest})
    assert numbers(between) == [[2, 3]]
    before = assemble(files, taken={files[1].digest, files[2].digest, files[3].digest})
    assert (numbers(before), before[0].continues) == ([[1]], None)


def test_a_number_that_comes_twice_is_told_apart_by_time() -> None:
    first, second = (
        [file(n, "a", begun_s=10 * n) for n in (1, 2)],
        [file(n, "b", begun_s=5000 + 10 * n) for n in (1, 2)],
    )
    found = assemble([*second, *first])
    assert [[chapter.digest for chapter in one.chapters] for one in found] == [
        [one.digest for one in first],
        [one.digest for one in second],
    ]


def test_without_clocks_the_file_that_came_first_keeps_the_number() -> None:
    again = file(2, "again", came_s=9)
    found = assemble([again, file(1), file(2), file(3)])
    assert numbers(found) == [[1, 2, 3], [2]]
    assert found[1].chapters == (again,)
    assert "another file came first as chapter 2" in found[1].because


def test_a_counter_at_its_end_begins_again() -> None:
    (found,) = assemble([file(number) for number in (98, 99, 0, 1)])
    assert numbers((found,)) == [[98, 99, 0, 1]]
    assert [join.missing for join in found.joins] == [0, 0, 0]
    (whole,) = assemble([file(number) for number in range(1, 100)])
    assert numbers((whole,)) == [list(range(1, 100))]
    (odd,) = assemble([file(number) for number in (1, 2, 97)])
    assert numbers((odd,)) == [[1, 2, 97]]


FILES = st.lists(
    st.builds(
        lambda number, name, begun_s, came_s, width_px: file(
            number, name, begun_s=begun_s, came_s=came_s, width_px=width_px
        ),
        st.integers(0, 8) | st.integers(95, 99),
        st.sampled_from("ab"),
        st.none() | st.integers(0, 4000),
        st.integers(0, 9),
        st.sampled_from([1920, 1920, 1280]),
    ),
    max_size=8,
    unique_by=lambda found: found.digest,
)


@given(files=FILES, picks=st.lists(st.booleans(), min_size=8, max_size=8), data=st.data())
def test_every_file_is_in_one_recording_whatever_the_order(
    files: list[ChapterFile], picks: list[bool], data: st.DataObject
) -> None:
    taken = {found.digest for found, is_taken in zip(files, picks, strict=False) if is_taken}
    found = assemble(files, taken=taken)
    placed = [chapter.digest for assembly in found for chapter in assembly.chapters]
    assert sorted(digest.hex for digest in placed) == sorted(one.digest.hex for one in files if one.digest not in taken)
    assert all(len(assembly.joins) == len(assembly.chapters) - 1 for assembly in found)
    assert all(assembly.because for assembly in found)
    assert assemble(data.draw(st.permutations(files)), taken=taken) == found
