"""Labels that people might give to a clip, for tests of agreement."""

from fractions import Fraction

from hypothesis import strategies as st

from pipeline.domain import taxonomies
from pipeline.domain.labels import ChoiceAnswer, ClipLabels, EventLabel
from pipeline.domain.timeline import Span

TAXONOMY = taxonomies.load()

_seconds = st.integers(min_value=0, max_value=100).map(lambda tenths: Fraction(tenths, 10))
"""Coarse, so that marks coincide and tie."""
spans = (
    st.tuples(_seconds, _seconds).filter(lambda ends: ends[0] != ends[1]).map(lambda ends: Span(min(ends), max(ends)))
)
span_lists = st.lists(spans, max_size=6, unique=True)
people = st.dictionaries(
    st.sampled_from(["annotator-a", "annotator-b", "annotator-c"]),
    st.lists(st.builds(EventLabel, st.sampled_from(["shot_fired", "casualty"]), spans), max_size=6).map(
        lambda events: ClipLabels.of(events, ())
    ),
)


def span(start_s: str, end_s: str) -> Span:
    return Span(Fraction(start_s), Fraction(end_s))


def said(
    *events: tuple[str, str, str], threat: str = "active", simulated_weapon: tuple[str, ...] = ("handgun",)
) -> ClipLabels:
    """What somebody said: events as (kind, start, end) in seconds, and an answer to every required question."""
    return ClipLabels.of(
        [EventLabel(kind, span(start_s, end_s)) for kind, start_s, end_s in events],
        [
            ChoiceAnswer("threat_level", threat),
            ChoiceAnswer("viewpoint", "officer"),
            ChoiceAnswer("visibility", "clear"),
            *(ChoiceAnswer("simulated_weapon", answer) for answer in simulated_weapon),
        ],
    )
