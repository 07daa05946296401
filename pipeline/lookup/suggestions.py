"""What is suggested about each recording, by everybody who suggests anything?

The one place where hints are gathered. A new source of them is one line here: a function that gives hints on the
timelines of recordings.
"""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from pipeline.domain.agreement.decided import decide
from pipeline.domain.alignment import Chains
from pipeline.domain.hint import Hint, HintSource
from pipeline.domain.ids import ClipId, ExerciseId, RecordingId
from pipeline.domain.label_mapping import LabelMapping
from pipeline.domain.labels import Taxonomy
from pipeline.domain.projection import Witnessed, project_event, witnessed
from pipeline.domain.sound_hint import HintKind
from pipeline.errors import InvalidLabelsError
from pipeline.records import Database, Session, alignments, annotations, bookmarks, clips, drawings, sound_hints
from pipeline.records.annotations import Answer

CARRIED_SCORE = Fraction(3, 4)
"""A person said it, in words that meant a little else."""

_HEARD_AS = {HintKind.IMPULSE: HintSource.IMPULSE, HintKind.SPEECH: HintSource.SPEECH}

Hints = dict[RecordingId, list[Hint]]


def hints_of_recordings(db: Database, *, taxonomy: Taxonomy, mappings: Iterable[LabelMapping]) -> Hints:
    """Every hint about every recording, as far as the words of a taxonomy can take it up. Changes nothing."""
    with db.begin() as session:
        sources = [
            bookmarks.bookmarks(session),
            _heard(session),
            _seen_by_others(session, taxonomy),
            *(_answered_before(session, mapping) for mapping in mappings if _asks_again(mapping, taxonomy)),
        ]
    gathered: Hints = defaultdict(list)
    for source in sources:
        for recording_id, hints in source.items():
            gathered[recording_id] += hints
    return dict(gathered)


def _heard(session: Session) -> Hints:
    """What the newest detector of each kind heard."""
    found: Hints = defaultdict(list)
    for recording_id, counts in sound_hints.counts_by_recording(session).items():
        for listening in sound_hints.listenings_of(session, recording_id) if any(counts.values()) else ():
            source = _HEARD_AS[listening.detector.kind]
            found[recording_id] += [Hint(source, hint.span, Fraction(hint.score)) for hint in listening.hints]
    return found


def _seen_by_others(session: Session, taxonomy: Taxonomy) -> Hints:
    """What labels on one camera suggest about the others of its exercise, by the newest alignment of each."""
    exercises = clips.origins(session)
    by_exercise: dict[ExerciseId, list[Witnessed]] = defaultdict(list)
    for event in _witnessed(session, taxonomy):
        exercise_id, _ = exercises[event.recording_id]
        by_exercise[exercise_id].append(event)
    found: Hints = defaultdict(list)
    for exercise_id, events in by_exercise.items():
        alignment = alignments.newest_alignment(session, exercise_id)
        if alignment is None:
            continue
        timeline, chains = alignment.timeline, Chains(alignment.timeline)
        others = sorted({one.key.recording_id for one in timeline.placements})
        for event in events:
            for onto in others:
                if onto != event.recording_id:
                    hint = project_event(event, timeline, onto=onto, taxonomy=taxonomy, chains=chains)
                    if isinstance(hint, Hint):
                        found[onto].append(hint)
    return found


def _witnessed(session: Session, taxonomy: Taxonomy) -> list[Witnessed]:
    given: dict[ClipId, list[Answer]] = defaultdict(list)
    for answer in annotations.current_answers(session, taxonomy.digest):
        if answer.labels is not None:
            given[answer.clip_id].append(answer)
    decided = annotations.adjudicated(session, taxonomy.digest)
    drawn = drawings.all_drawings(session, taxonomy.digest)
    shown = clips.shown_clips(session, [*{*given, *decided}])
    found = []
    for clip_id, part in sorted(shown.items()):
        answers = given.get(clip_id, [])
        decision = decided.get(clip_id)
        said = [answer.labels for answer in answers if answer.labels is not None]
        found += witnessed(
            decide(said, decision.labels if decision else None, taxonomy=taxonomy),
            answered=len(said),
            drawn=[one for answer in answers for one in drawn.get((answer.desk, clip_id), ())],
            recording_id=part.clip.recording_id,
            clip=part.clip.span,
        )
    return found


def _asks_again(mapping: LabelMapping, taxonomy: Taxonomy) -> bool:
    """Whether old answers are only a help for new ones; where they say all that is asked, `carry_labels` takes them."""
    return mapping.target.digest == taxonomy.digest and not mapping.complete


def _answered_before(session: Session, mapping: LabelMapping) -> Hints:
    answers = [answer for answer in annotations.current_answers(session, mapping.source.digest) if answer.labels]
    shown = clips.shown_clips(session, [answer.clip_id for answer in answers])
    found: Hints = defaultdict(list)
    for answer in answers:
        part = shown.get(answer.clip_id)
        if part is None or answer.labels is None:
            continue
        try:
            labels = mapping.carry_events(answer.labels, frame_s=1 / part.frame_rate)
        except InvalidLabelsError:
            continue  # it holds a word that the old taxonomy never had, and is refused where it is carried
        found[part.clip.recording_id] += [
            Hint(HintSource.CARRIED, event.span.shifted(part.clip.span.start_s), CARRIED_SCORE, event=event.kind)
            for event in labels
        ]
    return found
