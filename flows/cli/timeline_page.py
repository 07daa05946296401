"""The timeline of an exercise as one page that needs nothing but a browser: no script, no font, no address is loaded.

A bar for each recording, with its uncertainty at both ends; what clocks alone placed is hatched. Everything that comes
from people is escaped by the template engine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files

import jinja2

from pipeline.lookup.timelines import PlacedLine, TimelineLine

LEFT_PX, WIDTH_PX, ROW_PX, TOP_PX = 190, 860, 34, 34
TICKS_MAX = 10
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_MINUTE_S, _HOUR_S = 60, 3600


@dataclass(frozen=True, slots=True)
class Bar:
    """One recording, in pixels."""

    line: PlacedLine
    label: str
    top_px: int
    left_px: float
    width_px: float
    doubt_left_px: float
    """The uncertainty around both ends, cut where the picture ends."""
    doubt_width_px: float
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """One moment of the scale."""

    left_px: float
    words: str


def timeline_page(found: TimelineLine) -> str:
    """The page's HTML."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(files("flows.cli").joinpath("timeline_page.html.j2").read_text("utf-8"))
    placed = [line for line in found.recordings if line.start_s is not None and line.end_s is not None]
    first_s = min((float(line.start_s or 0) for line in placed), default=0.0)
    last_s = max((float(line.end_s or 0) for line in placed), default=1.0)
    scale = WIDTH_PX / max(last_s - first_s, 1e-3)

    def at_px(moment_s: float) -> float:
        return round(LEFT_PX + (moment_s - first_s) * scale, 2)

    return template.render(
        found=found,
        bars=[_bar(line, row, at_px, scale) for row, line in enumerate(placed)],
        ticks=_ticks(first_s, last_s, at_px),
        others=[line for line in found.recordings if line.start_s is None],
        cameras={line.recording_id: line.camera_serial for line in found.recordings},
        left_px=LEFT_PX,
        right_px=LEFT_PX + WIDTH_PX,
        row_px=ROW_PX,
        height_px=TOP_PX + ROW_PX * len(placed) + 8,
        seconds=_seconds,
        number=_number,
    )


def _bar(line: PlacedLine, row: int, at_px: Callable[[float], float], scale: float) -> Bar:
    start_s, end_s, doubt_s = (float(value or 0) for value in (line.start_s, line.end_s, line.uncertainty_s))
    doubt_left = max(at_px(start_s - doubt_s), float(LEFT_PX))
    doubt_right = min(at_px(end_s + doubt_s), float(LEFT_PX + WIDTH_PX))
    return Bar(
        line=line,
        label=line.camera_serial if line.part == 0 else f"{line.camera_serial}, part {line.part + 1}",
        top_px=TOP_PX + row * ROW_PX,
        left_px=at_px(start_s),
        width_px=max(round((end_s - start_s) * scale, 2), 2.0),
        doubt_left_px=round(doubt_left, 2),
        doubt_width_px=round(max(doubt_right - doubt_left, 0.0), 2),
        words=f"{start_s:.3f} to {end_s:.3f} s, give or take {_seconds(line.uncertainty_s)}: {line.because}",
    )


def _ticks(first_s: float, last_s: float, at_px: Callable[[float], float]) -> list[Tick]:
    step_s = next((step for step in _STEPS_S if (last_s - first_s) / step <= TICKS_MAX), _STEPS_S[-1])
    begin = int(-(-first_s // step_s))
    return [Tick(at_px(at * step_s), _clock(at * step_s)) for at in range(begin, int(last_s // step_s) + 1)]


def _clock(seconds: int) -> str:
    """Minutes and seconds, and hours where there are any."""
    sign, left = ("-" if seconds < 0 else ""), abs(seconds)
    hours, minutes, rest = left // _HOUR_S, left // _MINUTE_S % _MINUTE_S, left % _MINUTE_S
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes}:{rest:02}"


def _seconds(value: Fraction | None) -> str:
    if value is None:
        return "-"
    if value >= _HOUR_S:
        return f"{float(value) / _HOUR_S:.0f} h"
    return f"{float(value):.3f} s" if value < _MINUTE_S else f"{float(value):.0f} s"


def _number(value: Fraction | None, digits: int) -> str:
    return "-" if value is None else f"{float(value):.{digits}f}"
