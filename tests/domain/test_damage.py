"""A damaged span holds every frame that may be wrong, and no lost frame is ever outside one."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.damage import Damage, DecodedFrames, judge_damage
from pipeline.domain.timeline import Span

RATE = Fraction(30000, 1001)


def judge(lost: set[int], *, frames: int = 100, entries: tuple[int, ...] = (0, 50), ends_early: bool = False) -> Damage:
    expected = frozenset(range(frames))
    survey = DecodedFrames(expected, expected - lost, ends_early)
    return judge_damage(survey, cause="an error", frame_count=frames, frame_rate=RATE, entries=entries)


def test_a_lost_frame_spoils_what_follows_up_to_the_next_clean_keyframe() -> None:
    damage = judge({30})
    assert damage.spans == (Span.of_frames(14, 50, RATE),)
    assert damage.summary == "1 of 100 frames lost, 1.201 s damaged"
    assert not damage.touches(Span.of_frames(0, 14, RATE))
    assert damage.touches(Span.of_frames(0, 15, RATE))
    assert not damage.touches(Span.of_frames(50, 100, RATE))


def test_where_a_file_merely_ends_early_what_is_there_is_good() -> None:
    damage = judge(set(), ends_early=True)
    assert (damage.spans, damage.frames_lost) == ((), 0)
    assert "ends before its index says" in damage.reason


def test_damage_that_nobody_can_place_is_everywhere() -> None:
    assert judge(set()).spans == (Span.of_frames(0, 100, RATE),)


def test_damage_of_the_sound_leaves_the_picture_whole() -> None:
    frames, lost = frozenset(range(100)), (Span(Fraction(1), Fraction(3, 2)),)
    damage = judge_damage(
        DecodedFrames(frames, frames, ends_early=False, lost_sound=lost),
        cause="an error",
        frame_count=100,
        frame_rate=RATE,
        entries=(0, 50),
    )
    assert (damage.spans, damage.sound_spans) == ((), lost)
    assert damage.summary == "the picture is whole, 0.500 s of the sound lost"
    assert damage.part_within(Span(Fraction(0), Fraction(1))) is None
    assert damage.part_within(Span(Fraction(0), Fraction(2))) == "sound"
    both = judge_damage(
        DecodedFrames(frames, frames - {30}, ends_early=False, lost_sound=lost),
        cause="an error",
        frame_count=100,
        frame_rate=RATE,
        entries=(0, 50),
    )
    assert both.summary == "1 of 100 frames lost, 1.201 s damaged, 0.500 s of the sound lost"
    assert both.part_within(Span(Fraction(1), Fraction(2))) == "picture and sound"


@given(
    frames=st.integers(1, 300),
    lost=st.sets(st.integers(0, 299), max_size=20),
    entries=st.sets(st.integers(0, 299), max_size=10),
    ends_early=st.booleans(),
)
def test_every_lost_frame_is_in_a_span_and_spans_are_in_order_apart_and_inside(
    frames: int, lost: set[int], entries: set[int], ends_early: bool
) -> None:
    gone = {frame for frame in lost if frame < frames}
    clean = tuple(sorted(entry for entry in entries if entry < frames))
    damage = judge(gone, frames=frames, entries=clean, ends_early=ends_early)
    assert damage.frames_lost == len(gone)
    for frame in gone:
        assert damage.touches(Span.of_frames(frame, frame + 1, RATE))
    edges_s = [edge_s for span in damage.spans for edge_s in (span.start_s, span.end_s)]
    assert edges_s == sorted(set(edges_s))
    assert all(0 <= edge_s <= frames / RATE for edge_s in edges_s)
    if gone:
        for span in damage.spans:
            end = span.end_s * RATE
            assert end == frames or end in clean
