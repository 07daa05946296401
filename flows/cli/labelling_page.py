"""How labelling goes, as one page that needs nothing but a browser: no script, no font, no address is loaded.

Everything that comes from people is escaped by the template engine; pictures are inside the page.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from importlib.resources import files

import jinja2

from pipeline.domain.agreement.consensus import consensus
from pipeline.domain.agreement.matching import Closeness
from pipeline.domain.ids import ClipId
from pipeline.domain.labels import ClipLabels
from pipeline.domain.taxonomy import Taxonomy
from pipeline.domain.timeline import Span
from pipeline.lookup.disputes import Dispute
from pipeline.lookup.labelling_lines import DayLine, Labelling, OverTimeLine

POINT_PERCENT = 0.6
"""How wide a moment is drawn, of the clip's length: one that has no length could not be seen."""
PERCENT = 100
NOTHING = "-"
_MEASURES = {"f1": "F1", "alpha": "alpha"}


@dataclass(frozen=True, slots=True)
class Mark:
    """One event on a timeline."""

    colour: str
    left_percent: float
    width_percent: float
    row: int
    """Which line of the lane it lies on, from 0: marks that overlap lie on lines of their own."""
    words: str


@dataclass(frozen=True, slots=True)
class Lane:
    """What one person said of one clip, or what several agree on."""

    annotator: str
    marks: tuple[Mark, ...]
    choices: str

    @property
    def rows(self) -> int:
        """How many lines its marks take."""
        return max((mark.row for mark in self.marks), default=0) + 1


@dataclass(frozen=True, slots=True)
class Panel:
    """One disputed clip."""

    clip_id: str
    recording_id: str
    duration_s: float
    url: str
    reasons: tuple[str, ...]
    strip: str | None
    """The JPEG in Base64."""
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of answers."""

    words: str
    height_percent: float


@dataclass(frozen=True, slots=True)
class WeekRow:
    """How far people agreed on one label or question, week by week."""

    about: str
    measure: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WeekTable:
    """How far one person agreed with the others, or all with each other, week by week."""

    who: str
    weeks: tuple[str, ...]
    rows: tuple[WeekRow, ...]


def labelling_page(
    found: Labelling,
    disputes: Sequence[Dispute],
    strips: Mapping[ClipId, bytes],
    *,
    taxonomy: Taxonomy,
    written_at: datetime,
) -> str:
    """The page's HTML.

    Args:
        found: the figures.
        disputes: the disputed clips that are shown.
        strips: pictures of them; a clip without is shown without.
        taxonomy: names and colours of the labels.
        written_at: when the figures were taken.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(files("flows.cli").joinpath("labelling_page.html.j2").read_text("utf-8"))
    return template.render(
        found=found,
        written_at=f"{written_at:%Y-%m-%d %H:%M} UTC",
        kinds=taxonomy.events,
        names={kind.key: kind.name for kind in taxonomy.events}
        | {question.key: question.name for question in taxonomy.questions},
        bars=_bars(found.days),
        most=max((day.answers for day in found.days), default=0),
        tables=_over_time(found.over_time),
        panels=[_panel(dispute, strips.get(dispute.clip_id), taxonomy) for dispute in disputes],
        share=_share,
    )


def _over_time(lines: Sequence[OverTimeLine]) -> list[WeekTable]:
    """One table for all, then one for each annotator: a row for each label and question, a column for each week."""
    weeks = sorted({line.week for line in lines})
    tables = []
    for annotator in dict.fromkeys(line.annotator for line in lines):
        theirs = [line for line in lines if line.annotator == annotator]
        values = {(line.about, line.week): line for line in theirs}
        measures = dict.fromkeys((line.about, line.measure) for line in theirs)
        rows = tuple(
            WeekRow(about, _MEASURES[measure], tuple(_cell(values.get((about, week))) for week in weeks))
            for about, measure in measures
        )
        tables.append(WeekTable(annotator or "all annotators", tuple(f"{week:%d %b %Y}" for week in weeks), rows))
    return tables


def _cell(line: OverTimeLine | None) -> str:
    return NOTHING if line is None else f"{line.value:.2f} ({line.count})"


def _bars(days: Sequence[DayLine]) -> list[Bar]:
    most = max((day.answers for day in days), default=1)
    return [Bar(f"{day.day}: {day.answers} answers", PERCENT * day.answers / most) for day in days]


def _panel(dispute: Dispute, strip: bytes | None, taxonomy: Taxonomy) -> Panel:
    return Panel(
        clip_id=str(dispute.clip_id),
        recording_id=str(dispute.recording_id),
        duration_s=round(float(dispute.duration_s), 3),
        url=dispute.url,
        reasons=dispute.reasons,
        strip=b64encode(strip).decode() if strip else None,
        lanes=(
            *(_lane(who, labels, dispute.duration_s, taxonomy) for who, labels in dispute.said),
            _agreed(dispute, taxonomy),
        ),
    )


def _lane(annotator: str, labels: ClipLabels, duration_s: Fraction, taxonomy: Taxonomy) -> Lane:
    marks = [
        (event.kind, event.span, f"{float(event.span.start_s):.3f} to {float(event.span.end_s):.3f} s")
        for event in labels.events
    ]
    return Lane(annotator, _marks(marks, duration_s, taxonomy), _choices(labels, taxonomy))


def _agreed(dispute: Dispute, taxonomy: Taxonomy) -> Lane:
    """The events that more than one person marked, each where its middle mark lies."""
    marks = [
        (
            event.kind,
            Span(event.onset.median_s, event.offset.median_s),
            (
                f"begins {float(event.onset.earliest_s):.3f} to {float(event.onset.latest_s):.3f} s, "
                f"marked by {event.marked_by} of {event.asked}"
            ),
        )
        for event in consensus(dict(dispute.said), taxonomy=taxonomy, closeness=Closeness())
    ]
    return Lane("agreed", _marks(marks, dispute.duration_s, taxonomy), "")


def _choices(labels: ClipLabels, taxonomy: Taxonomy) -> str:
    told = []
    for question in taxonomy.questions:
        given = {choice.answer for choice in labels.choices if choice.question == question.key}
        names = [answer.name for answer in question.answers if answer.key in given]
        told.append(f"{question.name}: {', '.join(names) or NOTHING}")
    return "; ".join(told)


def _marks(events: Sequence[tuple[str, Span, str]], duration_s: Fraction, taxonomy: Taxonomy) -> tuple[Mark, ...]:
    """Each event on the first line on which it lies over nothing else."""
    kinds = {kind.key: kind for kind in taxonomy.events}
    ends_percent: list[float] = []
    marks = []
    for key, span, words in sorted(events, key=lambda event: event[1]):
        if key not in kinds:
            continue
        left_percent = round(float(PERCENT * span.start_s / duration_s), 3)
        width_percent = max(POINT_PERCENT, round(float(PERCENT * span.duration_s / duration_s), 3))
        row = next((at for at, end in enumerate(ends_percent) if end <= left_percent), len(ends_percent))
        ends_percent[row:] = [left_percent + width_percent, *ends_percent[row + 1 :]]
        marks.append(Mark(kinds[key].colour, left_percent, width_percent, row, f"{kinds[key].name}: {words}"))
    return tuple(marks)


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"
