"""What is suggested about each recording, by everybody who suggests anything?

The one place where hints are gathered. A new source of them is one line here: a function that gives hints on the
timelines of recordings.
"""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from pipeline.domain.hint import Hint, HintSource
from pipeline.domain.ids import RecordingId
from pipeline.domain.label_mapping import LabelMapping
from pipeline.domain.labels import Taxonomy
from pipeline.domain.sound_hint import HintKind
from pipeline.errors import InvalidLabelsError
from pipeline.records import Database, Session, annotations, bookmarks, clips, sound_hints

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
