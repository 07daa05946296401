from dataclasses import replace
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import taxonomies
from pipeline.domain.hint import (
    NOTHING_DRAWN,
    DrawnBefore,
    Hint,
    HintSource,
    PreAnnotation,
    compare,
    hints_within,
    pre_annotations,
    suggested,
)
from pipeline.domain.ids import RecordingId
from pipeline.domain.labels import ClipLabels, EventLabel
from pipeline.domain.timeline import Span

TAXONOMY = taxonomies.load()
NTSC = Fraction(30000, 1001)
CLIP = Span.of_frames(300, 600, NTSC)


def a_hint(start_frame: int = 330, end_frame: int = 340, **instead: object) -> Hint:
    whole = Hint(HintSource.IMPULSE, Span.of_frames(start_frame, end_frame, NTSC), Fraction(4, 5))
    return replace(whole, **instead)  # type: ignore[arg-type] # each is a field of it


def drawn(*hints: Hint, clip: Span = CLIP) -> DrawnBefore:
    return pre_annotations(hints, clip=clip, frame_rate=NTSC, taxonomy=TAXONOMY)


def events(found: DrawnBefore) -> list[tuple[str, tuple[int, int]]]:
    return [(one.event.kind, one.event.span.to_label_studio_range(NTSC)) for one in found.events]


def test_a_bang_is_drawn_as_a_shot_on_the_one_frame_in_which_it_begins() -> None:
    assert events(drawn(a_hint())) == [("shot_fired", (31, 31))]


def test_speech_is_drawn_as_long_as_it_is_heard_in_the_clip() -> None:
    speech = a_hint(590, 640, source=HintSource.SPEECH)
    assert events(drawn(speech)) == [("verbal_command", (291, 300))]
    assert events(drawn(speech, clip=Span.of_frames(600, 900, NTSC))) == [("verbal_command", (1, 40))]


def test_a_bang_that_began_before_the_clip_is_drawn_in_the_clip_before_alone() -> None:
    bang = a_hint(298, 305)
    assert events(drawn(bang)) == []
    assert events(drawn(bang, clip=Span.of_frames(0, 300, NTSC))) == [("shot_fired", (299, 299))]
    assert hints_within([bang], CLIP) == (bang,)


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        (a_hint(), "shot_fired"),
        (a_hint(source=HintSource.SPEECH), "verbal_command"),
        (a_hint(source=HintSource.BOOKMARK, word=" Shots Fired "), "shot_fired"),
        (a_hint(source=HintSource.BOOKMARK, word="Räume"), None),
        (a_hint(source=HintSource.BOOKMARK), None),
        (a_hint(source=HintSource.PROJECTION, event="reload"), "reload"),
        (a_hint(source=HintSource.CARRIED, event="explosion"), None),
    ],
)
def test_the_taxonomy_says_which_event_a_hint_suggests(hint: Hint, kind: str | None) -> None:
    assert suggested(hint, TAXONOMY) == kind


def test_the_same_from_two_sources_is_drawn_once_with_the_better_score() -> None:
    projected = a_hint(source=HintSource.PROJECTION, event="shot_fired", score=Fraction(9, 10))
    (one,) = drawn(a_hint(), projected, a_hint(score=Fraction(1, 10))).events
    assert (one.score, one.source) == (Fraction(9, 10), HintSource.PROJECTION)


def seen(camera: int, frame: int, score: str = "1/2") -> Hint:
    on = RecordingId(UUID(int=camera))
    return a_hint(frame, frame + 2, source=HintSource.PROJECTION, event="shot_fired", seen_on=on, score=Fraction(score))


