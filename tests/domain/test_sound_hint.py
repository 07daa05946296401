"""A hint is cut to the clip that it belongs to, and a detector is named by all that decides what it finds."""

from dataclasses import fields, replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.sound_hint import HintKind, Judged, SoundHint, told
from pipeline.domain.timeline import Span
from tests.sounds import a_detector, a_hint

MOMENTS = st.fractions(0, 60, max_denominator=16_000)
SPANS = st.tuples(MOMENTS, MOMENTS).filter(lambda ends: ends[0] != ends[1]).map(lambda ends: Span(*sorted(ends)))
HINTS = st.builds(SoundHint, SPANS, st.sampled_from(HintKind), st.floats(0, 1))


@given(hint=HINTS, edges=st.sets(MOMENTS, min_size=1, max_size=5))
def test_clips_that_tile_a_recording_share_out_its_hints(hint: SoundHint, edges: set[Fraction]) -> None:
    cuts = sorted({Fraction(0), Fraction(61), *edges})
    clips = [Span(start, end) for start, end in pairwise(cuts)]
    parts = [part for clip in clips if (part := hint.within(clip)) is not None]
    assert all(part.kind is hint.kind and part.score == hint.score for part in parts)
    assert parts[0].span.start_s == hint.span.start_s
    if hint.kind is HintKind.IMPULSE:
        assert len(parts) == 1
    else:
        assert sum(part.span.duration_s for part in parts) == hint.span.duration_s


def test_a_bang_belongs_to_the_clip_in_which_it_begins() -> None:
    hint = a_hint(HintKind.IMPULSE, "9.9", "10.1", 0.5)
    assert hint.within(Span(Fraction(0), Fraction(10))) == a_hint(HintKind.IMPULSE, "9.9", "10", 0.5)
    assert hint.within(Span(Fraction(10), Fraction(20))) is None


@pytest.mark.parametrize("score", [-0.01, 1.01, float("nan")])
def test_a_score_outside_of_0_to_1_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="score"):
        a_hint(HintKind.SPEECH, "0", "1", score)


def test_whatever_changes_in_a_detector_gives_it_another_name() -> None:
    plain = a_detector()
    others = [replace(plain, **{field.name: "other"}) for field in fields(plain) if field.name != "kind"]
    others.append(a_detector(HintKind.SPEECH))
    assert len({one.digest for one in (plain, *others)}) == len(others) + 1
    assert a_detector().digest == plain.digest


def test_what_became_of_everything_noticed_is_told_and_counted() -> None:
    hint = Judged(a_hint(HintKind.IMPULSE, "1", "2", 1), "loud")
    assert told([]) == "0 of 0 noticed"
    assert told([hint, Judged(None, "dull"), hint, Judged(None, "dull")]) == "2 of 4 noticed; 2 dull"
