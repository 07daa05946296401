"""How do the recordings of one exercise lie in time, to one another and on one common timeline?

* `pairs`: which recordings are worth comparing by sound, and within which lags;
* `hearing`: what a comparison shows, accepted or refused;
* `solving`: one offset and drift for each recording out of all pairs;
* `placing`: the timeline, by sound where that joins, else by clocks, else refused;
* `placement`: the values, and `project`: which moment of another recording is this one?
"""

from pipeline.domain.alignment.hearing import Candidate, Heard, Hearing, NotHeard, WindowLag, judge_hearing
from pipeline.domain.alignment.pairs import PairToHear, Stretch, StretchClock, pairs_to_hear
from pipeline.domain.alignment.placement import (
    Alignment,
    AlignmentId,
    Method,
    NotProjected,
    Pair,
    Placement,
    Projection,
    StretchKey,
    Timeline,
    Unplaced,
    project,
    project_span,
)
from pipeline.domain.alignment.placing import lay_out

__all__ = [
    "Alignment",
    "AlignmentId",
    "Candidate",
    "Heard",
    "Hearing",
    "Method",
    "NotHeard",
    "NotProjected",
    "Pair",
    "PairToHear",
    "Placement",
    "Projection",
    "Stretch",
    "StretchClock",
    "StretchKey",
    "Timeline",
    "Unplaced",
    "WindowLag",
    "judge_hearing",
    "lay_out",
    "pairs_to_hear",
    "project",
    "project_span",
]
