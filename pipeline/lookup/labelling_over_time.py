"""How did agreement go, week by week, on each label and question, for all and for each annotator?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations

from pipeline.domain.agreement.choices import alpha, answers_to
from pipeline.domain.agreement.events import EventAgreement, agree_on_events, pooled
from pipeline.domain.agreement.matching import Closeness
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import ClipLabels, Taxonomy
from pipeline.lookup.labelling_lines import OverTimeLine
from pipeline.records.annotations import Answer

Weeks = dict[date, list[Mapping[str, ClipLabels]]]
"""What people say of each clip, by the week in which the last of them said it."""


def over_time(answers: Sequence[Answer], *, taxonomy: Taxonomy, closeness: Closeness) -> tuple[OverTimeLine, ...]:
    """Every week's figures, first for all, then for each annotator; what nobody marked or answered is left out.

    A clip belongs to the week in which its last answer was given: before that there was nothing to agree with.
    """
    weeks = _weeks(answers)
    everybody = sorted({annotator for said in weeks.values() for one in said for annotator in one})
    return tuple(
        line
        for week in sorted(weeks)
        for annotator in (None, *everybody)
        for line in _lines(week, annotator, weeks[week], taxonomy, closeness)
    )


def _weeks(answers: Sequence[Answer]) -> Weeks:
    said: dict[ClipId, dict[str, ClipLabels]] = defaultdict(dict)
    last: dict[ClipId, date] = {}
    for answer in answers:
        if answer.labels is not None:
            said[answer.clip_id][answer.annotator] = answer.labels
            day = answer.answered_at.date()
            last[answer.clip_id] = max(last.get(answer.clip_id, day), day)
    weeks: Weeks = defaultdict(list)
    for clip_id, one in said.items():
        if len(one) > 1:
            weeks[last[clip_id] - timedelta(days=last[clip_id].weekday())].append(one)
    return dict(weeks)


def _lines(
    week: date,
    annotator: str | None,
    said: Sequence[Mapping[str, ClipLabels]],
    taxonomy: Taxonomy,
    closeness: Closeness,
) -> Iterable[OverTimeLine]:
    theirs = [one for one in said if annotator is None or annotator in one]
    pairs: list[tuple[EventAgreement, ...]] = [
        agree_on_events(one[first], one[second], taxonomy=taxonomy, closeness=closeness)
        for one in theirs
        for first, second in combinations(sorted(one), 2)
        if annotator is None or annotator in {first, second}
    ]
    for found in pooled(pairs):
        if found.f1 is not None:
            marked = 2 * found.both + found.first_only + found.second_only
            yield OverTimeLine(week, annotator, found.kind, "f1", round(float(found.f1), 3), marked)
    for question in taxonomy.questions:
        chance = alpha(answers_to(question.key, one.values()) for one in theirs)
        if chance.value is not None:
            value = round(float(chance.value), 3)
            yield OverTimeLine(week, annotator, question.key, "alpha", value, chance.answers)