@pytest.mark.parametrize(
    ("given_hints", "frames"),
    [
        # Two cameras, or a camera and a detector, within a quarter of a second: one shot, where the surer has it.
        ([seen(1, 330, "3/5"), seen(2, 334)], [31]),
        ([seen(1, 330), a_hint(334, score=Fraction(3, 5))], [35]),
        # Farther apart, or twice by one camera: two shots.
        ([seen(1, 330), seen(2, 338)], [31, 39]),
        ([seen(1, 330), seen(1, 334)], [31, 35]),
        ([seen(1, 330, "3/5"), seen(1, 334, "3/5"), seen(2, 331), seen(2, 335)], [31, 35]),
        # A button is pressed about then.
        ([seen(1, 330), a_hint(334, source=HintSource.BOOKMARK, word="shot fired", score=Fraction(1))], [31, 35]),
    ],
)
def test_what_two_witnesses_say_of_one_moment_is_drawn_once(given_hints: list[Hint], frames: list[int]) -> None:
    assert events(drawn(*given_hints)) == [("shot_fired", (frame, frame)) for frame in frames]
    assert drawn(*reversed(given_hints)) == drawn(*given_hints)


def test_spans_of_two_witnesses_are_one_when_they_share_half() -> None:
    speech = a_hint(330, 360, source=HintSource.SPEECH, score=Fraction(9, 10))
    near, far = (
        a_hint(at, at + 30, source=HintSource.PROJECTION, event="verbal_command", seen_on=RecordingId(UUID(int=1)))
        for at in (335, 345)
    )
    assert events(drawn(speech, near)) == [("verbal_command", (31, 60))]
    assert len(drawn(speech, far).events) == 2


def test_a_score_is_from_nothing_to_certainty() -> None:
    for score in (Fraction(-1, 10), Fraction(11, 10)):
        with pytest.raises(ValueError, match="expected a score from 0 to 1"):
            a_hint(score=score)


hints = st.builds(
    a_hint,
    st.integers(0, 899),
    st.just(900),
    source=st.sampled_from(HintSource),
    score=st.fractions(0, 1, max_denominator=100),
    word=st.sampled_from(["", "casualty", "else"]),
    event=st.sampled_from([None, "reload", "shot_fired"]),
)


@given(st.lists(hints, max_size=8))
def test_what_is_drawn_fits_the_clip_and_comes_back_from_json(given_hints: list[Hint]) -> None:
    found = drawn(*given_hints)
    labels = ClipLabels.of([one.event for one in found.events], [])
    assert [reason for reason in labels.misfits(TAXONOMY, CLIP.duration_s) if "event" in reason] == []
    assert len({one.event for one in found.events}) == len(found.events)
    assert DrawnBefore.from_json(found.to_json()) == found
    for one in found.events:
        assert (one.event.span.start_s * NTSC).denominator == (one.event.span.end_s * NTSC).denominator == 1
    assert found.surest == max((one.score for one in found.events), default=0)


def an_event(kind: str, start_frame: int) -> EventLabel:
    return EventLabel(kind, Span.of_frames(start_frame, start_frame + 1, NTSC))


def before(*found: EventLabel) -> DrawnBefore:
    return DrawnBefore(tuple(PreAnnotation(one, Fraction(1, 2), HintSource.IMPULSE) for one in found))


@pytest.mark.parametrize(
    ("answered", "counts", "is_unchanged"),
    [
        ([an_event("shot_fired", 3), an_event("reload", 9)], (2, 0, 0), True),
        ([an_event("shot_fired", 4), an_event("reload", 9)], (1, 1, 1), False),
        ([an_event("shot_fired", 3), an_event("reload", 9), an_event("casualty", 1)], (2, 0, 1), False),
        ([an_event("shot_fired", 3)], (1, 1, 0), False),
        ([], (0, 2, 0), False),
    ],
)
def test_what_an_answer_made_of_what_was_drawn_is_seen(
    answered: list[EventLabel], counts: tuple[int, int, int], is_unchanged: bool
) -> None:
    found = compare(before(an_event("shot_fired", 3), an_event("reload", 9)), ClipLabels.of(answered, []))
    assert (found.kept, found.dropped, found.drawn) == counts
    assert found.is_unchanged == is_unchanged


def test_where_nothing_was_drawn_nothing_can_be_accepted_unread() -> None:
    assert not compare(NOTHING_DRAWN, ClipLabels.of([], [])).is_unchanged
