from fractions import Fraction

import pytest

from pipeline.domain.agreement.stamping import is_stamped
from pipeline.domain.hint import NOTHING_DRAWN, DrawnBefore, HintSource, PreAnnotation
from pipeline.domain.labels import ClipLabels
from tests.domain.agreement.marks import said

CLIP_S = Fraction(10)
SHOT, CASUALTY = ("shot_fired", "1", "1.1"), ("casualty", "2", "8")
DRAWN = DrawnBefore(
    tuple(PreAnnotation(event, Fraction(1, 2), HintSource.BOOKMARK) for event in said(SHOT, CASUALTY).events)
)


@pytest.mark.parametrize(
    ("answer", "lead_time_s", "stamped"),
    [
        (said(SHOT, CASUALTY), 4.0, True),
        (said(SHOT, CASUALTY), 12.0, False),
        (said(SHOT, CASUALTY), None, False),
        (said(SHOT, ("casualty", "2", "7")), 4.0, False),
        (said(SHOT), 4.0, False),
        (said(SHOT, CASUALTY, ("reload", "3", "4")), 4.0, False),
    ],
)
def test_exactly_what_was_drawn_and_faster_than_the_clip(
    answer: ClipLabels, lead_time_s: float | None, stamped: bool
) -> None:
    assert is_stamped(DRAWN, answer, lead_time_s=lead_time_s, clip_s=CLIP_S) is stamped


def test_where_nothing_was_drawn_nothing_is_stamped() -> None:
    assert not is_stamped(NOTHING_DRAWN, said(), lead_time_s=1.0, clip_s=CLIP_S)
