"""How do the recordings of one exercise lie in time, to one another and on one common timeline?

* `stretches`: the parts of recordings that are placed, each without a break;
* `pairs`: which recordings are worth comparing by sound, and within which lags;
* `hearing`: what a comparison shows, accepted or refused;
* `solving`: one offset and drift for each recording out of all pairs;
* `placing`: the timeline, by sound where that joins, else by clocks, else refused;
* `placement`: the values, and `project`: which moment of another recording is this one?
"""

from pipeline.domain.alignment.hearing import Candidate, Heard, Hearing, NotHeard, WindowLag, judge_hearing
from pipeline.domain.alignment.pairs import PairToHear, pairs_to_hear
from pipeline.domain.alignment.placement import (
    Alignment,
    AlignmentId,
    Chains,
    Method,
    NotProjected,
    Pair,
    Placement,
    Projection,
    Timeline,
    Unplaced,
    project,
    project_span,
)
from pipeline.domain.alignment.placing import lay_out, method_of
from pipeline.domain.alignment.stretches import Stretch, StretchClock, StretchKey, stretches_of

__all__ = [
    "Alignment",
    "AlignmentId",
    "Candidate",
    "Chains",
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
    "method_of",
    "pairs_to_hear",
    "project",
    "project_span",
    "stretches_of",
]
