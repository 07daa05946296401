from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain import taxonomies
from pipeline.domain.agreement.decided import Decided, decide
from pipeline.domain.alignment import NotProjected, Timeline, lay_out
from pipeline.domain.hint import DrawnBefore, Hint, HintSource, PreAnnotation
from pipeline.domain.ids import RecordingId
from pipeline.domain.labels import ClipLabels, EventLabel
from pipeline.domain.projection import ONE_PERSON, UNCERTAINTY_MAX_S, Witnessed, project_event, witnessed
from pipeline.domain.timeline import Span
from tests.domain.alignment.scenes import Camera, a_pair, a_stretch, key

TAXONOMY = taxonomies.load()
CAMERAS = {1: Camera(Fraction(0), Fraction(0)), 2: Camera(Fraction(3217, 1000), Fraction(40))}
HERE, THERE = key(1).recording_id, key(2).recording_id
CLIP = Span(Fraction(20), Fraction(30))
FRAME_S = Fraction(1, 30)
SHOT = EventLabel("shot_fired", Span(Fraction(5), 5 + FRAME_S))
RELOAD = EventLabel("reload", Span(Fraction(2), Fraction(4)))


def heard(*, cameras: dict[int, Camera] = CAMERAS, **instead: object) -> Timeline:
    return lay_out([a_stretch(number) for number in cameras], [a_pair(1, 2, cameras, **instead)])  # type: ignore[arg-type] # each is one of its


def an_event(label: EventLabel = SHOT, at: Fraction = CLIP.start_s, belief: Fraction = Fraction(1)) -> Witnessed:
    return Witnessed(HERE, label.kind, label.span.shifted(at), belief)


def onto(event: Witnessed, timeline: Timeline, other: RecordingId = THERE) -> Hint | NotProjected:
    return project_event(event, timeline, onto=other, taxonomy=TAXONOMY)


def said(*events: EventLabel) -> ClipLabels:
    return ClipLabels.of(events, [])


def told(
    decided: Decided, *, answered: int, drawn: tuple[EventLabel, ...] = (), source: str = "projection"
) -> list[Witnessed]:
    before = DrawnBefore(tuple(PreAnnotation(one, Fraction(1, 2), HintSource(source)) for one in drawn))
    return witnessed(decided, answered=answered, drawn=[before], recording_id=HERE, clip=CLIP)


def test_an_event_lies_where_the_other_camera_heard_it_and_says_who_saw_it() -> None:
    found = onto(an_event(RELOAD), heard())
    assert isinstance(found, Hint)
    assert (found.source, found.event, found.seen_on) == (HintSource.PROJECTION, "reload", HERE)
    assert abs(found.span.start_s - CAMERAS[2].moment(Fraction(22))) < Fraction(1, 10_000)
    assert abs(found.span.duration_s - 2) < Fraction(1, 1000)


def test_of_a_point_the_middle_of_its_frame_is_projected() -> None:
    found = onto(an_event(), heard())
    assert isinstance(found, Hint)
    assert abs(found.span.start_s - CAMERAS[2].moment(25 + FRAME_S / 2)) < Fraction(1, 10_000)


def test_the_less_sure_the_alignment_the_lower_the_score_until_nothing_is_drawn() -> None:
    sure, vague = (onto(an_event(), heard(uncertainty_s=Fraction(ms, 1000))) for ms in (30, 100))
    assert isinstance(sure, Hint)
    assert isinstance(vague, Hint)
    assert (sure.score, vague.score) == (Fraction(17, 20), Fraction(1, 2))
    refused = onto(an_event(), heard(uncertainty_s=Fraction(101, 1000)))
    assert isinstance(refused, NotProjected)
    assert refused.reason.endswith("is sure only to 0.101 s, expected 0.100 s at most")


def test_what_only_clocks_join_is_told_and_not_drawn() -> None:
    alone = lay_out([a_stretch(1), a_stretch(2)], [])
    refused = onto(an_event(), alone)
    assert isinstance(refused, NotProjected)
    assert refused.reason == f"only clocks join recording {THERE} to {HERE}"


def test_what_the_other_did_not_film_is_told() -> None:
    refused = onto(an_event(at=Fraction(0), label=EventLabel("shot_fired", Span(Fraction(1), Fraction(2)))), heard())
    assert isinstance(refused, NotProjected)
    assert "shows nothing of" in refused.reason


@settings(max_examples=40)
@given(st.fractions(min_value=4, max_value=59, max_denominator=1001), st.fractions(0, 1, max_denominator=9))
def test_a_score_never_exceeds_what_people_are_believed(start_s: Fraction, belief: Fraction) -> None:
    event = replace(an_event(belief=belief), span=Span(start_s, start_s + FRAME_S))
    found = onto(event, heard())
    assert isinstance(found, Hint)
    assert belief / 2 <= found.score <= belief
    assert Fraction(1, 10) == UNCERTAINTY_MAX_S


@pytest.mark.parametrize(
    ("answers", "decision", "belief"),
    [
        ([said(SHOT)], None, ONE_PERSON),
        ([said(SHOT), said(SHOT)], None, Fraction(1)),
        ([said(SHOT), said(SHOT), said()], None, Fraction(2, 3)),
        ([said(), said()], said(SHOT), Fraction(1)),
        ([said(SHOT), said()], None, None),
        ([said(SHOT)], said(), None),
    ],
)
def test_what_counts_for_a_clip_is_believed_as_far_as_people_agree(
    answers: list[ClipLabels], decision: ClipLabels | None, belief: Fraction | None
) -> None:
    found = told(decide(answers, decision, taxonomy=TAXONOMY), answered=len(answers))
    assert found == ([] if belief is None else [an_event(belief=belief)])


def test_what_another_camera_suggested_goes_no_further_when_it_was_left_as_it_was() -> None:
    decided = decide([said(SHOT, RELOAD)], None, taxonomy=TAXONOMY)
    assert [one.kind for one in told(decided, answered=1, drawn=(SHOT,))] == ["reload"]
    moved = EventLabel("shot_fired", SHOT.span.shifted(FRAME_S))
    assert len(told(decided, answered=1, drawn=(moved,))) == 2
    assert len(told(decided, answered=1, drawn=(SHOT,), source="impulse")) == 2
