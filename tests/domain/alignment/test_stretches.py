from datetime import timedelta
from fractions import Fraction

from pipeline.domain.alignment import stretches_of
from pipeline.domain.clock import CorrectedStart
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Chapter
from pipeline.domain.joining import Join
from tests.builders import NOON, a_recording, media_facts

START = CorrectedStart(NOON, Fraction(1), "gnss", "satellite time", ())
SOUND = Sha256.of(b"sound")


def chapter(frame: int, join: Join | None) -> Chapter:
    return Chapter(SOUND, media_facts(), frame, join)


def test_chapters_without_a_break_are_one_stretch() -> None:
    recording = a_recording(frame_rate=Fraction(30), duration_s=Fraction(90))
    whole = Join(Fraction(1, 100), Fraction(1, 30), 0, "nothing lacks")
    unknown = Join(None, Fraction(0), 0, "taken as contiguous")
    (found,) = stretches_of(recording, [chapter(0, None), chapter(900, whole), chapter(1800, unknown)], START, SOUND)
    assert (found.span.start_s, found.span.end_s, found.sound) == (0, 90, SOUND)
    assert (found.clock.start_at, found.clock.uncertainty_s) == (NOON, 1)


def test_after_a_break_begins_a_stretch_whose_clock_knows_of_the_gap() -> None:
    recording = a_recording(frame_rate=Fraction(30), duration_s=Fraction(90))
    gap = Join(Fraction(5, 2), Fraction(1, 30), 0, "a gap")
    missing = Join(None, Fraction(0), 1, "one is missing")
    found = stretches_of(recording, [chapter(0, None), chapter(900, gap), chapter(1800, missing)], START, None)
    assert [(one.span.start_s, one.span.end_s, one.key.ordinal) for one in found] == [
        (0, 30, 0),
        (30, 60, 1),
        (60, 90, 2),
    ]
    assert [one.gap_s for one in found] == [None, Fraction(5, 2), None]
    assert found[1].clock.start_at == NOON + timedelta(seconds=2.5)
    assert [one.clock.uncertainty_s for one in found] == [1, 1 + Fraction(1, 30), 3601 + Fraction(1, 30)]
