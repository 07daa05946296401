from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import taxonomies
from pipeline.domain.labels import ChoiceAnswer, ClipLabels, EventLabel
from pipeline.domain.timeline import Span
from pipeline.errors import InvalidLabelsError

TAXONOMY = taxonomies.load()
DURATION_S = Fraction(10)
ANSWERS = (
    ChoiceAnswer("threat_level", "active"),
    ChoiceAnswer("viewpoint", "officer"),
    ChoiceAnswer("visibility", "clear"),
    ChoiceAnswer("simulated_weapon", "handgun"),
)

seconds = st.fractions(min_value=0, max_value=600, max_denominator=90_000)
spans = st.tuples(seconds, seconds).filter(lambda ends: ends[0] != ends[1]).map(lambda ends: Span(min(ends), max(ends)))
events = st.lists(st.builds(EventLabel, st.sampled_from([kind.key for kind in TAXONOMY.events]), spans), max_size=8)


def an_event(kind: str = "shot_fired", start_s: int | Fraction = 1, end_s: int | Fraction = 2) -> EventLabel:
    return EventLabel(kind, Span(Fraction(start_s), Fraction(end_s)))


def test_labels_that_fit_are_given_back() -> None:
    labels = ClipLabels.of([an_event(), an_event("casualty", 0, 10)], ANSWERS)
    assert labels.misfits(TAXONOMY, DURATION_S) == ()
    assert labels.fitting(TAXONOMY, DURATION_S) is labels


def test_a_clip_in_which_nothing_happens_needs_no_events() -> None:
    assert ClipLabels.of([], ANSWERS).misfits(TAXONOMY, DURATION_S) == ()


def test_several_answers_are_taken_where_several_are_asked_for() -> None:
    both = [*ANSWERS, ChoiceAnswer("simulated_weapon", "long_gun")]
    assert ClipLabels.of([], both).misfits(TAXONOMY, DURATION_S) == ()


def test_every_reason_why_labels_do_not_fit_is_told() -> None:
    labels = ClipLabels.of(
        [an_event("explosion"), an_event(end_s=Fraction(1001, 100))],
        [
            ChoiceAnswer("threat_level", "active"),
            ChoiceAnswer("threat_level", "none"),
            ChoiceAnswer("viewpoint", "drone"),
            ChoiceAnswer("weather", "rain"),
            ChoiceAnswer("visibility", "clear"),
        ],
    )
    reasons = (
        "event at 1 s: 'explosion' is not in firearms-attack-1.1.0",
        "event 'shot_fired' ends at 1001/100 s, after the clip's end at 10 s",
        "answer 'drone' to viewpoint is not in firearms-attack-1.1.0",
        "question 'weather' is not in firearms-attack-1.1.0",
        "question threat_level has 2 answers and takes one",
        "question simulated_weapon has no answer",
    )
    assert labels.misfits(TAXONOMY, DURATION_S) == reasons
    with pytest.raises(InvalidLabelsError) as caught:
        labels.fitting(TAXONOMY, DURATION_S)
    assert str(caught.value) == "; ".join(reasons)


def test_an_event_may_end_with_the_clip_and_not_a_frame_later() -> None:
    last_frame = Fraction(1, 25)
    assert not ClipLabels.of([an_event(end_s=DURATION_S)], ANSWERS).misfits(TAXONOMY, DURATION_S)
    assert ClipLabels.of([an_event(end_s=DURATION_S + last_frame)], ANSWERS).misfits(TAXONOMY, DURATION_S)


@given(events)
def test_labels_are_the_same_in_whatever_order_and_how_often_they_are_said(said: list[EventLabel]) -> None:
    assert ClipLabels.of(said, ANSWERS) == ClipLabels.of([*reversed(said), *said], reversed(ANSWERS))


@given(events)
def test_labels_come_back_exactly_from_json(said: list[EventLabel]) -> None:
    labels = ClipLabels.of(said, ANSWERS)
    assert ClipLabels.from_json(labels.to_json()) == labels


@given(events, spans)
def test_labels_move_with_their_clip(said: list[EventLabel], clip_span: Span) -> None:
    labels = ClipLabels.of(said, ANSWERS)
    moved = labels.on_recording(clip_span)
    assert moved.choices == labels.choices
    assert [event.span.shifted(-clip_span.start_s) for event in moved.events] == [event.span for event in labels.events]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"events": [], "choices": [{"question": "q"}]},
        {"events": [{"kind": "reload", "start_s": "2/1", "end_s": "1/1"}], "choices": []},
        {"events": [{"kind": "reload", "start_s": "0/0", "end_s": "1/1"}], "choices": []},
        {"events": [{"kind": "reload", "start_s": "soon", "end_s": "1/1"}], "choices": []},
    ],
)
def test_what_is_not_labels_is_not_read_as_labels(content: dict[str, list[dict[str, str]]]) -> None:
    with pytest.raises(InvalidLabelsError, match="as they were recorded"):
        ClipLabels.from_json(content)
