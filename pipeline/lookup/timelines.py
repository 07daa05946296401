"""How do the recordings of an exercise lie in time, and how was that found?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from pipeline.domain.alignment import Alignment, Heard, Pair, Placement, Unplaced
from pipeline.domain.footage import Recording
from pipeline.domain.ids import ExerciseId, RecordingId
from pipeline.errors import UsageError
from pipeline.lookup.naming import resolve
from pipeline.records import Database, Session, alignments, footage
from pipeline.records.began import began

REFUSED = "refused"
NOT_YET = "not aligned yet"


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """One recording on the common timeline; of one with a break in it, one part."""

    recording_id: UUID
    part: int
    """Counted from 0; most recordings have one."""
    camera_serial: str
    how: str
    """`reference`, `sound`, `clocks`, `refused`, or `not aligned yet`."""
    group: int | None
    """What is joined by sound has the same number; this and what follows is null for what is not placed."""
    start_s: Fraction | None
    end_s: Fraction | None
    starts_at: datetime | None
    """When it begins, by the surest clock of the whole timeline."""
    uncertainty_s: Fraction | None
    """Against the reference."""
    drift_ppm: Fraction | None
    confidence: Fraction | None
    """Of the surest pair: the share of windows that agree, times how clear their peaks are; null without sound."""
    clock_off_s: Fraction | None
    """How far its own clocks are off the timeline's."""
    because: str


@dataclass(frozen=True, slots=True)
class PairLine:
    """Two recordings whose sounds were compared."""

    first_id: UUID
    second_id: UUID
    lag_s: Fraction | None
    """Moment t of the second is moment t + lag of the first, where both begin to agree; null where nothing agrees."""
    drift_ppm: Fraction | None
    uncertainty_s: Fraction | None
    confidence: Fraction | None
    because: str


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """The common timeline of one exercise."""

    exercise_id: str
    alignment_id: UUID | None
    """Null before the exercise was aligned; so are the number, the detector and when."""
    number: int | None
    detector: str | None
    aligned_at: datetime | None
    zero_at: datetime | None
    """When second 0 of the timeline was, by the surest clock."""
    zero_uncertainty_s: Fraction | None
    recordings: tuple[PlacedLine, ...]
    pairs: tuple[PairLine, ...]


def exercise_named(db: Database, text: str) -> ExerciseId:
    """The exercise that a text names.

    Raises:
        UsageError: it names nothing, or something else.
    """
    named = resolve(db, text)
    if named.kind != "exercise":
        raise UsageError(f"expected an exercise, found {named.kind} {named.thing_id}")
    return ExerciseId(named.thing_id)


def timeline_of(db: Database, exercise_id: ExerciseId) -> TimelineLine:
    """The newest alignment of an exercise, and which recordings came after it."""
    with db.begin() as session:
        found = alignments.newest_alignment(session, exercise_id)
        recordings = {one.recording_id: one for one in footage.all_recordings(session, exercise_id)}
        placed = [] if found is None else _lines(session, found, recordings)
    known = {line.recording_id for line in placed}
    placed += [_not_yet(one) for one in recordings.values() if one.recording_id not in known]
    if found is None:
        return TimelineLine(exercise_id, None, None, None, None, None, None, tuple(placed), ())
    return TimelineLine(
        exercise_id=exercise_id,
        alignment_id=found.alignment_id,
        number=found.number,
        detector=found.detector,
        aligned_at=found.aligned_at,
        zero_at=found.timeline.zero_at,
        zero_uncertainty_s=found.timeline.zero_uncertainty_s,
        recordings=tuple(placed),
        pairs=tuple(_pair_line(pair) for pair in found.timeline.pairs),
    )


def placement_in_words(session: Session, recording: Recording) -> dict[str, str]:
    """Where a recording lies, for people; nothing before its exercise was aligned."""
    found = alignments.newest_alignment(session, recording.exercise_id)
    if found is None:
        return {}
    parts = [_told(one) for one in found.timeline.placements_of(recording.recording_id)]
    parts += [
        f"refused: {one.reason}" for one in found.timeline.unplaced if one.key.recording_id == recording.recording_id
    ]
    words = {"on_the_timeline": "; ".join(parts) or f"{NOT_YET}: firsthand align {recording.exercise_id}"}
    beside = [pair for pair in found.timeline.pairs if recording.recording_id in _ids(pair)]
    if beside:
        words["heard_with"] = "; ".join(_pair_told(pair, recording.recording_id) for pair in beside)
    return words


def _told(one: Placement) -> str:
    drift = f", drift {float(one.drift_ppm):+.1f} ppm" if one.drift_ppm else ""
    sure = "" if one.confidence is None else f", confidence {float(one.confidence):.2f}"
    return (
        f"{float(one.start_s):.3f} to {float(one.end_s):.3f} s, give or take {float(one.uncertainty_s):.3f} s"
        f"{drift}{sure}, by {one.method.value}: {one.reason}"
    )


def _pair_told(pair: Pair, recording_id: RecordingId) -> str:
    other = next(one for one in _ids(pair) if one != recording_id)
    return f"recording {other}: {_outcome(pair)}"


def _ids(pair: Pair) -> tuple[RecordingId, RecordingId]:
    return pair.first.recording_id, pair.second.recording_id


def _outcome(pair: Pair) -> str:
    if isinstance(pair.outcome, Heard):
        return f"{pair.outcome.agreeing} of {pair.outcome.windows} windows agree"
    return pair.outcome.reason


def _lines(session: Session, found: Alignment, recordings: dict[RecordingId, Recording]) -> list[PlacedLine]:
    lines = [_placed_line(session, one, found, recordings[one.key.recording_id]) for one in found.timeline.placements]
    return lines + [_refused_line(one, recordings[one.key.recording_id]) for one in found.timeline.unplaced]


def _placed_line(session: Session, one: Placement, found: Alignment, recording: Recording) -> PlacedLine:
    zero_at = found.timeline.zero_at
    starts_at = None if zero_at is None else zero_at + timedelta(microseconds=round(one.start_s * 1_000_000))
    clock_off_s = None
    if starts_at is not None and one.key.ordinal == 0:
        claimed_at = began(session, recording).start_at
        clock_off_s = Fraction(round((claimed_at - starts_at) / timedelta(microseconds=1)), 1_000_000)
    return PlacedLine(
        recording_id=recording.recording_id,
        part=one.key.ordinal,
        camera_serial=recording.camera_serial,
        how=one.method.value,
        group=one.group,
        start_s=one.start_s,
        end_s=one.end_s,
        starts_at=starts_at,
        uncertainty_s=one.uncertainty_s,
        drift_ppm=one.drift_ppm,
        confidence=one.confidence,
        clock_off_s=clock_off_s,
        because=one.reason,
    )


def _refused_line(one: Unplaced, recording: Recording) -> PlacedLine:
    return _unplaced_line(recording, one.key.ordinal, REFUSED, one.reason)


def _not_yet(recording: Recording) -> PlacedLine:
    because = f"firsthand align {recording.exercise_id} places what is cut, and neither refused nor another over again"
    return _unplaced_line(recording, 0, NOT_YET, because)


def _unplaced_line(recording: Recording, part: int, how: str, because: str) -> PlacedLine:
    return PlacedLine(
        recording_id=recording.recording_id,
        part=part,
        camera_serial=recording.camera_serial,
        how=how,
        group=None,
        start_s=None,
        end_s=None,
        starts_at=None,
        uncertainty_s=None,
        drift_ppm=None,
        confidence=None,
        clock_off_s=None,
        because=because,
    )


def _pair_line(pair: Pair) -> PairLine:
    heard = pair.outcome if isinstance(pair.outcome, Heard) else None
    return PairLine(
        first_id=pair.first.recording_id,
        second_id=pair.second.recording_id,
        lag_s=heard.lag_from_s if heard else None,
        drift_ppm=heard.drift_ppm.limit_denominator(1000) if heard else None,
        uncertainty_s=heard.uncertainty_s if heard else None,
        confidence=heard.confidence if heard else None,
        because=_outcome(pair),
    )
